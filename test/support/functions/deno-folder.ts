import { readdirSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Where npm put the Deno of this platform. The one in `node_modules/.bin` is a Node program that starts it, which takes as long
 * as Deno itself.
 */
export function denoFolder(): string {
  const platforms = new URL('../../../node_modules/@deno', import.meta.url).pathname;
  const [platform] = readdirSync(platforms);
  if (platform === undefined) throw new Error(`no Deno in ${platforms}: run npm ci`);
  return join(platforms, platform);
}

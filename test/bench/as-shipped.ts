import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../../images/bundle.ts';

/** How the program starts in its image: the command with Node's flags, and what the environment says to Node and to malloc. */
export interface Shipped {
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string>>;
}

/** Bundles the program as the image has it, and answers how the Dockerfile starts it, with the Node of this process. */
export async function bundleAsShipped(directory: string): Promise<Shipped> {
  const checkout = join(import.meta.dirname, '../..');
  const folder = join(directory, 'app');
  await bundle(checkout, folder);
  const dockerfile = readFileSync(join(checkout, 'Dockerfile'), 'utf8');
  const flags = [...dockerfile.matchAll(/"(--[^"]+)"/gu)].map(([, flag = '']) => flag);
  const env = [...dockerfile.matchAll(/\b(NODE_ENV|MALLOC_\w+)=(\S+)/gu)];
  if (flags.length === 0 || env.length === 0) {
    throw new Error('the Dockerfile names no flags of Node and no environment: mend this reader');
  }
  return {
    command: [process.execPath, ...flags, join(folder, 'main.js')],
    env: Object.fromEntries(env.map(([, name = '', value = '']) => [name, value])),
  };
}

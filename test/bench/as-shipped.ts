import { join } from 'node:path';
import { bundle } from '../../images/bundle.ts';

/** Bundles the program as the image has it, and answers the entry point. */
export async function bundleAsShipped(directory: string): Promise<string> {
  const folder = join(directory, 'app');
  await bundle(join(import.meta.dirname, '../..'), folder);
  return join(folder, 'main.js');
}

import { fileURLToPath } from 'node:url';

/** Path of a file of ours that an interpreter runs. They lie beside this module, or beside the bundle it is part of. */
export function bootstrapFile(name: 'function.mjs' | 'function.py'): string {
  return fileURLToPath(new URL(`./bootstrap/${name}`, import.meta.url));
}

/** URL of the module that functions import as `sluice`. */
export const sdkModule = new URL('./sdk/sluice.ts', import.meta.url).href;

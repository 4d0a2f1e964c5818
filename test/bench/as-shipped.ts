import { cpSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { stripTypeScriptTypes } from 'node:module';
import { dirname, join } from 'node:path';

const root = new URL('../..', import.meta.url).pathname;

/**
 * Writes the program as the image has it: plain JavaScript, so that no types are stripped while it starts. (The image has it
 * in one file besides.) Returns the entry point.
 */
export function writeAsShipped(directory: string): string {
  const sources = join(root, 'src');
  for (const file of readdirSync(sources, { recursive: true, encoding: 'utf8' })) {
    if (!file.endsWith('.ts')) continue;
    const target = join(directory, 'src', file.replace(/\.ts$/u, '.js'));
    mkdirSync(dirname(target), { recursive: true });
    const code = stripTypeScriptTypes(readFileSync(join(sources, file), 'utf8'));
    writeFileSync(target, code.replaceAll(/(from|import\()\s*'(\.[^']*)\.ts'/gu, "$1 '$2.js'"));
  }
  cpSync(join(root, 'package.json'), join(directory, 'package.json'));
  symlinkSync(join(root, 'node_modules'), join(directory, 'node_modules'));
  return join(directory, 'src/main.js');
}

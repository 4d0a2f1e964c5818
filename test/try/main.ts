import { readFile } from 'node:fs/promises';
import { tryObjects } from './try-objects.ts';

const [path] = process.argv.slice(2);
if (path === undefined) {
  process.stderr.write('usage: npm run try -- object.yaml\n');
  process.exitCode = 2;
} else {
  for await (const line of tryObjects(await readFile(path, 'utf8'))) {
    process.stdout.write(`${line}\n`);
  }
}

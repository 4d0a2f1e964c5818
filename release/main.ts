import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { packForKrew } from './krew.ts';
import { packForNpm } from './npm-package.ts';

/** `npm run package`: the npm package and the plugin of kubectl, in the folder `dist`. */

const checkout = join(import.meta.dirname, '..');
const output = join(checkout, 'dist');
rmSync(output, { recursive: true, force: true });
const npm = await packForNpm(checkout, output);
const { archive, manifest } = await packForKrew(checkout, output);
for (const file of [npm, archive, manifest]) process.stdout.write(`${file}\n`);

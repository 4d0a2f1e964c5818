import { chmodSync, copyFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { bundle } from '../images/bundle.ts';

/**
 * Makes the folder that both the npm package and the plugin of kubectl consist of: the bundled program, `sluice.cjs` that starts it, the runner
 * for `sluice task run`, and the licences of all that is inside. It needs Node and no package beside it.
 */
export async function makeCommandFolder(checkout: string, folder: string): Promise<void> {
  await bundle(checkout, folder);
  copyFileSync(join(checkout, 'release/sluice.cjs'), join(folder, 'sluice.cjs'));
  chmodSync(join(folder, 'sluice.cjs'), 0o755);
  copyFileSync(join(checkout, 'LICENSE'), join(folder, 'LICENSE'));
  cpSync(join(checkout, 'runner'), join(folder, 'runner'), {
    recursive: true,
    filter: (path) => !path.endsWith('.md'),
  });
}

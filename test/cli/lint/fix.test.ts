import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { sluice } from '../../support/cluster/command-line.ts';

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-fix-'));
});
afterEach(() => rm(folder, { recursive: true }));

const broken = `# the namespace
apiVersion: v1
kind: Namespace
metadata:
  name: shop # ours
  labels:
    team: "shop"   # stays
    sluice.keptn.sh/enabled: 'true' # copied from a cluster
  annotations: { sluice.keptn.sh/mode: 'Block' }
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart,   namespace: shop}
spec:
  template:
    metadata:
      annotations:
        # which version
        keptn.sh/verson: 1.0.0 # bumped by CI
        "keptn.sh/workload": cart
    spec: {containers: [{name: c, image: "cart:1"}]}
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { name: check, namespace: shop }
spec:
  timeout: .5m # half a minute
  container: { name: c, image: "check:1" }
`;
const mended = broken
  .replace("    sluice.keptn.sh/enabled: 'true' # copied from a cluster\n", '')
  .replace("'Block'", '"block"')
  .replace('keptn.sh/verson', 'keptn.sh/version')
  .replace('timeout: .5m', 'timeout: "30s"');

async function fixed(text: string, ...args: readonly string[]) {
  const file = join(folder, 'all.yaml');
  await writeFile(file, text);
  const said = await sluice(['lint', file, '--fix', ...args]);
  return { ...said, text: await readFile(file, 'utf8') };
}

describe('sluice lint --fix', () => {
  test('mends what can be meant in one way only, and leaves comments and layout alone', async () => {
    const { text, complaint, output, exitCode } = await fixed(broken);
    expect(text).toBe(mended);
    expect(complaint).toBe('4 changes made\n');
    expect(output).toContain('nothing found');
    expect(exitCode).toBe(0);
    expect((await fixed(mended)).complaint).toBe('0 changes made\n');
  });

  test('with --dry-run shows the changes, writes nothing, and ends with 1', async () => {
    const { text, output, complaint, exitCode } = await fixed(broken, '--dry-run');
    expect(text).toBe(broken);
    expect(complaint).toBe('4 changes would be made\n');
    expect(output).toContain(
      '@@ -7,4 +7,3 @@\n     team: "shop"   # stays\n-    sluice.keptn.sh/enabled: \'true\' # copied from a cluster',
    );
    expect(output).toContain(
      '-  timeout: .5m # half a minute\n+  timeout: "30s" # half a minute\n',
    );
    expect(exitCode).toBe(1);
    expect((await fixed(mended, '--dry-run')).exitCode).toBe(0);
  });

  test('leaves alone what a comment takes back, and what a configuration switches off', async () => {
    const kept = broken.replace(
      '# half a minute',
      '# sluice-lint: ignore duration-loose -- as the others have it',
    );
    expect((await fixed(kept)).text).toContain('timeout: .5m');
    expect((await fixed(broken, '--rule', 'duration-loose=off')).text).toContain('timeout: .5m');
  });

  test('renames no key beside the one that is meant, and empties no map', async () => {
    const both = broken.replace('# which version', 'keptn.sh/version: 2.0.0');
    expect((await fixed(both)).text).toContain('keptn.sh/verson');
    const alone = broken.replace('    team: "shop"   # stays\n', '');
    expect((await fixed(alone)).text).toContain('sluice.keptn.sh/enabled');
  });

  test('needs files', async () => {
    expect(await sluice(['lint', '--dry-run', folder])).toMatchObject({ exitCode: 2 });
  });
});

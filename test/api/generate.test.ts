import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { differences, writeAll } from '../../src/generate.ts';

const wanted = [
  { path: 'manifests/crds/a.yaml', content: 'a: 1\n' },
  { path: 'manifests/webhooks.yaml', content: 'b: 2\n' },
];

describe('generated files', () => {
  let top: string;

  beforeEach(async () => {
    top = await mkdtemp(join(tmpdir(), 'sluice-generate-'));
  });
  afterEach(() => rm(top, { recursive: true }));

  it('are missing before they are written, and in step afterwards', async () => {
    expect(await differences(top, wanted)).toEqual([
      'missing  manifests/crds/a.yaml',
      'missing  manifests/webhooks.yaml',
    ]);
    await writeAll(top, wanted);
    expect(await differences(top, wanted)).toEqual([]);
  });

  it('are named when they differ or do not belong, and put right by writing again', async () => {
    await writeAll(top, wanted);
    await writeFile(join(top, 'manifests/crds/a.yaml'), 'a: 2\n');
    await writeFile(join(top, 'manifests/crds/old.yaml'), '');
    await writeFile(join(top, 'manifests/by-hand.yaml'), '');
    expect(await differences(top, wanted)).toEqual([
      'differs  manifests/crds/a.yaml',
      'extra    manifests/crds/old.yaml',
    ]);
    await writeAll(top, wanted);
    expect(await differences(top, wanted)).toEqual([]);
  });
});

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildImages, type ImageArchive } from '../../images/build/build-images.ts';
import { whyNotBuilt } from '../../images/build/engine.ts';

const hindrance = whyNotBuilt();
if (hindrance !== undefined) process.stderr.write(`image builds are skipped: ${hindrance}\n`);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-images-'));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function build(name: string, fresh: boolean): Promise<ImageArchive> {
  const said: string[] = [];
  const output = join(folder, fresh ? 'fresh' : 'first');
  const names = [name];
  const built = await buildImages({ names, output, fresh, say: (line) => said.push(line) }).catch(
    (error: unknown) => {
      throw new Error(said.join('\n'), { cause: error });
    },
  );
  const [image] = built;
  if (image === undefined) throw new Error(`${name} was not built`);
  // A stand-in must not be mistaken for what is published.
  expect(said.join('\n').includes('Do not publish them')).toBe(image.fromStandIns);
  return image;
}

// What the rules say of size, user, shell, labels and licences is checked by the build, which fails when one is broken.
test.skipIf(hindrance !== undefined).each(['sluice', 'sluice-functions'])(
  '%s, built twice, is the same to the last byte, its bill of materials too',
  async (name) => {
    const first = await build(name, false);
    const fresh = await build(name, true);
    expect(fresh.digest).toBe(first.digest);
    expect(readFileSync(fresh.archive).equals(readFileSync(first.archive))).toBe(true);
    expect(readFileSync(fresh.sbom, 'utf8')).toBe(readFileSync(first.sbom, 'utf8'));
  },
);

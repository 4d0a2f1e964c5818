import type { TestProject } from 'vitest/node';
import { buildImages } from '../../../images/build/build-images.ts';
import { whyNotBuilt } from '../../../images/build/engine.ts';
import { whyNoNode } from '../../node/requirements.ts';
import { setup as programs } from '../cluster/node-setup.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** What the tests of Sluice on a real node begin with. */
    realSluice: { readonly whyNot: string | null; readonly images: readonly string[] };
  }
}

/**
 * Vitest's global set-up of the tests of Sluice on a real node: has programs and images there before any test begins, or says in one
 * line why these tests are skipped. An image that cannot be built is no reason for that.
 */
export async function setup(project: TestProject): Promise<void> {
  await programs();
  const { whyNot, images } = await imagesOf();
  if (whyNot !== null && whyNoNode() === undefined)
    process.stderr.write(`The tests of Sluice on a real node are skipped: ${whyNot}.\n`);
  project.provide('realSluice', { whyNot, images });
}

async function imagesOf(): Promise<{ whyNot: string | null; images: readonly string[] }> {
  const whyNot = whyNoNode() ?? whyNotBuilt();
  if (whyNot !== undefined) return { whyNot, images: [] };
  if (process.env['SLUICE_TEST_NODE'] !== undefined) return { whyNot: null, images: [] };
  // All of them: the lean ones, too.
  const built = await buildImages({
    say: (line) => void process.stderr.write(`${line}\n`),
  });
  return { whyNot: null, images: built.map(({ archive }) => archive) };
}

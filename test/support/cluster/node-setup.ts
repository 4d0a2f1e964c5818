import { findBinaries, findNodeBinaries } from '../../control-plane/binaries.ts';
import { releaseOf } from '../../control-plane/versions.ts';
import { whyNoNode } from '../../node/requirements.ts';

/**
 * Vitest's global set-up of the projects that need a real node: says in one line why there is none, or has its programs there
 * before any test begins, because building them takes minutes once.
 */
export async function setup(): Promise<void> {
  const progress = (line: string): void => void process.stderr.write(`${line}\n`);
  const why = whyNoNode();
  if (why !== undefined) {
    progress(`The tests on a real node are skipped: ${why}.`);
    return;
  }
  const search = {
    release: releaseOf(process.env['SLUICE_KUBERNETES']),
    environment: process.env,
    progress,
  };
  await findBinaries(search);
  await findNodeBinaries(search);
}

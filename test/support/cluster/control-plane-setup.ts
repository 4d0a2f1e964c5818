import { findBinaries, findHelm } from '../../control-plane/binaries.ts';
import { releaseOf } from '../../control-plane/versions.ts';

/**
 * Vitest's global set-up of the projects that need a cluster: has the control plane's programs and Helm there before any test
 * begins, because building them takes minutes once, longer than any hook may.
 */
export async function setup(): Promise<void> {
  const search = {
    release: releaseOf(process.env['SLUICE_KUBERNETES']),
    environment: process.env,
    progress: (line: string) => void process.stderr.write(`${line}\n`),
  };
  await findBinaries(search);
  await findHelm(search);
}

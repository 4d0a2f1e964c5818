import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import type { Identity } from '../identity/identity.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { isRetired } from '../owner/retired-workload.ts';

/** Whether what a Pod or a revision is to Keptn is this version of this workload, compared by fields (B3). */
export function isVersion(
  identity: Identity | undefined,
  { spec }: Pick<KeptnWorkloadVersion, 'spec'>,
): boolean {
  if (identity?.type !== 'annotated') return false;
  const { app, workload, version } = identity;
  return version === spec.version && app === spec.app && isNameOf(spec.workloadName, app, workload);
}

/** The owners whose current revision carries the version. */
export function carriersOf(
  version: KeptnWorkloadVersion,
  owners: readonly OwnerSeen[],
): readonly OwnerSeen[] {
  return owners.filter(({ current }) => isVersion(current?.identity, version));
}

/**
 * Whether the version is current: the workload names it, or the current revision of some owner carries it. `unknown`, as
 * long as workload or revisions are not in the caches, changes nothing.
 */
export function isWanted(
  version: KeptnWorkloadVersion,
  from: { workload: KeptnWorkload | undefined; owners: readonly OwnerSeen[] },
): 'yes' | 'no' | 'unknown' {
  const { workload, owners } = from;
  if (workload === undefined) return 'unknown';
  const isNamed = workload.spec.version === version.spec.version && !isRetired(workload);
  if (isNamed || carriersOf(version, owners).length > 0) return 'yes';
  return owners.some(({ current }) => current === undefined) ? 'unknown' : 'no';
}

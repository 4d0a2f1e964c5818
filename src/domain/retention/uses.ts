import type { KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { OwnerSeen } from '../identity/current-revision.ts';
import type { Identity } from '../identity/identity.ts';
import { lists } from '../phase/newest-app-version.ts';
import { isVersion, isWanted } from '../workload/wanted-version.ts';
import type { LivingRevision } from './revisions.ts';

/** Everything that may still need a version of a workload. */
export interface WorkloadUses {
  readonly workload: KeptnWorkload;
  /** All owners of the workload, none of them unknown. */
  readonly owners: readonly OwnerSeen[];
  /** The revisions those owners still have. */
  readonly revisions: readonly LivingRevision[];
  /** What the watched Pods of the workload are. */
  readonly pods: readonly Identity[];
  readonly app: KeptnApp | undefined;
  /** The versions of the app that are there. */
  readonly appVersions: readonly KeptnAppVersion[];
  /** The uids of versions below which something runs, or waits to be sent to the trace collector. */
  readonly unfinished: ReadonlySet<string>;
}

/**
 * Whether a version is needed: it is not over, an owner carries it or could be rolled back to it, a Pod is of it, or its
 * application or a version of that names it. What cannot be told counts as needed.
 */
export function isInUse(version: KeptnWorkloadVersion, uses: WorkloadUses): boolean {
  const { uid = '', deletionTimestamp } = version.metadata;
  return (
    deletionTimestamp !== undefined ||
    !isCompleted(version.status?.status) ||
    uses.unfinished.has(uid) ||
    isWanted(version, uses) !== 'no' ||
    uses.revisions.some((revision) => isOfRevision(version, revision)) ||
    uses.pods.some((identity) => isVersion(identity, version)) ||
    isListed(version, uses)
  );
}

function isOfRevision(
  version: KeptnWorkloadVersion,
  { revision, identity }: LivingRevision,
): boolean {
  return (
    isVersion(identity, version) ||
    version.status?.releasedRevisions?.includes(revision) === true ||
    version.spec.resourceReference.uid === revision
  );
}

function isListed(version: KeptnWorkloadVersion, { app, appVersions }: WorkloadUses): boolean {
  const wanted = app === undefined ? [] : [{ spec: { ...app.spec, appName: app.metadata.name } }];
  return [...wanted, ...appVersions].some((one) => lists(one, version));
}

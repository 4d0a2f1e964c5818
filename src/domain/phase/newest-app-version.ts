import type { KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { appVersionName, hashedName, workloadName } from '../names.ts';
import { isPassed } from './phases.ts';
import { parseTime } from '../time.ts';
import { isAborted } from './aborted.ts';
import { handReleaseOf, isHeldByChecks } from './hand-release.ts';

/** Whether the app version lists this version of this workload, compared by fields and never by name (W23). */
export function lists(
  appVersion: { readonly spec: Pick<KeptnAppVersion['spec'], 'appName' | 'workloads'> },
  version: KeptnWorkloadVersion,
): boolean {
  const { appName, workloads = [] } = appVersion.spec;
  const { app, workloadName: workload, version: wanted } = version.spec;
  return (
    appName === app &&
    workloads.some(
      (entry) =>
        entry.version.toLowerCase() === wanted.toLowerCase() &&
        isNameOf(workload, appName, entry.name),
    )
  );
}

/**
 * Whether an object's name is that of a workload of the app, also where the name rule had to change, cut or hash it.
 * Discovery lists a workload whose name does not begin with its app's by the whole name.
 */
export function isNameOf(objectName: string, app: string, workload: string): boolean {
  const name = workloadName(app, workload);
  return (
    objectName === name ||
    objectName === `${app}-${workload}` ||
    objectName === hashedName(name, [app, workload]) ||
    (objectName === workload && !objectName.startsWith(`${app}-`))
  );
}

/**
 * Whether the app version was made for the app as it is now: the one on record, and until there is one whatever has the right
 * name and owner (the app's generation is part of the name).
 */
export function isCurrentVersion(appVersion: KeptnAppVersion, app: KeptnApp): boolean {
  const recorded = recordedVersion(app);
  return recorded === undefined
    ? hasCurrentName(appVersion, app)
    : appVersion.metadata.uid === recorded;
}

/** Whether the app version has the name and the owner of the one for the app as it is now. */
export function hasCurrentName(appVersion: KeptnAppVersion, app: KeptnApp): boolean {
  const { generation = 1, name } = app.metadata;
  const expected = appVersionName(name, app.spec.version, generation);
  return (
    isOwnedBy(appVersion, app) &&
    (appVersion.metadata.name === expected ||
      appVersion.metadata.name === secondAppVersionName(app))
  );
}

/** The uid of the app version that is on record for the present generation of an app. */
export function recordedVersion({ metadata, status }: KeptnApp): string | undefined {
  return status?.observedGeneration === metadata.generation ? status?.appVersionUID : undefined;
}

/** The name of an app version whose proper name belongs to something else (B3). */
export function secondAppVersionName(app: KeptnApp): string {
  const { uid = '', generation = 1, name } = app.metadata;
  return hashedName(appVersionName(name, app.spec.version, generation), [uid, String(generation)]);
}

/**
 * The newest of the app versions that are not Deprecated and list this workload version: that of the app's present
 * generation, or else the one created last.
 */
export function newestListing(
  version: KeptnWorkloadVersion,
  seen: { appVersions: readonly KeptnAppVersion[]; app: KeptnApp | undefined },
): KeptnAppVersion | undefined {
  const { app } = seen;
  const listing = seen.appVersions.filter(
    (candidate) =>
      candidate.status?.status !== 'Deprecated' &&
      candidate.metadata.deletionTimestamp === undefined &&
      (app === undefined || isOwnedBy(candidate, app)) &&
      lists(candidate, version),
  );
  const current = app && listing.find((candidate) => isCurrentVersion(candidate, app));
  const made = (candidate: KeptnAppVersion): number =>
    parseTime(candidate.metadata.creationTimestamp) ?? 0;
  return current ?? listing.toSorted((a, b) => made(b) - made(a))[0];
}

function isOwnedBy({ metadata }: KeptnAppVersion, app: KeptnApp): boolean {
  return metadata.ownerReferences?.some(({ uid }) => uid === app.metadata.uid) === true;
}

/**
 * Whether the app's own checks let its workloads begin: passed, failed for good, or still open. `byHand`: somebody has
 * released it, for the time on record; when that is over it counts as failed, unless the checks have passed.
 */
export function appChecks(
  appVersion: KeptnAppVersion,
): 'passed' | 'warned' | 'failed' | 'open' | 'byHand' {
  const { status } = appVersion;
  if (isAborted(status)) return 'failed';
  if (handReleaseOf(status) !== undefined && isHeldByChecks(status)) return 'byHand';
  const isWarned = hasPassedChecks(appVersion) && isHeldByChecks(status);
  if (status?.releasedByHand !== undefined && isWarned) return 'failed';
  if (status?.status === 'Failed' && !hasPassedChecks(appVersion)) return 'failed';
  if (!hasPassedChecks(appVersion)) return 'open';
  return status?.preDeploymentStatus === 'Warning' ||
    status?.preDeploymentEvaluationStatus === 'Warning'
    ? 'warned'
    : 'passed';
}

function hasPassedChecks({ status }: KeptnAppVersion): boolean {
  return isPassed(status?.preDeploymentStatus) && isPassed(status?.preDeploymentEvaluationStatus);
}

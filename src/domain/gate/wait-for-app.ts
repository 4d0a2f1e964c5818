import type { KeptnApp } from '../../api/keptn/app.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { conditionOf, conditionTypes, type Progress } from '../conditions.ts';
import { appChecks, lists, newestListing, recordedVersion } from '../phase/newest-app-version.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import type { EventNote } from '../plan.ts';
import { rfc3339 } from '../time.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import { troubleOf } from '../trouble.ts';

/** A workload version and the app versions that may let it begin. */
export interface AppsSeen {
  readonly version: KeptnWorkloadVersion;
  readonly app: KeptnApp | undefined;
  readonly appVersions: readonly KeptnAppVersion[];
  /**
   * Until when the workloads of the app are gathered (milliseconds since the Unix epoch); undefined where nothing has asked for
   * the app.
   */
  readonly gatheredUntil: number | undefined;
  /** Why the next version of the app is not made yet, where an earlier one comes first. */
  readonly heldBack?: Progress | undefined;
  /** It holds nothing: neither its checks nor that it is not there yet. */
  readonly isAppObserved?: boolean;
}

/** The reason of a version that no application version lists. */
export const appNotFound = 'AppVersionNotFound';

/** The reason of the condition `WouldBlock` of a version that goes on without an application, because its mode is to warn. */
const appDeadlineExceeded = 'AppDeadlineExceeded';

/** Whether a version has waited for its application long enough, which does not block. */
export function goesWithoutApp(status: VersionStatus | undefined): boolean {
  return (
    status?.conditions?.some(
      ({ type, reason }) => type === conditionTypes.wouldBlock && reason === appDeadlineExceeded,
    ) === true
  );
}

/** What a version waits for before its own checks or its deployment may begin; undefined when nothing holds it. */
export function waitForApp(seen: AppsSeen): Progress | undefined {
  const { version } = seen;
  if (seen.isAppObserved === true) return undefined;
  const listing = newestListing(version, seen);
  if (listing === undefined && goesWithoutApp(version.status)) return undefined;
  if (listing === undefined && seen.heldBack !== undefined) return seen.heldBack;
  if (listing === undefined && seen.gatheredUntil !== undefined) {
    return {
      kind: 'waiting',
      reason: 'WaitingForDiscovery',
      message: `the workloads of application ${version.spec.app} are gathered until ${rfc3339(seen.gatheredUntil)} (KeptnConfig spec.keptnAppCreationRequestTimeoutSeconds sets how long); see KeptnAppCreationRequest ${version.spec.app}`,
    };
  }
  if (listing === undefined) {
    return {
      kind: 'waiting',
      reason: appNotFound,
      message: `no KeptnAppVersion of application ${version.spec.app} lists version ${version.spec.version} of this workload yet`,
    };
  }
  const { name } = listing.metadata;
  switch (appChecks(listing)) {
    case 'open':
      return hasNoneToWaitFor(listing, seen) ? undefined : openChecks(listing);
    case 'failed':
      return {
        kind: 'stalled',
        reason: 'AppChecksFailed',
        message: `the pre-deployment checks of KeptnAppVersion ${name} have failed: ${whyFailed(listing)}`,
      };
    case 'byHand':
    case 'passed':
    case 'warned':
      return undefined;
  }
}

function whyFailed(listing: KeptnAppVersion): string {
  const released = conditionOf(listing, conditionTypes.released);
  const expired = released?.status === 'False' ? released : undefined;
  return (
    (expired ?? conditionOf(listing, conditionTypes.succeeded))?.message ?? 'no reason is recorded'
  );
}

/**
 * Whether there is nothing that the app version checks before its workloads: that follows from its spec, and its status, which will
 * say so too, need not be waited for. Only of the one that its app has on record: anybody can make another that lists no checks.
 */
function hasNoneToWaitFor(listing: KeptnAppVersion, { app }: AppsSeen): boolean {
  return (
    app !== undefined &&
    recordedVersion(app) === listing.metadata.uid &&
    (listing.status?.currentPhase ?? '') === '' &&
    listsNoChecks(listing)
  );
}

function listsNoChecks({ spec }: KeptnAppVersion): boolean {
  const { preDeploymentTasks, preDeploymentEvaluations, preDeploymentChecks } = spec;
  const checks = [preDeploymentTasks, preDeploymentEvaluations, preDeploymentChecks];
  return checks.every((names = []) => names.length === 0);
}

/** The app's checks run; what keeps them is repeated, so that the held Pods say it. */
function openChecks(listing: KeptnAppVersion): Progress {
  const message = `the pre-deployment checks of KeptnAppVersion ${listing.metadata.name} are not finished`;
  const trouble = troubleOf(listing);
  if (trouble === undefined) return { kind: 'waiting', reason: 'WaitingForAppChecks', message };
  return {
    kind: trouble.type === conditionTypes.stalled ? 'stalled' : 'waiting',
    reason: trouble.reason,
    message: `${message}: ${trouble.message}`,
  };
}

/**
 * Whether a wait ends as soon as a controller comes to it: the app lists the version and its app version is about to be made,
 * or there is one that has nothing to check before its workloads. To say so is not worth a write.
 */
export function endsByItself(seen: AppsSeen): boolean {
  const { version, app } = seen;
  const listing = newestListing(version, seen);
  if (listing !== undefined) return listsNoChecks(listing);
  if (app === undefined) return false;
  const { workloads } = app.spec;
  const isRefused = conditionOf(app, conditionTypes.ready)?.status === 'False';
  return (
    !isRefused &&
    lists({ spec: { appName: app.metadata.name, ...(workloads && { workloads }) } }, version)
  );
}

const phase = { short: 'AppPreDeployEvaluations', long: 'App Pre-Deployment Evaluations' };

/** Keptn's Event for what a version waits for (docs/compatibility.md §7.4), if it has one. */
export function waitEvent(subject: PhaseSubject, holdup: Progress): EventNote | undefined {
  const say = (suffix: string, text: string): EventNote =>
    phaseEvent(subject, phase, { suffix, text, type: 'Warning' });
  if (holdup.reason === appNotFound) return say('AppVersionNotFound', holdup.message);
  if (holdup.reason !== 'AppChecksFailed') return undefined;
  return say('Failed', `has failed since app has failed: ${holdup.message}`);
}

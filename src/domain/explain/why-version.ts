import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { commandToCheckAgain, hasFailedHeld } from '../gate/check-again.ts';
import type { Lookup } from '../lookup.ts';
import { lists, newestListing } from '../phase/newest-app-version.ts';
import { appPhases, isPassed, type Phase, workloadPhases } from '../phase/phases.ts';
import { parseTime } from '../time.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import {
  type Finding,
  findingAbout,
  promotionNotes,
  versionFacts,
  versionMark,
  versionSentence,
} from './finding.ts';
import { describeRelease } from '../phase/hand-release.ts';
import { releaseExpired, troubleOf } from '../trouble.ts';
import type { Facts } from './facts.ts';
import { checkFindings, followUpFindings } from './why-check.ts';

/*
 * Why a version waits, as a chain: a KeptnWorkloadVersion waits for its KeptnAppVersion or for its own checks, each of which
 * says what happened last and when it is tried again.
 *
 *     KeptnWorkloadVersion ─► KeptnAppVersion ─► KeptnTask / KeptnEvaluation
 *               └──────────────────────────────► KeptnTask / KeptnEvaluation
 */

/** Where a workload version is, and what it waits for: its application, or the checks of its phase. */
export function whyWorkloadVersion(version: KeptnWorkloadVersion, lookup: Lookup): Finding {
  const status: VersionStatus | undefined = version.status;
  const phase = phaseInQuestion(workloadPhases, status);
  const checks = phase === undefined ? [] : checkFindings(version, phase, lookup);
  const waitsForApp = phase === undefined && versionMark(status) === 'waiting';
  const causes = waitsForApp ? whyOfApp(version, lookup) : checks;
  return findingAbout(version, {
    mark: versionMark(status),
    says: versionSentence(status, causes),
    facts: {
      ...versionFacts(workloadPhases, status),
      ...notesOn(status, []),
      ...((hasFailedHeld(version) || troubleOf(version)?.reason === releaseExpired) && {
        remedies: [
          `once the cause is mended, check this version again: ${commandToCheckAgain(version)}`,
        ],
      }),
    },
    because: [...causes, ...asides(version, workloadPhases, lookup)],
  });
}

/** Who has released it and until when, what became of the last request by hand where it was refused, and these notes. */
function notesOn(status: VersionStatus | undefined, notes: readonly string[]): Facts {
  const { releasedByHand, steering = [] } = status ?? {};
  const last = steering.at(-1);
  const all = [
    ...notes,
    ...(releasedByHand === undefined ? [] : [describeRelease(releasedByHand)]),
    ...(last?.outcome === 'Refused' ? [last.message] : []),
  ];
  return all.length === 0 ? {} : { notes: all };
}

function whyOfApp(version: KeptnWorkloadVersion, lookup: Lookup): Finding[] {
  const { namespace } = version.metadata;
  const app = lookup.get(KeptnApp, namespace, version.spec.app);
  const appVersions = lookup.list(KeptnAppVersion, namespace);
  const listing = newestListing(version, { appVersions, app });
  if (listing !== undefined) return [appFinding(listing, lookup, 'without workloads')];
  const says =
    app === undefined
      ? 'does not exist yet: workloads that carry its name are being gathered'
      : `does not list version ${version.spec.version} of ${version.spec.workloadName} yet`;
  return [
    {
      kind: 'KeptnApp',
      name: version.spec.app,
      namespace,
      mark: 'waiting',
      says,
      facts: {},
      because: [],
    },
  ];
}

/** Where an application version is, and what it waits for: the checks of its phase, or its workloads. */
export function whyAppVersion(version: KeptnAppVersion, lookup: Lookup): Finding {
  return appFinding(version, lookup, 'with workloads');
}

function appFinding(
  version: KeptnAppVersion,
  lookup: Lookup,
  depth: 'with workloads' | 'without workloads',
): Finding {
  const status: VersionStatus | undefined = version.status;
  const phase = phaseInQuestion(appPhases, status);
  const causes = causesOfApp(version, phase, { lookup, depth });
  const notes = promotionNotes(version);
  return findingAbout(version, {
    mark: versionMark(status),
    says: versionSentence(status, causes),
    facts: {
      ...versionFacts(appPhases, status),
      ...notesOn(status, notes),
    },
    because: [...causes, ...asides(version, appPhases, lookup)],
  });
}

/** What holds nothing up and is worth knowing: checks that have failed without blocking, and follow-ups. */
function asides(
  version: KubernetesObject & { status?: VersionStatus },
  phases: readonly Phase[],
  lookup: Lookup,
): Finding[] {
  const warned = phases.filter(({ state }) => version.status?.[state] === 'Warning');
  return [
    ...warned.flatMap((phase) => checkFindings(version, phase, lookup)),
    ...followUpFindings(version, phases, lookup),
  ];
}

function causesOfApp(
  version: KeptnAppVersion,
  phase: Phase | undefined,
  { lookup, depth }: { lookup: Lookup; depth: 'with workloads' | 'without workloads' },
): Finding[] {
  if (phase === undefined) return [];
  if (phase.type !== 'deploy') return checkFindings(version, phase, lookup);
  return depth === 'with workloads' ? unfinishedWorkloads(version, lookup) : [];
}

function unfinishedWorkloads(appVersion: KeptnAppVersion, lookup: Lookup): Finding[] {
  return lookup
    .list(KeptnWorkloadVersion, appVersion.metadata.namespace)
    .filter((version) => lists(appVersion, version) && !isPassed(version.status?.status))
    .map((version) => whyWorkloadVersion(version, lookup));
}

/** The phase a version is in or has failed in; undefined before the first and after the last. */
function phaseInQuestion(
  phases: readonly Phase[],
  status: VersionStatus | undefined,
): Phase | undefined {
  const failed = phases.find(({ state }) => status?.[state] === 'Failed');
  return failed ?? phases.find(({ short }) => short === status?.currentPhase);
}

/** Where an application stands: its newest version, or that it has none yet. */
export function whyApp(app: KeptnApp, lookup: Lookup): Finding {
  const newest = lookup
    .list(KeptnAppVersion, app.metadata.namespace)
    .filter(({ spec }) => spec.appName === app.metadata.name)
    .toSorted((a, b) => revisionOf(a) - revisionOf(b))
    .at(-1);
  if (newest === undefined) {
    return findingAbout(app, {
      mark: 'waiting',
      says: `version ${app.spec.version} has no KeptnAppVersion yet`,
      facts: {
        remedies: [
          'if this stays so, look whether Sluice runs: kubectl get lease -n keptn-system, and whether the Namespace is opted in',
        ],
      },
    });
  }
  const cause = whyAppVersion(newest, lookup);
  const count = app.spec.workloads?.length ?? 0;
  const says = `version ${app.spec.version} with ${count} ${count === 1 ? 'workload' : 'workloads'}`;
  return findingAbout(app, { mark: cause.mark, says, because: [cause] });
}

/** App versions are told apart by when they were made. */
function revisionOf({ metadata }: KubernetesObject): number {
  return parseTime(metadata.creationTimestamp) ?? 0;
}

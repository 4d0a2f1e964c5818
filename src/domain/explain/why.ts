import { type Pod, PodKind } from '../../api/builtin.ts';
import { schedulingGate } from '../../api/keptn/annotations.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { identityOf } from '../identity.ts';
import type { Lookup } from '../lookup.ts';
import { isNameOf, lists, newestListing } from '../newest-app-version.ts';
import { ownerChainOf, topOwner } from '../owner-chain.ts';
import { appPhases, isPassed, type Phase, workloadPhases } from '../phases.ts';
import type { VersionStatus } from '../version-status.ts';
import {
  type Finding,
  findingAbout,
  type Mark,
  phaseFacts,
  promotionFacts,
  versionMark,
  versionSentence,
} from './finding.ts';
import { checkFindings, followUpFindings } from './why-check.ts';

/**
 * Why something waits, as a chain: a Pod is held because of its KeptnWorkloadVersion, which waits for its KeptnAppVersion
 * or for its own checks, each of which says what happened last and when it is tried again.
 *
 *     Pod ─► KeptnWorkloadVersion ─► KeptnAppVersion ─► KeptnTask / KeptnEvaluation
 *                       └──────────► KeptnTask / KeptnEvaluation
 */

/** Why a Pod is held, or that it is not. */
export function whyPod(pod: Pod, lookup: Lookup): Finding {
  const gates = (pod.spec?.schedulingGates ?? []).map(({ name }) => name);
  if (!gates.includes(schedulingGate)) return releasedPod(pod, gates);
  const identity = identityOf(pod, ownerChainOf(pod, lookup));
  if (identity.type === 'notAnnotated') {
    const says =
      'held, although neither it nor its owner names a workload (keptn.sh/workload): the annotation was removed, or the gate was put there by something else';
    return findingAbout(pod, { mark: 'failed', says });
  }
  if (identity.type === 'ownerUnknown') {
    const { kind, name } = identity.missing;
    const says = `held until its owner ${kind.kind} ${name} has been read, which names its workload`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  const { app, workload, version } = identity;
  if (identity.versionSource === 'impossible') {
    return findingAbout(pod, {
      mark: 'failed',
      says: `held: ${identity.versionProblem ?? 'it has no version'}`,
    });
  }
  const found = lookup
    .list(KeptnWorkloadVersion, pod.metadata.namespace)
    .find(
      ({ spec }) =>
        spec.app === app && spec.version === version && isNameOf(spec.workloadName, app, workload),
    );
  if (found === undefined) {
    const says = `held: version ${version ?? '(not computed yet)'} of workload ${workload} in application ${app} is not recorded yet`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  const cause = whyWorkloadVersion(found, lookup);
  return findingAbout(pod, { ...heldBecause(found, cause), because: [cause] });
}

/** How a held Pod stands, by the version it belongs to. */
function heldBecause(
  version: KeptnWorkloadVersion,
  { mark }: Finding,
): { mark: Mark; says: string } {
  const { name } = version.metadata;
  if (mark === 'failed') return { mark, says: `held: ${name} has failed` };
  if (version.status?.status === 'Deprecated') {
    return { mark: 'warning', says: `held for good: ${name} was overtaken by a newer version` };
  }
  // A version that is through has only just released its Pods.
  if (mark === 'done' || mark === 'warning')
    return { mark: 'waiting', says: 'about to be released' };
  return { mark: 'waiting', says: `held: ${name} has not passed its checks yet` };
}

function releasedPod(pod: Pod, gates: readonly string[]): Finding {
  if (gates.length > 0) {
    const says = `not held by Sluice, but by ${gates.join(', ')}: ask who put that gate there`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  const phase = pod.status?.phase ?? 'Pending';
  const unscheduled = pod.status?.conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  if (phase === 'Pending' && unscheduled !== undefined) {
    const says = `not held; the scheduler says: ${unscheduled.message ?? unscheduled.reason ?? 'nothing'}`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  return findingAbout(pod, {
    mark: phase === 'Failed' ? 'failed' : 'done',
    says: `not held, ${phase}`,
  });
}

/** Why the Pods of a Deployment, StatefulSet, DaemonSet or Rollout are held, by way of its workload's current version. */
export function whyOwner(owner: KubernetesObject, lookup: Lookup): Finding {
  const { namespace, uid } = owner.metadata;
  const pods = lookup.list(PodKind, namespace).filter((pod) => topUid(pod, lookup) === uid);
  const held = pods.filter((pod) =>
    pod.spec?.schedulingGates?.some(({ name }) => name === schedulingGate),
  );
  const workloads = lookup
    .list(KeptnWorkload, namespace)
    .filter(
      ({ metadata, spec }) =>
        spec.resourceReference.uid === uid ||
        metadata.ownerReferences?.some((reference) => reference.uid === uid) === true,
    );
  const versions = lookup
    .list(KeptnWorkloadVersion, namespace)
    .filter(({ spec }) =>
      workloads.some(
        ({ metadata, spec: current }) =>
          metadata.name === spec.workloadName && current.version === spec.version,
      ),
    );
  if (versions.length === 0) {
    const says =
      held.length > 0
        ? `${held.length} of ${pods.length} Pods held; its workload is not recorded yet`
        : 'no workload of Sluice: neither it nor its Pod template names one (keptn.sh/workload), or its namespace is not enabled';
    return findingAbout(owner, { mark: held.length > 0 ? 'waiting' : 'warning', says });
  }
  const because = versions.map((version) => whyWorkloadVersion(version, lookup));
  const says =
    held.length > 0
      ? `${held.length} of ${pods.length} Pods held`
      : `no Pod held, ${pods.length} running or starting`;
  const worst = (['failed', 'waiting', 'warning', 'done'] as const).find((mark) =>
    because.some((one) => one.mark === mark),
  );
  return findingAbout(owner, { mark: worst ?? 'done', says, because });
}

function topUid(pod: Pod, lookup: Lookup): string | undefined {
  const chain = ownerChainOf(pod, lookup);
  return chain.type === 'known' ? topOwner(chain.owner)?.object.metadata.uid : undefined;
}

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
    facts: phaseFacts(workloadPhases, status),
    because: [...causes, ...asides(version, workloadPhases, lookup)],
  });
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
      facts: [],
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
  return findingAbout(version, {
    mark: versionMark(status),
    says: versionSentence(status, causes),
    facts: [...phaseFacts(appPhases, status), ...promotionFacts(version)],
    because: [...causes, ...asides(version, appPhases, lookup)],
  });
}

/** What holds nothing up and is worth knowing: checks that have failed without blocking, and follow-ups that are not through. */
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

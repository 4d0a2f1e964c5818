import type { Pod } from '../../api/builtin.ts';
import { schedulingGate } from '../../api/keptn/annotations.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { identityIn } from '../identity/identity-in.ts';
import type { AnnotatedIdentity, Identity } from '../identity/identity.ts';
import type { Lookup } from '../lookup.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { ownerChainOf, supportedOwner, topOwner } from '../owner/owner-chain.ts';
import { checkBeforeRollOut, oldPodsEndFirst } from '../owner/update-order.ts';
import { isReleased } from '../gate/release.ts';
import { wasReleasedAt } from '../phase/hand-release.ts';
import { releaseExpired, troubleOf } from '../trouble.ts';
import type { Facts } from './facts.ts';
import { type Finding, findingAbout, type Mark } from './finding.ts';
import { namespaceUnchecked, notAnnotated, pastTheGate, type Unchecked } from './unchecked.ts';
import { whyWorkloadVersion } from './why-version.ts';

/** Why a Pod is held; or that it is not, and whether that is because its version was released. */
export function whyPod(pod: Pod, lookup: Lookup): Finding {
  const gates = (pod.spec?.schedulingGates ?? []).map(({ name }) => name);
  const identity = identityIn(lookup, pod);
  return gates.includes(schedulingGate)
    ? heldPod(pod, identity, lookup)
    : startedPod(pod, gates, { identity, lookup });
}

function heldPod(pod: Pod, identity: Identity, lookup: Lookup): Finding {
  if (identity.type === 'notAnnotated') {
    const says =
      'held, although neither it nor its owner names a workload (keptn.sh/workload): its owner or the annotation was removed, or the gate was put there by something else; create the owner again, which takes the Pod back, or delete the Pod';
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
  const found = versionOf(pod, identity, lookup);
  if (found === undefined && supportedOwner(pod) === undefined) {
    const says = `held: it has no owner, and version ${version ?? '(unknown)'} of workload ${workload} in application ${app} is not recorded, so no checks will begin; create the owner again, which takes the Pod back, or delete the Pod`;
    return findingAbout(pod, { mark: 'failed', says });
  }
  if (found === undefined) {
    const says = `held: version ${version ?? '(not computed yet)'} of workload ${workload} in application ${app} is not recorded yet`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  const cause = whyWorkloadVersion(found, lookup);
  const facts = factsOfOrder(pod, lookup);
  return findingAbout(pod, { ...heldBecause(found, cause), facts, because: [cause] });
}

/** That the Pod it replaces is gone already, where that is so. */
function factsOfOrder(pod: Pod, lookup: Lookup): Facts {
  const chain = ownerChainOf(pod, lookup);
  const owner = chain.type === 'known' ? topOwner(chain.owner)?.object : undefined;
  const why = owner && oldPodsEndFirst(owner.kind, owner.spec);
  if (why === undefined) return {};
  return { notes: [`the Pod it replaces is gone: ${why}; ${checkBeforeRollOut}`] };
}

/** The version that the Pod carries, if it is recorded. */
function versionOf(
  pod: Pod,
  { app, workload, version }: AnnotatedIdentity,
  lookup: Lookup,
): KeptnWorkloadVersion | undefined {
  return lookup
    .list(KeptnWorkloadVersion, pod.metadata.namespace)
    .find(
      ({ spec }) =>
        spec.app === app && spec.version === version && isNameOf(spec.workloadName, app, workload),
    );
}

/** How a held Pod stands, by the version it belongs to. */
function heldBecause(
  version: KeptnWorkloadVersion,
  { mark }: Finding,
): { mark: Mark; says: string } {
  const { name } = version.metadata;
  if (mark === 'failed') {
    const has =
      version.status?.status === 'Failed' ? 'has failed' : 'cannot go on until this is mended';
    return { mark, says: `held: ${name} ${has}` };
  }
  if (version.status?.status === 'Deprecated') {
    return { mark: 'warning', says: `held for good: ${name} was overtaken by a newer version` };
  }
  const trouble = troubleOf(version);
  if (trouble?.reason === releaseExpired)
    return { mark: 'failed', says: `held: ${trouble.message}` };
  // A version that is through has only just released its Pods.
  if (mark === 'done' || mark === 'warning')
    return { mark: 'waiting', says: 'about to be released' };
  return { mark: 'waiting', says: `held: ${name} has not passed its checks yet` };
}

interface Seen {
  readonly identity: Identity;
  readonly lookup: Lookup;
}

function startedPod(pod: Pod, gates: readonly string[], seen: Seen): Finding {
  if (gates.length > 0) {
    const says = `not held by Sluice, but by ${gates.join(', ')}: ask who put that gate there`;
    return findingAbout(pod, { mark: 'waiting', says });
  }
  const { phase = 'Pending', conditions } = pod.status ?? {};
  const unscheduled = conditions?.find(
    ({ type, status }) => type === 'PodScheduled' && status === 'False',
  );
  const waits = phase === 'Pending' && unscheduled !== undefined;
  const says = waits
    ? `not held; the scheduler says: ${unscheduled.message ?? unscheduled.reason ?? 'nothing'}`
    : `not held, ${phase}`;
  if (phase === 'Failed') return findingAbout(pod, { mark: 'failed', says });
  const mark = waits ? 'waiting' : 'done';
  const unchecked = whyUnchecked(pod, seen);
  return unchecked === undefined
    ? findingAbout(pod, { mark, says })
    : uncheckedPod(pod, says, unchecked);
}

/** Why a Pod starts whose version was never released, and that version; undefined where it was. */
function whyUnchecked(
  pod: Pod,
  { identity, lookup }: Seen,
): { readonly unchecked: Unchecked; readonly version?: Finding } | undefined {
  const elsewhere = namespaceUnchecked(pod.metadata.namespace ?? '', lookup);
  if (elsewhere !== undefined) return { unchecked: elsewhere };
  if (identity.type === 'notAnnotated') return { unchecked: notAnnotated() };
  if (identity.type === 'ownerUnknown') return undefined;
  const version = versionOf(pod, identity, lookup);
  const { creationTimestamp } = pod.metadata;
  if (version !== undefined && isReleased(version.status)) return undefined;
  if (wasReleasedAt(version?.status, creationTimestamp)) return undefined;
  return {
    unchecked: pastTheGate(pod, lookup),
    ...(version && { version: whyWorkloadVersion(version, lookup) }),
  };
}

/** Never a check mark: nothing was checked, or what was checked did not pass. */
function uncheckedPod(
  pod: Pod,
  says: string,
  { unchecked, version }: { readonly unchecked: Unchecked; readonly version?: Finding },
): Finding {
  const { reason, because, remedies } = unchecked;
  return findingAbout(pod, {
    mark: version?.mark === 'failed' ? 'failed' : 'warning',
    says: `${says}, and not checked: ${because}`,
    facts: { reason, ...(remedies.length > 0 && { remedies }) },
    because: version === undefined ? [] : [version],
  });
}

import type { Pod } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { CurrentRevision } from './current-revision.ts';
import type { AnnotatedIdentity, Identity } from './identity.ts';
import { revisionOfPod } from '../owner/revision.ts';
import { parseTime } from '../time.ts';
import { workloadIn } from './workload-names.ts';

/** A watched Pod and what it is. */
export interface IdentifiedPod {
  readonly pod: Pod;
  readonly identity: Identity;
}

/**
 * The current revision of an owner with what its Pods say where it says nothing itself: Kyverno or a MutatingAdmissionPolicy
 * may annotate Pods alone. Pods are watched only until they start; from then on the version that was made for them says
 * what they said. What Pods say counts for their own revision only.
 */
export function withWordOfPods(
  current: CurrentRevision,
  from: {
    readonly pods: readonly IdentifiedPod[];
    readonly versions: readonly KeptnWorkloadVersion[];
  },
): CurrentRevision {
  if (current.identity.type !== 'notAnnotated') return current;
  const identity = saidByPods(current, from.pods) ?? saidByRecord(current, from.versions);
  return identity === undefined ? current : { ...current, identity, isWordOfPods: true };
}

function saidByPods(
  { revision }: CurrentRevision,
  pods: readonly IdentifiedPod[],
): AnnotatedIdentity | undefined {
  const [youngest] = pods
    .filter(
      ({ pod, identity }) =>
        identity.type === 'annotated' &&
        identity.source === 'pod' &&
        pod.metadata.deletionTimestamp === undefined &&
        revisionOfPod(pod) === revision,
    )
    .toSorted((a, b) => ageOf(b.pod) - ageOf(a.pod));
  return youngest?.identity.type === 'annotated' ? youngest.identity : undefined;
}

function saidByRecord(
  { revision, reference }: CurrentRevision,
  versions: readonly KeptnWorkloadVersion[],
): AnnotatedIdentity | undefined {
  const [youngest] = versions
    .filter(
      ({ metadata, spec, status }) =>
        metadata.annotations?.[sluiceKeys.wordOfPods] !== undefined &&
        [...(status?.releasedRevisions ?? []), spec.resourceReference.uid].some(
          (one) => one === revision || one === reference.uid,
        ),
    )
    .toSorted((a, b) => ageOf(b) - ageOf(a));
  return youngest && identityOfRecord(youngest);
}

function identityOfRecord({ spec }: KeptnWorkloadVersion): AnnotatedIdentity | undefined {
  const workload = workloadIn(spec);
  if (workload === undefined) return undefined;
  return {
    type: 'annotated',
    source: 'pod',
    app: spec.app,
    workload,
    version: spec.version,
    versionSource: 'given',
    preTasks: spec.preDeploymentTasks ?? [],
    postTasks: spec.postDeploymentTasks ?? [],
    preEvaluations: spec.preDeploymentEvaluations ?? [],
    postEvaluations: spec.postDeploymentEvaluations ?? [],
    preChecks: spec.preDeploymentChecks ?? [],
    postChecks: spec.postDeploymentChecks ?? [],
    onSuccess: spec.onSuccess ?? [],
    onFailure: spec.onFailure ?? [],
    metadata: spec.metadata ?? {},
    singleService: false,
    annotations: {},
  };
}

function ageOf({ metadata }: Pick<Pod, 'metadata'>): number {
  return parseTime(metadata.creationTimestamp) ?? 0;
}

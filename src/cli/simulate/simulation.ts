import { ruleContextOf } from '../../lint/base/rule-context.ts';
import type { Places } from '../../domain/settings/places.ts';
import jsonpatch from 'fast-json-patch';
import { gatePod } from '../../admission/pod/gate-pod.ts';
import { reviewWorkload } from '../../admission/review-workload.ts';
import type { Verdict } from '../../admission/verdict.ts';
import { defined, type JsonObject } from '../../api/json.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { AdmissionRequest } from '../../api/review.ts';
import type { AnnotatedIdentity } from '../../domain/identity/identity.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { appPhases, type Phase, workloadPhases } from '../../domain/phase/phases.ts';
import { namesIn, standingDefinition } from '../../domain/standing/check-item.ts';
import { listsOf } from '../../domain/check/requested-checks.ts';
import { templateDigest } from '../../kubernetes/projection/template-digest.ts';
import type { RuleContext } from '../../lint/base/rule.ts';
import {
  identityOfManifest,
  type WorkloadManifest,
} from '../../lint/workload/workload-manifest.ts';
import { lookupOver } from '../command/snapshot.ts';
import { simulatedPod } from './simulated-pod.ts';

/** A workload that is simulated: as it was written, and as the rules read it. */
export interface Simulated {
  readonly manifest: JsonObject;
  readonly workload: WorkloadManifest;
}

/** One check of a phase. */
export interface SimulatedCheck {
  readonly name: string;
  readonly kind: string;
  /** The namespace its definition was found in; undefined where none has it. */
  readonly foundIn?: string;
}

/** What runs in a phase; a phase without checks is left out. */
export interface SimulatedPhase {
  readonly name: string;
  readonly checks: readonly SimulatedCheck[];
}

/** What Sluice would make of one workload. */
export interface Outcome {
  readonly object: string;
  readonly namespace: string;
  /**
   * - `held`: its Pods wait for their checks.
   * - `starts`: a gate would do nothing: the Pods are not annotated, or their version is Released.
   * - `denied`: the Pods are refused.
   */
  readonly pods: 'held' | 'starts' | 'denied';
  readonly why: string;
  readonly app?: string;
  readonly workload?: string;
  readonly version?: string;
  readonly phases: readonly SimulatedPhase[];
  /** What `kubectl apply` of the workload would print. */
  readonly warnings: readonly string[];
  /** What the webhook adds to each Pod. */
  readonly patch: readonly JsonPatchOperation[];
  /** Metadata and gates of the Pod as it enters. */
  readonly pod: unknown;
}

/** Asks the webhooks and the phases what would become of this workload among these objects. Nothing is created. */
export function simulate(
  { manifest, workload }: Simulated,
  known: readonly KubernetesObject[],
  places: Places,
): Outcome {
  const { pod, owners } = simulatedPod(manifest, workload);
  // The manifest itself has no uid; the owner that is played stands in its place.
  const isOther = (object: KubernetesObject): boolean =>
    !owners.some(
      ({ kind, metadata }) =>
        kind === object.kind &&
        metadata.name === object.metadata.name &&
        metadata.namespace === object.metadata.namespace,
    );
  const lookup = lookupOver([...known.filter(isOther), ...owners]);
  const context = contextOf(lookup, places);
  const identity = identityOfManifest(workload, context);
  const verdict = gatePod(requestFor(pod), lookup, places);
  const applied = reviewWorkload(
    requestFor({ ...workload, ...manifest, metadata: workload.metadata }),
    lookupOver(known),
    {
      ...places,
      templateDigest,
    },
  );
  const annotated = identity?.type === 'annotated' ? identity : undefined;
  return {
    object: `${workload.kind} ${workload.metadata.name}`,
    namespace: workload.metadata.namespace ?? '',
    ...judged(verdict, annotated),
    ...(annotated !== undefined && namesOf(annotated)),
    phases: annotated === undefined ? [] : phasesOf(annotated, workload, { lookup, places }),
    warnings: applied.type === 'denied' ? [`refused: ${applied.message}`] : applied.warnings,
    ...entered(pod, verdict),
  };
}

function judged(
  verdict: Verdict,
  identity: AnnotatedIdentity | undefined,
): Pick<Outcome, 'pods' | 'why'> {
  if (verdict.type === 'denied') return { pods: 'denied', why: verdict.message };
  const isHeld = verdict.patch.some(({ path }) => path.startsWith('/spec/schedulingGates'));
  if (isHeld) return { pods: 'held', why: 'until the checks of their version have passed' };
  return identity === undefined
    ? { pods: 'starts', why: 'no annotation names a workload, so nothing is checked' }
    : { pods: 'starts', why: 'their version is released already' };
}

function namesOf({ app, workload, version, versionProblem }: AnnotatedIdentity) {
  return { app, workload, version: version ?? versionProblem ?? 'unknown' };
}

function phasesOf(
  identity: AnnotatedIdentity,
  { metadata }: WorkloadManifest,
  by: { readonly lookup: Lookup; readonly places: Places },
): readonly SimulatedPhase[] {
  const { namespace = '' } = metadata;
  const context = by.lookup.get(KeptnAppContext, namespace, identity.app);
  const filled = (phases: readonly Phase[], lists: NamedLists) =>
    phases.flatMap((phase): SimulatedPhase[] => {
      if (phase.type === 'deploy') return [{ name: phase.short, checks: [] }];
      const checks = namesIn(phase, lists).map((name) =>
        checkOf(name, phase, { namespace, ...by }),
      );
      return checks.length === 0 ? [] : [{ name: phase.short, checks }];
    });
  const ofApp = filled(appPhases, { ...context?.spec });
  const ofWorkload = filled(workloadPhases, { ...listsOf(identity) });
  const deploy = ofApp.findIndex(({ name }) => name === 'AppDeploy');
  // The workload's phases run while the application deploys.
  return [...ofApp.slice(0, deploy), ...ofWorkload, ...ofApp.slice(deploy + 1)];
}

type NamedLists = Parameters<typeof namesIn>[1];

function checkOf(
  item: string,
  phase: Extract<Phase, { type: 'tasks' | 'evaluations' }>,
  {
    namespace,
    lookup,
    places,
  }: { readonly namespace: string; readonly lookup: Lookup; readonly places: Places },
): SimulatedCheck {
  const standing = standingDefinition(item);
  const name = standing ?? item;
  const ofPhase = phase.type === 'tasks' ? KeptnTaskDefinition : KeptnEvaluationDefinition;
  const kind = standing === undefined ? ofPhase : CheckDefinition;
  const foundIn = [namespace, places.definitionsNamespace].find(
    (place) => lookup.get<KubernetesObject>(kind, place, name) !== undefined,
  );
  return { name, kind: kind.kind, ...defined({ foundIn }) };
}

function entered(pod: KubernetesObject, verdict: Verdict): Pick<Outcome, 'patch' | 'pod'> {
  if (verdict.type === 'denied') return { patch: [], pod: undefined };
  const document = structuredClone({ ...pod });
  const { newDocument } = jsonpatch.applyPatch(document, structuredClone([...verdict.patch]), true);
  const { metadata, ...rest } = newDocument;
  const gates = 'spec' in rest ? rest.spec : undefined;
  const schedulingGates =
    typeof gates === 'object' && gates !== null && 'schedulingGates' in gates
      ? gates.schedulingGates
      : undefined;
  return {
    patch: verdict.patch,
    pod: {
      metadata: { labels: metadata.labels, annotations: metadata.annotations },
      spec: { schedulingGates },
    },
  };
}

function requestFor(object: KubernetesObject): AdmissionRequest {
  const [version = '', group = ''] = object.apiVersion.split('/').toReversed();
  const { name, namespace } = object.metadata;
  return {
    uid: 'simulated',
    kind: { group, version, kind: object.kind },
    resource: { group, version, resource: `${object.kind.toLowerCase()}s` },
    operation: 'CREATE',
    userInfo: { username: 'simulated' },
    name,
    ...defined({ namespace }),
    object,
  };
}

function contextOf(lookup: Lookup, places: Places): RuleContext {
  return ruleContextOf(lookup, places, () => false);
}

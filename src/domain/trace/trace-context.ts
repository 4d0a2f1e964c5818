import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { VersionAttempt } from '../../api/keptn/item-status.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import type { SpanContext } from '../../api/span.ts';
import type { Lookup } from '../lookup.ts';
import { appPhases, type Phase, workloadPhases } from '../phase/phases.ts';
import { objectSpanId, phaseSpanId, traceIdFor } from './trace-ids.ts';
import { type Carrier, spanOf, traceparentKey } from './traceparent.ts';
import { attemptOf, type VersionStatus } from '../phase/version-status.ts';

/**
 * Where the span of everything is, from what is stored (docs/compatibility.md §7.2):
 *
 *     KeptnAppVersion ─► AppDeploy ─► KeptnWorkloadVersion ─► WorkloadPreDeployTasks ─► KeptnTask ─► follow-up KeptnTask
 *          └────────► its other phases ─► KeptnTask, KeptnEvaluation
 *
 * A task or evaluation made by hand begins a trace of its own, or continues the one that its metadata carries.
 */

/** A version as traces see it. */
export type TracedVersion = KubernetesObject & {
  readonly spec: { readonly traceId?: Carrier };
  readonly status?: VersionStatus;
};

/** A task or evaluation as traces see it. */
export type TracedCheck = KeptnTask | KeptnEvaluation;

/** The phase of an app in which its workloads are: their spans are its children. */
export const appDeployPhase = 'AppDeploy';

/** The phases of a version of this kind. */
export function phasesOf({ kind }: Pick<KubernetesObject, 'kind'>): readonly Phase[] {
  return kind === KeptnAppVersion.kind ? appPhases : workloadPhases;
}

/** The span of an attempt of a version. */
export function versionSpan(version: TracedVersion, attempt: number): SpanContext {
  const { uid = '' } = version.metadata;
  return { traceId: traceOf(version, attempt), spanId: objectSpanId(uid, attempt) };
}

/** The span of a phase of a version. */
export function phaseSpan(version: TracedVersion, phase: string, attempt: number): SpanContext {
  const { uid = '' } = version.metadata;
  return { traceId: traceOf(version, attempt), spanId: phaseSpanId(uid, phase, attempt) };
}

/**
 * The span that the span of a version is a child of: the one its spec names or, for a workload version, the deployment of the
 * app version that let this attempt begin. Undefined if it is the root of a trace.
 */
export function parentOfVersion(version: TracedVersion, attempt: number): SpanContext | undefined {
  const { spec, kind } = version;
  const named = spanOf(spec.traceId?.[traceparentKey]);
  if (named !== undefined || kind !== KeptnWorkloadVersion.kind) return named;
  return spanOf(courseOf(version, attempt)?.phaseTraceIDs?.[appDeployPhase]?.[traceparentKey]);
}

/** What is stored of the course of an attempt. */
function courseOf(
  { status }: TracedVersion,
  attempt: number,
): Pick<VersionAttempt, 'phaseRecords' | 'phaseTraceIDs'> | undefined {
  if (attemptOf(status) === attempt) return status;
  return status?.attempts?.find((over) => over.attempt === attempt);
}

function traceOf(version: TracedVersion, attempt: number): string {
  return parentOfVersion(version, attempt)?.traceId ?? traceIdFor(version.metadata.uid ?? '');
}

/** Where a span hangs: below `parent`, or at the root of its trace. */
export interface Place {
  readonly parent?: SpanContext;
}

/** Where the span of a task or evaluation hangs; undefined while what it belongs to is not in the caches. */
export function placeOf(check: TracedCheck, lookup: Lookup): Place | undefined {
  const carried = spanOf(carrierIn(check)[traceparentKey]);
  return carried === undefined ? derivedPlace(check, lookup) : { parent: carried };
}

/** The span of a task or evaluation at this place. */
export function checkSpan(check: TracedCheck, { parent }: Place): SpanContext {
  const { uid = '' } = check.metadata;
  // An evaluation takes its attempt over when it starts; a task counts its own.
  const { attempt = isTask(check) ? 1 : (check.spec.attempt ?? 1) } = check.status ?? {};
  return {
    traceId: parent?.traceId ?? traceIdFor(uid),
    spanId: objectSpanId(uid, attempt),
  };
}

/** The version that a task or evaluation was made for; undefined if there is none, or none in the caches. */
export function versionOf(check: TracedCheck, lookup: Lookup): OwningVersion | undefined {
  const owner = controllerOf(check);
  if (owner === undefined) return undefined;
  const of = <T extends KubernetesObject>(kind: Kind<T>): T | undefined => {
    if (owner.kind !== kind.kind) return undefined;
    const found = lookup.get(kind, check.metadata.namespace, owner.name);
    return found?.metadata.uid === owner.uid ? found : undefined;
  };
  const app = of(KeptnAppVersion);
  if (app !== undefined) return { type: 'app', version: app };
  const workload = of(KeptnWorkloadVersion);
  return workload && { type: 'workload', version: workload };
}

/** A version with its kind told apart. */
export type OwningVersion =
  | { readonly type: 'app'; readonly version: KeptnAppVersion }
  | { readonly type: 'workload'; readonly version: KeptnWorkloadVersion };

/** The span of the phase that a check type belongs to; of the version as a whole for any other word. */
export function spanOfCheckType(
  version: TracedVersion,
  checkType: string | undefined,
  attempt: number,
): SpanContext {
  const phase = phasesOf(version).find(
    (one) => one.type !== 'deploy' && one.checkType === checkType,
  );
  return phase === undefined
    ? versionSpan(version, attempt)
    : phaseSpan(version, phase.short, attempt);
}

/** Keptn hands trace context to tasks in their metadata; evaluations have none, so theirs is an annotation. */
function carrierIn(check: TracedCheck): Carrier {
  if (isTask(check)) return check.spec.context?.metadata ?? {};
  return check.metadata.annotations ?? {};
}

function derivedPlace(check: TracedCheck, lookup: Lookup): Place | undefined {
  const owner = controllerOf(check);
  const isOurs = owner !== undefined && owningKinds.some(({ kind }) => kind === owner.kind);
  if (!isOurs) return {};
  const { checkType, attempt = 1 } = check.spec;
  const version = versionOf(check, lookup)?.version;
  if (version !== undefined) return { parent: spanOfCheckType(version, checkType, attempt) };
  const followed = [KeptnTask, KeptnEvaluation]
    .filter(({ kind }) => kind === owner.kind)
    .map((kind) => lookup.get<TracedCheck>(kind, check.metadata.namespace, owner.name))
    .find((one) => one?.metadata.uid === owner.uid);
  // Owners cannot form a circle: an owner is older than what it owns.
  const place = followed && placeOf(followed, lookup);
  return followed && place && { parent: checkSpan(followed, place) };
}

const owningKinds: readonly Kind[] = [
  KeptnAppVersion,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

/** Whether it is a task, and not an evaluation. */
export function isTask(check: TracedCheck): check is KeptnTask {
  return check.kind === KeptnTask.kind;
}

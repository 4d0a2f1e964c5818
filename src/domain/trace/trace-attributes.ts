import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ObjectMeta } from '../../api/object.ts';
import type { Phase } from '../phase/phases.ts';
import type { OwningVersion } from './trace-context.ts';
import { withoutTraceContext } from './traceparent.ts';
import { defined } from '../../api/json.ts';

/**
 * What spans say about themselves: Keptn's attributes with the metadata of application and workload
 * (docs/compatibility.md §7.2), and beside them OpenTelemetry's conventions for CI/CD and Kubernetes, in which a version is a pipeline and its phases,
 * tasks and evaluations are the pipeline's tasks. `cicd.pipeline.run.state` is of runs that go on, and a span is of one that has
 * ended; there is no page yet that `*.url.full` could name.
 */
export type Attributes = Readonly<Record<string, string>>;

/** How work ended, in the words of the conventions. */
export type Result = 'success' | 'failure' | 'error' | 'timeout' | 'cancellation';

/** Reasons that are not the work's own failure: it ran out of time, or Sluice lost what would have told the result. */
const resultsByReason: ReadonlyMap<string, Result> = new Map([
  ['DeadlineExceeded', 'timeout'],
  ['DeploymentTimedOut', 'timeout'],
  ['JobLost', 'error'],
  ['TaskLost', 'error'],
]);

/** The result that a final state stands for. A Warning did not hold anything up: it passes as in Keptn. */
export function resultOf(state: KeptnState | undefined, reason: string | undefined): Result {
  if (state === 'Failed') return resultsByReason.get(reason ?? '') ?? 'failure';
  return isCompleted(state) && state !== 'Deprecated' ? 'success' : 'cancellation';
}

/** The kind of error, where there was one. */
export function errorType(result: Result, reason: string | undefined): Attributes {
  if (result === 'success' || result === 'cancellation') return {};
  // The conventions' word for an error without a name.
  return { 'error.type': reason === undefined || reason === '' ? '_OTHER' : reason };
}

/** What the span of a version and those of its phases have in common. */
export function versionAttributes(owning: OwningVersion): Attributes {
  const { metadata } = owning.version;
  return {
    ...metadataOf(owning),
    ...(owning.type === 'app' ? ofApp(owning.version) : ofWorkload(owning.version)),
    ...pipeline(owning),
    ...inNamespace(metadata),
  };
}

/** What the span of a phase says beside that. */
export function phaseAttributes(
  { version }: OwningVersion,
  phase: Phase,
  done: { readonly attempt: number; readonly result: Result },
): Attributes {
  const type = phase.type === 'deploy' ? 'deploy' : 'test';
  return {
    'cicd.pipeline.task.name': phase.short,
    'cicd.pipeline.task.run.id': `${version.metadata.uid ?? ''}/${phase.short}/${done.attempt}`,
    'cicd.pipeline.task.run.result': done.result,
    // Tasks may be anything: the conventions know build, test and deploy.
    ...(phase.type !== 'tasks' && { 'cicd.pipeline.task.type': type }),
  };
}

/** What the span of a task says of it. `owning` is the version it was made for. */
export function taskAttributes(
  { metadata, spec, status }: KeptnTask,
  owning: OwningVersion | undefined,
  result: Result,
): Attributes {
  const { context = {} } = spec;
  const { jobName, jobUID } = status ?? {};
  return {
    ...withoutTraceContext(context.metadata ?? {}),
    'keptn.deployment.app.name': context.appName ?? '',
    'keptn.deployment.app.version': context.appVersion ?? '',
    'keptn.deployment.workload.name': context.workloadName ?? '',
    'keptn.deployment.workload.version': context.workloadVersion ?? '',
    'keptn.deployment.task.name': metadata.name,
    'keptn.deployment.task.type': spec.checkType ?? '',
    ...pipeline(owning),
    'cicd.pipeline.task.name': spec.taskDefinition,
    'cicd.pipeline.task.run.id': metadata.uid ?? '',
    'cicd.pipeline.task.run.result': result,
    ...inNamespace(metadata),
    ...defined({ 'k8s.job.name': jobName, 'k8s.job.uid': jobUID }),
  };
}

/** What the span of an evaluation says of it. `owning` is the version it was made for. */
export function evaluationAttributes(
  { metadata, spec }: KeptnEvaluation,
  owning: OwningVersion | undefined,
  result: Result,
): Attributes {
  return {
    ...(owning && metadataOf(owning)),
    'keptn.deployment.app.name': spec.appName ?? '',
    'keptn.deployment.app.version': spec.appVersion ?? '',
    'keptn.deployment.workload.name': spec.workload ?? '',
    'keptn.deployment.workload.version': spec.workloadVersion,
    'keptn.deployment.evaluation.name': metadata.name,
    'keptn.deployment.evaluation.type': spec.checkType ?? '',
    ...pipeline(owning),
    'cicd.pipeline.task.name': spec.evaluationDefinition,
    'cicd.pipeline.task.run.id': metadata.uid ?? '',
    'cicd.pipeline.task.run.result': result,
    'cicd.pipeline.task.type': 'test',
    ...inNamespace(metadata),
  };
}

function ofApp({ metadata, spec }: KeptnAppVersion): Attributes {
  return {
    'keptn.deployment.app.name': spec.appName,
    'keptn.deployment.app.version': spec.version,
    'keptn.deployment.app.namespace': metadata.namespace ?? '',
  };
}

function ofWorkload({ metadata, spec }: KeptnWorkloadVersion): Attributes {
  return {
    'keptn.deployment.app.name': spec.app,
    'keptn.deployment.workload.name': spec.workloadName,
    'keptn.deployment.workload.version': spec.version,
    'keptn.deployment.workload.namespace': metadata.namespace ?? '',
  };
}

/** The metadata that a version hands to its tasks: of a workload version its own over that of the app. */
function metadataOf(owning: OwningVersion): Attributes {
  if (owning.type === 'app') return withoutTraceContext(owning.version.spec.metadata ?? {});
  const { spec, status } = owning.version;
  return withoutTraceContext({ ...status?.appContextMetadata, ...spec.metadata });
}

function pipeline(owning: OwningVersion | undefined): Attributes {
  if (owning === undefined) return {};
  const { type, version } = owning;
  return {
    'cicd.pipeline.name': type === 'app' ? version.spec.appName : version.spec.workloadName,
    'cicd.pipeline.run.id': version.metadata.uid ?? '',
  };
}

function inNamespace({ namespace }: ObjectMeta): Attributes {
  return namespace === undefined ? {} : { 'k8s.namespace.name': namespace };
}

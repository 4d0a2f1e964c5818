import { JobKind, type Job } from '../../api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { JobOptions } from '../../api/keptn/job-options.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { withoutBookkeeping } from '../copied-metadata.ts';
import { ownedBy } from '../../api/object.ts';
import type { Blueprint } from './function-source.ts';
import { inheritedLabels } from './job-labels.ts';
import { containerWorkload, functionWorkload, type Workload } from './job-container.ts';
import { mergedOptions, podOptions, inOwnImage } from './job-options.ts';
import { type Retries, retriesOf } from './job-retries.ts';
import type { JobSettings } from './runner-image.ts';
import { selectionLabels } from '../selection-labels.ts';
import { defined } from '../../api/json.ts';

/** Keptn's default of `ttlSecondsAfterFinished`. */
export const defaultTtlSeconds = 300;

const longestLabelValue = 63;

export interface JobRequest {
  readonly name: string;
  readonly task: KeptnTask;
  readonly definition: KeptnTaskDefinition;
  readonly blueprint: Blueprint;
  readonly settings: JobSettings;
  /** The task's own span, while tracing is on. */
  readonly traceparent?: string | undefined;
}

/**
 * The Job of a task, with Keptn's values (docs/compatibility.md §5) but for these: it has no TTL until its outcome is in the
 * task's status, it carries a label by which its Pods are watched and of the task's only those that select no Pods, a time-out below a second counts as one, and a function
 * that Sluice's runner repeats is not repeated by Kubernetes (`retriesOf`). What is not set is not in it. The same task
 * gets the same Job at any time: a Job that was refused is asked for again only when its back-off is over.
 */
export function jobFor(request: JobRequest): Job {
  const { name, task, definition, blueprint } = request;
  const { annotations } = withoutBookkeeping(task.metadata);
  const { namespace } = task.metadata;
  const { options, retries, workload } = jobParts(request);
  const labels = {
    ...inheritedLabels(task.metadata.labels),
    ...options.labels,
    [sluiceKeys.task]: taskLabel(task),
  };
  const { container, volumes } = workload;
  const podAnnotations = { ...options.annotations, ...annotations };
  return {
    apiVersion: JobKind.apiVersion,
    kind: JobKind.kind,
    metadata: {
      name,
      ...defined({ namespace }),
      // Nothing selects Pods by the labels of their Job: only people read these.
      labels: { ...labels, ...taskSelection(task) },
      annotations: { ...annotations, ...identityAnnotations(task) },
      ownerReferences: [ownedBy(KeptnTask, task)],
    },
    spec: {
      ...retries.job,
      template: {
        metadata: {
          labels,
          ...(Object.keys(podAnnotations).length > 0 && { annotations: podAnnotations }),
        },
        spec: {
          restartPolicy: retries.restartPolicy,
          ...identityOf(definition, blueprint),
          ...podOptions(options),
          containers: [container],
          ...(volumes.length > 0 && { volumes }),
        },
      },
    },
  };
}

/** What the Job of a task is put together from. */
export interface JobParts {
  readonly options: JobOptions;
  readonly retries: Retries;
  readonly workload: Workload;
}

/** The parts of the Job that `jobFor` makes. */
export function jobParts(request: JobRequest): JobParts {
  const { task, definition, blueprint, settings, traceparent } = request;
  const asked = mergedOptions(settings.jobDefaults, definition.spec.job);
  const retries = retriesOf({ ...request, options: asked });
  if (blueprint.type === 'container') {
    const workload = containerWorkload(blueprint.container, task, { options: asked, traceparent });
    return { options: asked, retries, workload };
  }
  const { image, isOwn } = settings.images[blueprint.runner];
  const options = isOwn ? inOwnImage(asked) : asked;
  const { args } = retries;
  const workload = functionWorkload(blueprint, task, { image, args, options, traceparent });
  return { options, retries, workload };
}

/** The value of the label that a task's Job and Pods carry: the task's name, or its uid where the name is too long. */
export function taskLabel({ metadata }: KeptnTask): string {
  return metadata.name.length <= longestLabelValue ? metadata.name : (metadata.uid ?? '');
}

function taskSelection({ spec, metadata }: KeptnTask): Record<string, string> {
  const { appName, appVersion, workloadName = '', workloadVersion } = spec.context ?? {};
  return selectionLabels({
    app: appName,
    workload: workloadName,
    version: workloadName === '' ? appVersion : workloadVersion,
    phase: spec.checkType,
    definition: spec.taskDefinition,
    parent: metadata.name,
  });
}

function identityAnnotations({ metadata, spec: { context } }: KeptnTask): Record<string, string> {
  const workload = context?.workloadName ?? '';
  return {
    [keptnAnnotations.app]: context?.appName ?? '',
    [keptnAnnotations.taskName]: metadata.name,
    ...(workload === ''
      ? { [keptnAnnotations.version]: context?.appVersion ?? '' }
      : {
          [keptnAnnotations.workload]: workload,
          [keptnAnnotations.version]: context?.workloadVersion ?? '',
        }),
  };
}

/**
 * What the Pod may do and pull, from the definition as it is when the Job is made. A function gets no token of the default
 * service account: it has no business with the API server unless its definition names an account, or asks for the token.
 */
function identityOf(
  { spec }: KeptnTaskDefinition,
  { type }: Pick<Blueprint, 'type'>,
): Record<string, unknown> {
  const { serviceAccount, imagePullSecrets } = spec;
  const isForFunction = type === 'function' && serviceAccount === undefined;
  const mounts = spec.automountServiceAccountToken?.type ?? (isForFunction ? false : undefined);
  return {
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount.name }),
    ...defined({ automountServiceAccountToken: mounts, imagePullSecrets }),
  };
}

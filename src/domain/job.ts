import { JobKind, type Job } from '../api/builtin.ts';
import { keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import type { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { withoutBookkeeping } from './bookkeeping.ts';
import { ownedBy } from './check-objects.ts';
import { durationOr } from './duration.ts';
import type { Blueprint, Runner } from './function-source.ts';
import { containerWorkload, functionWorkload } from './job-container.ts';

/** Keptn's defaults, for tasks that were stored without them. */
const defaultRetries = 10;
const defaultTimeoutMs = 300_000;
/** Keptn's default of `ttlSecondsAfterFinished`. */
export const defaultTtlSeconds = 300;

const longestLabelValue = 63;

export interface JobRequest {
  readonly name: string;
  readonly task: KeptnTask;
  readonly definition: KeptnTaskDefinition;
  readonly blueprint: Blueprint;
  readonly images: Readonly<Record<Runner, string>>;
}

/**
 * The Job of a task, with Keptn's values (compatibility reference §5) but for three: it has no TTL until its outcome is in
 * the task's status, it carries a label by which its Pods are watched, and a time-out below a second counts as one.
 */
export function jobFor({ name, task, definition, blueprint, images }: JobRequest): Job {
  const { labels, annotations } = withoutBookkeeping(task.metadata);
  const labelled = { ...labels, [sluiceKeys.task]: taskLabel(task) };
  const { namespace } = task.metadata;
  const { container, volumes } =
    blueprint.type === 'container'
      ? containerWorkload(blueprint.container, task)
      : functionWorkload(blueprint, task, images[blueprint.runner]);
  return {
    apiVersion: JobKind.apiVersion,
    kind: JobKind.kind,
    metadata: {
      name,
      ...(namespace !== undefined && { namespace }),
      labels: labelled,
      annotations: { ...annotations, ...identityAnnotations(task) },
      ownerReferences: [ownedBy(KeptnTask, task)],
    },
    spec: {
      backoffLimit: task.spec.retries ?? defaultRetries,
      activeDeadlineSeconds: wholeSeconds(task.spec.timeout),
      template: {
        metadata: { labels: labelled, ...(annotations && { annotations }) },
        spec: {
          restartPolicy: 'OnFailure',
          ...identityOf(definition),
          containers: [container],
          ...(volumes.length > 0 && { volumes }),
        },
      },
    },
  };
}

/** The value of the label that a task's Job and Pods carry: the task's name, or its uid where the name is too long. */
export function taskLabel({ metadata }: KeptnTask): string {
  return metadata.name.length <= longestLabelValue ? metadata.name : (metadata.uid ?? '');
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

/** What the Pod may do and pull, from the definition as it is when the Job is made. */
function identityOf({ spec }: KeptnTaskDefinition): Record<string, unknown> {
  const { serviceAccount, automountServiceAccountToken, imagePullSecrets } = spec;
  return {
    ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount.name }),
    ...(automountServiceAccountToken !== undefined && {
      automountServiceAccountToken: automountServiceAccountToken.type,
    }),
    ...(imagePullSecrets !== undefined && { imagePullSecrets }),
  };
}

// A Job with a deadline of 0 seconds would fail before it starts.
function wholeSeconds(timeout: string | undefined): number {
  return Math.max(1, Math.floor(durationOr(timeout, defaultTimeoutMs) / 1000));
}

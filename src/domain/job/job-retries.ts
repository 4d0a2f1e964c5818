import type { Job } from '../../api/builtin.ts';
import type { JobOptions } from '../../api/keptn/job-options.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { durationOr } from '../go/duration.ts';
import { type Blueprint, type FunctionBlueprint, secretVariables } from './function-source.ts';
import { functionContainerName } from './job-container.ts';
import { type JobSettings, retriesInside } from './runner-image.ts';
import { lostExitCodes } from './lost-run.ts';
import { runnerArguments } from './runner-arguments.ts';

/** Keptn's defaults, for tasks that were stored without them. */
export const defaultRetries = 10;
export const defaultTimeoutMs = 300_000;

/**
 * How much later than the runner's own limit the Job's comes, so that it is the runner that says how it went. The runner counts
 * from its start, Kubernetes from the Job's, and anew when a suspended Job is resumed.
 */
const graceMs = 30_000;
/** How often Kubernetes makes a new Pod, at most, for a function whose Pod was lost before its runner came to an end. */
const mostLostPods = 3;

/** How a task's Job repeats what fails, and which of that the runner gets as arguments. */
export interface Retries {
  readonly job: Readonly<Record<string, unknown>> & {
    readonly backoffLimit: number;
    readonly activeDeadlineSeconds: number;
  };
  readonly restartPolicy: 'OnFailure' | 'Never';
  /** Undefined for a container, and for images that are not Sluice's. */
  readonly args: readonly string[] | undefined;
}

export interface Repeated {
  readonly task: KeptnTask;
  readonly definition: KeptnTaskDefinition;
  readonly blueprint: Blueprint;
  readonly options: JobOptions;
  readonly settings: JobSettings;
}

/**
 * Keptn's way for containers and foreign images: Kubernetes starts them again, unless they are to have no retries. A function in Sluice's own image is repeated by
 * its runner (KEP 90): its Pod is never started again, its exit is the end, and only a Pod that was lost is replaced.
 */
export function retriesOf(repeated: Repeated): Retries {
  const { task, definition, blueprint, options, settings } = repeated;
  const retries = task.spec.retries ?? defaultRetries;
  const timeoutMs = timeoutOf(task);
  const keptns: Retries = {
    job: { backoffLimit: retries, activeDeadlineSeconds: wholeSeconds(timeoutMs) },
    // A kubelet starts a container again before the Job controller has counted its failure: "no retries" would be a second run.
    restartPolicy: retries === 0 ? 'Never' : 'OnFailure',
    args: undefined,
  };
  if (blueprint.type === 'container') return keptns;
  const image = settings.images[blueprint.runner];
  const { retryInterval, attemptTimeout } = definition.spec;
  const runner = {
    retryIntervalMs: knownMs(retryInterval, 0),
    attemptTimeoutMs: knownMs(attemptTimeout, 1),
    timeoutMs,
    variables: variablesOf(blueprint, { task, options }),
    onlyHosts: blueprint.code.type === 'url' ? (settings.allowedHosts ?? []) : [],
  };
  if (!retriesInside(image, settings)) {
    const once = { ...runner, retries: 0 };
    return { ...keptns, args: image.isOwn ? runnerArguments(blueprint, once) : undefined };
  }
  return {
    job: {
      // A task without retries is not repeated for whatever reason.
      backoffLimit: Math.min(retries, mostLostPods),
      activeDeadlineSeconds: wholeSeconds(timeoutMs + graceMs),
      podFailurePolicy: failOnExit,
    },
    restartPolicy: 'Never',
    args: runnerArguments(blueprint, { ...runner, retries }),
  };
}

/** The deadline that the Job of a task begins with, in seconds from its start. */
export function activeSecondsOf(task: KeptnTask, { spec }: Job): number {
  const isRepeatedInside = spec['podFailurePolicy'] !== undefined;
  return wholeSeconds(timeoutOf(task) + (isRepeatedInside ? graceMs : 0));
}

/** A Job with a deadline of 0 seconds would fail before it starts. */
function timeoutOf({ spec }: KeptnTask): number {
  return Math.max(1000, durationOr(spec.timeout, defaultTimeoutMs));
}

/**
 * The runner has repeated what can be repeated: its failure ends the Job. A Pod that was evicted is not counted at all; one whose
 * container was killed or never began is, up to `backoffLimit`.
 */
const failOnExit = {
  rules: [
    { action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] },
    {
      action: 'FailJob',
      onExitCodes: {
        containerName: functionContainerName,
        operator: 'NotIn',
        values: [0, ...lostExitCodes],
      },
    },
  ],
} as const;

/** Undefined leaves it to the runner: nothing was said, or nothing that could be meant. */
function knownMs(duration: string | undefined, shortestMs: number): number | undefined {
  const timeMs = durationOr(duration, Number.NaN);
  return timeMs >= shortestMs ? timeMs : undefined;
}

/** The runner hands on only the variables it was given by name; the keys behind `envFrom` are not known here. */
function variablesOf(
  { secrets }: FunctionBlueprint,
  { task, options }: Pick<Repeated, 'task' | 'options'>,
): readonly string[] {
  if (options.envFrom !== undefined && options.envFrom.length > 0) return ['*'];
  return secretVariables([task.spec.secureParameters?.secrets, secrets]).map(({ env }) => env);
}

function wholeSeconds(timeMs: number): number {
  return Math.floor(timeMs / 1000);
}

import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { DurationInvalid, formatDuration, parseDuration } from '../../domain/go/duration.ts';
import { type Rule, rule } from '../base/rule.ts';

/** A duration in a spec, and the shortest one that makes sense. */
interface StatedDuration {
  readonly path: string;
  readonly text: string;
  /**
   * - `timeout`: of a Job, in whole seconds and never negative.
   * - `window`: longer than nothing.
   * - `wait`: may be nothing.
   * - `shift`: may be negative.
   */
  readonly use: 'timeout' | 'window' | 'wait' | 'shift';
}

interface Entry<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  of(
    object: T,
  ): readonly (readonly [path: string, text: string | undefined, use: StatedDuration['use']])[];
}

const entry = <T extends KubernetesObject>(kind: Kind<T>, of: Entry<T>['of']): Entry<T> => ({
  kind,
  of,
});

const table: readonly Entry[] = [
  entry(KeptnTaskDefinition, ({ spec }) => [
    ['spec.timeout', spec.timeout, 'timeout'],
    ['spec.retryInterval', spec.retryInterval, 'wait'],
    ['spec.attemptTimeout', spec.attemptTimeout, 'timeout'],
  ]),
  entry(KeptnTask, ({ spec }) => [['spec.timeout', spec.timeout, 'timeout']]),
  entry(KeptnEvaluationDefinition, ({ spec }) => [
    ['spec.retryInterval', spec.retryInterval, 'wait'],
    ['spec.maxValueAge', spec.maxValueAge, 'window'],
    ['spec.minTimeAfterDeployment', spec.minTimeAfterDeployment, 'shift'],
  ]),
  entry(CheckDefinition, ({ spec }) => [['spec.deadline', spec.deadline, 'wait']]),
  entry(KeptnEvaluation, ({ spec }) => [['spec.retryInterval', spec.retryInterval, 'wait']]),
  entry(KeptnMetric, ({ spec: { range } }) => [
    ['spec.range.interval', range?.interval, 'window'],
    // An empty step is none.
    ['spec.range.step', range?.step || undefined, 'window'],
  ]),
  entry(KeptnAppContext, ({ spec }) => [
    ['spec.deploymentTimeout', spec?.deploymentTimeout, 'window'],
  ]),
  entry(KeptnConfig, ({ spec }) => [
    ['spec.observabilityTimeout', spec.observabilityTimeout, 'wait'],
    ['spec.deadlines.definition', spec.deadlines?.definition, 'wait'],
    ['spec.deadlines.app', spec.deadlines?.app, 'wait'],
    ['spec.deadlines.metric', spec.deadlines?.metric, 'wait'],
    ['spec.deadlines.jobStart', spec.deadlines?.jobStart, 'wait'],
    ['spec.maxValueAge', spec.maxValueAge, 'window'],
    ['spec.minTimeAfterDeployment', spec.minTimeAfterDeployment, 'shift'],
  ]),
];

function durationsOf(object: KubernetesObject): readonly StatedDuration[] {
  const entries = table.find(({ kind }) => kind.kind === object.kind)?.of(object) ?? [];
  return entries.flatMap(([path, text, use]) => (text === undefined ? [] : [{ path, text, use }]));
}

const kinds = table.map(({ kind }) => kind);

const invalid = rule({
  id: 'duration-invalid',
  title: 'Text that is no duration',
  why: 'The pattern of the CRD lets through what no program can read. One such object stopped Keptn from reading any of its kind.',
  fix: 'Write numbers with units: 90s, 5m, 1h30m.',
  severity: 'error',
  kinds,
  check: (object) =>
    durationsOf(object).flatMap(({ path, text }) => {
      const read = readDuration(text);
      return typeof read === 'number' ? [] : [{ path, message: read.error }];
    }),
});

const impossible = rule({
  id: 'duration-impossible',
  title: 'A duration that is too short to be one',
  why: 'The API server refuses a Job with a negative timeout, and a provider a query over nothing.',
  fix: 'Write a duration longer than nothing.',
  severity: 'error',
  kinds,
  check: (object) =>
    durationsOf(object).flatMap(({ path, text, use }) => {
      const read = readDuration(text);
      if (typeof read !== 'number') return [];
      if (use === 'window' && read <= 0) {
        return [{ path, message: `must be longer than nothing, not "${text}"` }];
      }
      return use === 'timeout' && read < 0
        ? [{ path, message: `must not be negative, as "${text}" is` }]
        : [];
    }),
});

const tooShort = rule({
  id: 'duration-too-short',
  title: 'A duration that hardly leaves time for anything',
  why: 'Kubernetes counts the timeout of a Job in whole seconds: less than one ended every task of Keptn at once. Sluice gives it a second. A wait that is negative is none.',
  fix: 'Write a longer duration.',
  severity: 'doubtful',
  kinds,
  check: (object) =>
    durationsOf(object).flatMap(({ path, text, use }) => {
      const read = readDuration(text);
      if (typeof read !== 'number') return [];
      if (use === 'timeout' && read >= 0 && read < 1000) {
        return [{ path, message: `"${text}" is shorter than a second, the least a Job can have` }];
      }
      return use === 'wait' && read < 0
        ? [{ path, message: `"${text}" is negative and counts as 0s` }]
        : [];
    }),
});

const loose = rule({
  id: 'duration-loose',
  title: 'A duration in a spelling that only some programs read',
  why: 'It is read here, but a sign or a missing digit is refused elsewhere and by people.',
  fix: 'Write digits on both sides of the point and no sign: 0.5m, or better 30s.',
  severity: 'doubtful',
  kinds,
  check: (object) =>
    durationsOf(object).flatMap(({ path, text }) => {
      const isLoose = text.startsWith('+') || /(^|[^0-9])\.|\.([^0-9]|$)/.test(text);
      const read = readDuration(text);
      if (!isLoose || typeof read !== 'number') return [];
      const message = `"${text}" is written loosely; write it as 30s, 5m or 1h30m`;
      return [{ path, message, mend: { type: 'set', to: formatDuration(read) } }];
    }),
});

/** The rules about durations. */
export const durationRules: readonly Rule[] = [invalid, impossible, tooShort, loose];

function readDuration(text: string): number | { readonly error: string } {
  try {
    return parseDuration(text);
  } catch (error) {
    if (error instanceof DurationInvalid) return { error: error.message };
    throw error;
  }
}

import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { type Rule, rule } from '../base/rule.ts';

interface Entry<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  of(object: T): Readonly<Record<string, number | undefined>>;
}

const entry = <T extends KubernetesObject>(kind: Kind<T>, of: Entry<T>['of']): Entry<T> => ({
  kind,
  of,
});

const counts: readonly Entry[] = [
  entry(KeptnTaskDefinition, ({ spec }) => ({
    'spec.retries': spec.retries,
    'spec.ttlSecondsAfterFinished': spec.ttlSecondsAfterFinished,
  })),
  entry(KeptnTask, ({ spec }) => ({ 'spec.retries': spec.retries })),
  entry(KeptnApp, ({ spec }) => ({ 'spec.revision': spec.revision })),
  entry(KeptnMetric, ({ spec }) => ({
    'spec.fetchIntervalSeconds': spec.fetchIntervalSeconds,
    'spec.range.storedResults': spec.range?.storedResults,
  })),
  entry(KeptnConfig, ({ spec }) => ({
    'spec.keptnAppCreationRequestTimeoutSeconds': spec.keptnAppCreationRequestTimeoutSeconds,
  })),
];

const negative = rule({
  id: 'number-negative',
  title: 'A number that must not be negative',
  why: 'The API server refuses a Job with it, or Keptn could not read the object at all.',
  fix: 'Write 0 or more.',
  severity: 'error',
  kinds: counts.map(({ kind }) => kind),
  check(object) {
    const stated = counts.find(({ kind }) => kind.kind === object.kind)?.of(object) ?? {};
    return Object.entries(stated)
      .filter(([, value = 0]) => value < 0)
      .map(([path, value]) => ({ path, message: `must not be negative, as ${value} is` }));
  },
});

const noAttempt = rule<KeptnEvaluation | KeptnEvaluationDefinition>({
  id: 'evaluation-without-attempt',
  title: 'An evaluation without a single measurement',
  why: 'In Keptn, retries is the number of measurements, and less than one fails every evaluation unseen. Sluice measures once.',
  fix: 'Write 1 or more.',
  severity: 'doubtful',
  kinds: [KeptnEvaluation, KeptnEvaluationDefinition],
  check: ({ spec: { retries = 1 } }) =>
    retries >= 1
      ? []
      : [
          {
            path: 'spec.retries',
            message: `is ${retries}, and counts as 1: retries is the number of measurements`,
          },
        ],
});

/** The rules about numbers. */
export const numberRules: readonly Rule[] = [negative, noAttempt];

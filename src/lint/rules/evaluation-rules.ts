import {
  KeptnEvaluationDefinition,
  type Objective,
} from '../../api/keptn/evaluation-definition.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { targetError } from '../../domain/evaluation/evaluation-target.ts';
import { metricNamespaces } from '../../domain/measurement/metric-namespaces.ts';
import { parseGoFloat } from '../../domain/go/go-float.ts';
import { type Found, type Rule, rule } from '../base/rule.ts';

const kinds = [KeptnEvaluationDefinition] as const;

const target = rule({
  id: 'objective-target',
  title: 'A target that no value can be compared with',
  why: 'The objective can never be met, and the version waits until its evaluation has failed.',
  fix: 'Write < or >, directly followed by a number: ">4.5".',
  severity: 'error',
  kinds,
  check: each(({ evaluationTarget }) => {
    const error = isReadable(evaluationTarget) ? targetError(evaluationTarget) : undefined;
    if (error === undefined) return undefined;
    const shown = JSON.stringify(evaluationTarget.slice(0, 40));
    const example = withoutEqual(evaluationTarget) ?? '>4.5';
    const message = `no value can ever meet ${shown} (${error}); write < or > directly followed by a number, for example "${example}"`;
    return { path: 'evaluationTarget', message };
  }),
});

/** For a target with `>=` or `<=`, of which there are none, what says the same of whole numbers. */
function withoutEqual(written: string): string | undefined {
  const [, sign, digits = ''] = /^([<>])=\s*(-?\d{1,9})$/u.exec(written) ?? [];
  if (sign === undefined) return undefined;
  return sign === '>' ? `>${Number(digits) - 1}` : `<${Number(digits) + 1}`;
}

const neverMet = rule({
  id: 'objective-never-met',
  title: 'A target that is never met',
  why: 'Nothing is less or more than NaN, nor more than infinity.',
  fix: 'Write a number.',
  severity: 'doubtful',
  kinds,
  check: each(({ evaluationTarget }) => {
    if (!isReadable(evaluationTarget) || targetError(evaluationTarget) !== undefined)
      return undefined;
    const parsed = parseGoFloat(evaluationTarget.slice(1));
    if ('error' in parsed) return undefined;
    const { value } = parsed;
    const end = evaluationTarget.startsWith('>') ? Infinity : -Infinity;
    const never = Number.isNaN(value) || value === end;
    const message = `no value ever meets "${evaluationTarget}"; write a number`;
    return never ? { path: 'evaluationTarget', message } : undefined;
  }),
});

const source = rule({
  id: 'objective-source',
  title: 'An objective with both a metric and a query, or with neither',
  why: 'What is to be measured would be a guess.',
  fix: 'Set exactly one of keptnMetricRef and query.',
  severity: 'error',
  kinds,
  check: each(({ keptnMetricRef, query = '' }) =>
    (keptnMetricRef !== undefined) === (query === '')
      ? undefined
      : { path: '', message: 'set exactly one of keptnMetricRef and query' },
  ),
});

const withoutQuery = rule({
  id: 'objective-provider-without-query',
  title: 'A provider without a query',
  why: 'A KeptnMetric has a provider of its own; the one named here is never asked.',
  fix: 'Remove provider, or write a query instead of keptnMetricRef.',
  severity: 'doubtful',
  kinds,
  check: each(({ provider, query = '' }) =>
    provider === undefined || query !== ''
      ? undefined
      : { path: 'provider', message: 'has no effect without a query; remove it, or write a query' },
  ),
});

const whichProvider = rule({
  id: 'objective-provider-unclear',
  title: 'A query without a provider, and not exactly one to choose from',
  why: 'Without a name the only KeptnMetricsProvider of the namespace is asked; with none or several of them none is.',
  fix: 'Name one in provider.name, or create one.',
  severity: 'missing',
  kinds,
  check({ metadata, spec }, context) {
    const { namespace = '' } = metadata;
    const isShared = namespace === context.definitionsNamespace;
    if (isShared || !context.isComplete(KeptnMetricsProvider)) return [];
    const asking = spec.objectives.flatMap(({ query = '', provider }, index) =>
      query !== '' && provider === undefined ? [index] : [],
    );
    if (asking.length === 0) return [];
    const names = context.lookup
      .list(KeptnMetricsProvider, namespace)
      .map((provider) => provider.metadata.name)
      .toSorted();
    if (names.length === 1) return [];
    const message =
      names.length === 0
        ? `there is no KeptnMetricsProvider in ${namespace} to ask; create one`
        : `names no provider, and ${namespace} has ${names.length}; set provider.name to one of: ${names.join(', ')}`;
    const pending = `not seen yet; a KeptnMetricsProvider in ${namespace} is waited for`;
    return asking.map((index) => ({
      path: `spec.objectives[${index}]`,
      message,
      ...(names.length === 0 && { pending }),
    }));
  },
});

const metricElsewhere = rule({
  id: 'objective-metric-elsewhere',
  title: 'A metric of another namespace',
  why: 'Metrics are read from the namespace of the evaluation and from that of Sluice. The evaluation waits for one that is elsewhere, and its version is held.',
  fix: 'Move the KeptnMetric into one of the two, and remove keptnMetricRef.namespace.',
  severity: 'doubtful',
  kinds,
  check({ metadata, spec }, { operatorNamespace, definitionsNamespace }) {
    const { namespace: own = '' } = metadata;
    // Where a shared definition is used is not known here.
    if (own === definitionsNamespace) return [];
    return spec.objectives.flatMap(({ keptnMetricRef }, index) => {
      const stated = keptnMetricRef?.namespace;
      if (metricNamespaces(stated, { own, operatorNamespace }).length > 0) return [];
      const message = `metrics of namespace ${stated} are not read, so the evaluation waits; move the KeptnMetric into ${own} or ${operatorNamespace}`;
      return [{ path: `spec.objectives[${index}].keptnMetricRef.namespace`, message }];
    });
  },
});

const noObjectives = rule({
  id: 'evaluation-without-objectives',
  title: 'An evaluation without objectives',
  why: 'It passes whatever happens.',
  fix: 'Add an objective, or remove the definition.',
  severity: 'doubtful',
  kinds,
  check: ({ spec }) =>
    spec.objectives.length > 0
      ? []
      : [
          {
            path: 'spec.objectives',
            message: 'is empty: the evaluation passes whatever happens; add an objective',
          },
        ],
});

/** The rules about objectives. */
export const evaluationRules: readonly Rule[] = [
  target,
  source,
  neverMet,
  withoutQuery,
  metricElsewhere,
  whichProvider,
  noObjectives,
];

/** Pages of digits are left to the evaluation, so that they cannot make admission wait. */
function isReadable(evaluationTarget: string): boolean {
  return evaluationTarget.length <= 1_000;
}

/** The check of every objective by itself; its paths are relative to the objective. */
function each(
  judge: (objective: Objective) => Found | undefined,
): (definition: KeptnEvaluationDefinition) => readonly Found[] {
  return ({ spec }) =>
    spec.objectives.flatMap((objective, index) => {
      const found = judge(objective);
      if (found === undefined) return [];
      const path = `spec.objectives[${index}]`;
      return [{ ...found, path: found.path === '' ? path : `${path}.${found.path}` }];
    });
}

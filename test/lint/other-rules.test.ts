import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/api/object.ts';
import { settingsFrom } from '../../src/domain/settings/keptn-config.ts';
import { rules } from '../../src/lint/rules.ts';
import {
  aConfig,
  aMetric,
  aMetricsProvider,
  anApp,
  anAppContext,
  anEvaluation,
  anEvaluationDefinition,
  aTaskDefinition,
  aWorkload,
} from '../support/builders/builders.ts';
import { lintContext, problemLines } from '../support/memory/lint-context.ts';

const there = [aMetric(), aMetricsProvider(), anEvaluationDefinition()];
const lines = (object: KubernetesObject, others: readonly KubernetesObject[] = there) =>
  problemLines(object, lintContext(others));

const metric = { keptnMetricRef: { name: 'cpu' } };
const withTarget = (evaluationTarget: string) =>
  anEvaluationDefinition({ spec: { objectives: [{ ...metric, evaluationTarget }] } });
const query = { query: 'up', name: 'up', evaluationTarget: '>0' };
const withQuery = (objective = {}) =>
  anEvaluationDefinition({ spec: { objectives: [{ ...query, ...objective }] } });

const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

describe('accepts', () => {
  test.each<[string, KubernetesObject]>([
    ['targets as Keptn reads them', withTarget('>4.5e3')],
    ['a query for the only provider', withQuery()],
    ['a query for a provider of the namespace', withQuery({ provider: { name: 'prometheus' } })],
    ['a metric with a range', aMetric({ spec: { range: { interval: '5m' } } })],
    ['a step that is empty', aMetric({ spec: { range: { interval: '5m', step: '' } } })],
    ['a type in capitals', aMetricsProvider({ spec: { type: 'Prometheus' } })],
    ['a KeptnConfig', aConfig({ metadata: { namespace: 'keptn-system' } })],
    ['an app', anApp()],
    ['span links', anAppContext({ spec: { spanLinks: [traceparent] } })],
    ['an evaluation', anEvaluation()],
  ])('%s', (_, object) => {
    expect(lines(object)).toEqual([]);
  });
});

describe('the name of a context', () => {
  const contextCalled = (name: string) => anAppContext({ metadata: { name } });
  const books = aWorkload({ spec: { app: 'books' } });

  test('that is nearly the name of an application is pointed out', () => {
    expect(lines(contextCalled('bookz'), [books])).toEqual([
      'advice context-name metadata.name: there is no application bookz here, but one that is called books; a context counts for the application of its own name',
    ]);
  });

  test('may be that of an application, or of one that is to come', () => {
    expect(lines(contextCalled('books'), [books])).toEqual([]);
    expect(lines(contextCalled('library'), [books])).toEqual([]);
    expect(lines(contextCalled('bookz'), [])).toEqual([]);
  });
});

describe('rejects', () => {
  test.each<[string, KubernetesObject, string]>([
    [
      'a target with an unknown operator',
      withTarget('=4'),
      'objective-target spec.objectives[0].evaluationTarget: no value can ever meet "=4" (invalid operator); write < or > directly followed by a number, for example ">4.5"',
    ],
    [
      'a target with "or equal", of which there is none',
      withTarget('>=10'),
      'objective-target spec.objectives[0].evaluationTarget: no value can ever meet ">=10" (strconv.ParseFloat: parsing "=10": invalid syntax); write < or > directly followed by a number, for example ">9"',
    ],
    [
      'a target that is no number',
      withTarget('> 4'),
      'objective-target spec.objectives[0].evaluationTarget: no value can ever meet "> 4" (strconv.ParseFloat: parsing " 4": invalid syntax); write < or > directly followed by a number, for example ">4.5"',
    ],
    [
      'an objective with metric and query',
      anEvaluationDefinition({ spec: { objectives: [{ ...metric, ...query }] } }),
      'objective-source spec.objectives[0]: set exactly one of keptnMetricRef and query',
    ],
    [
      'a wait that no program reads',
      anEvaluationDefinition({ spec: { retryInterval: 'x5s' } }),
      'duration-invalid spec.retryInterval: "x5s" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
    ],
    [
      'a metric of nothing',
      aMetric({ spec: { query: ' ' } }),
      'metric-without-query spec.query: is empty; write the query',
    ],
    [
      'a window of nothing',
      aMetric({ spec: { range: { interval: '0s' } } }),
      'duration-impossible spec.range.interval: must be longer than nothing, not "0s"',
    ],
    [
      'a step without an aggregation',
      aMetric({ spec: { range: { interval: '5m', step: '1m' } } }),
      'metric-range spec.range: Forbidden! step and aggregation are set together or not at all',
    ],
    [
      'a negative interval',
      aMetric({ spec: { fetchIntervalSeconds: -1 } }),
      'number-negative spec.fetchIntervalSeconds: must not be negative, as -1 is',
    ],
    [
      'a metric asked of a metric',
      aMetric({ metadata: { name: 'memory' }, spec: { provider: { name: 'cpu' } } }),
      'reference-wrong-kind spec.provider.name: cpu is a KeptnMetric; name a KeptnMetricsProvider here, or create the one of this name first',
    ],
    [
      'a type that contains a known one',
      aMetricsProvider({ spec: { type: 'prometheus-eu' } }),
      'provider-type spec.type: "prometheus-eu" is no type of provider; write one of prometheus, thanos, cortex, datadog, dynatrace, dql, elastic',
    ],
    [
      'an address without a scheme',
      aMetricsProvider({ spec: { targetServer: 'prometheus:9090' } }),
      'provider-address spec.targetServer: "prometheus:9090" is no address; write scheme, host and port, for example http://prometheus:9090',
    ],
    [
      'a time-out of settings that no program reads',
      aConfig({ metadata: { namespace: 'keptn-system' }, spec: { observabilityTimeout: '0min' } }),
      'duration-invalid spec.observabilityTimeout: "0min" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
    ],
    [
      'a negative revision',
      anApp({ spec: { revision: -1 } }),
      'number-negative spec.revision: must not be negative, as -1 is',
    ],
    [
      'an evaluation of something else',
      anEvaluation({ spec: { evaluationDefinition: 'CPU free' } }),
      'reference-illegal spec.evaluationDefinition: "CPU free" cannot be the name of anything; name a KeptnEvaluationDefinition',
    ],
  ])('%s', (_, object, line) => {
    expect(lines(object)).toEqual([`error ${line}`]);
  });
});

describe('warns of', () => {
  test.each<[string, KubernetesObject, string]>([
    [
      'a type that Keptn asks and Sluice does not yet',
      aMetricsProvider({ spec: { type: 'dynatrace' } }),
      'doubtful provider-type-unsupported spec.type: Sluice cannot ask dynatrace yet, so its metrics get no value and evaluations of them wait; use one of prometheus, thanos, cortex',
    ],
    [
      'a target that is never met',
      withTarget('>NaN'),
      'doubtful objective-never-met spec.objectives[0].evaluationTarget: no value ever meets ">NaN"; write a number',
    ],
    [
      'more than infinity',
      withTarget('>inf'),
      'doubtful objective-never-met spec.objectives[0].evaluationTarget: no value ever meets ">inf"; write a number',
    ],
    [
      'an evaluation of nothing',
      anEvaluationDefinition({ spec: { objectives: [] } }),
      'doubtful evaluation-without-objectives spec.objectives: is empty: the evaluation passes whatever happens; add an objective',
    ],
    [
      'a provider that is not asked',
      anEvaluationDefinition({
        spec: {
          objectives: [{ ...metric, provider: { name: 'prometheus' }, evaluationTarget: '>0' }],
        },
      }),
      'doubtful objective-provider-without-query spec.objectives[0].provider: has no effect without a query; remove it, or write a query',
    ],
    [
      'a metric of another tenant',
      anEvaluationDefinition({
        spec: {
          objectives: [
            { keptnMetricRef: { name: 'cpu', namespace: 'bank' }, evaluationTarget: '>0' },
          ],
        },
      }),
      'doubtful objective-metric-elsewhere spec.objectives[0].keptnMetricRef.namespace: metrics of namespace bank are not read, so the evaluation waits; move the KeptnMetric into shop or keptn-system',
    ],
    [
      'no measurement at all',
      anEvaluationDefinition({ spec: { retries: 0 } }),
      'doubtful evaluation-without-attempt spec.retries: is 0, and counts as 1: retries is the number of measurements',
    ],
    [
      'a password in an address',
      aMetricsProvider({ spec: { targetServer: 'https://me:secret@prometheus' } }),
      'risky provider-password-in-address spec.targetServer: has a password in it that anybody who may read this object can read; put it in a Secret, named in secretKeyRef',
    ],
    [
      'a key of no Secret',
      aMetricsProvider({ spec: { secretKeyRef: { key: 'a' } } }),
      'doubtful provider-secret-without-name spec.secretKeyRef.name: is not set, so queries are sent without credentials; name the Secret, or remove secretKeyRef',
    ],
    [
      'a provider that does not exist',
      aMetric({ spec: { provider: { name: 'gone' } } }),
      'missing reference-missing spec.provider.name: KeptnMetricsProvider gone does not exist in shop; create it, or correct the name',
    ],
    [
      'an endpoint that is no address',
      aConfig({
        metadata: { namespace: 'keptn-system' },
        spec: { cloudEventsEndpoint: 'events:80' },
      }),
      'doubtful config-events-endpoint spec.cloudEventsEndpoint: is no http or https address; write it whole: https://host/path',
    ],
    [
      'a KeptnConfig outside of the namespace of Sluice',
      aConfig({ metadata: { namespace: 'team' } }),
      'doubtful config-ignored spec: has no effect: only a KeptnConfig in namespace keptn-system, where Sluice runs, rules the cluster; move it there',
    ],
    [
      'a workload that is listed twice',
      anApp({
        spec: {
          workloads: [
            { name: 'a', version: '1' },
            { name: 'a', version: '2' },
          ],
        },
      }),
      'doubtful workload-listed-twice spec.workloads[1]: a is listed twice; remove one of them',
    ],
    [
      'a check that is listed twice',
      anAppContext({ spec: { preDeploymentEvaluations: ['cpu-free', 'cpu-free'] } }),
      'doubtful check-listed-twice spec.preDeploymentEvaluations[1]: cpu-free is listed twice; remove one of them',
    ],
    [
      'a span link that is none',
      anAppContext({ spec: { spanLinks: ['4bf92f3577b34da6'] } }),
      'doubtful span-link spec.spanLinks[0]: "4bf92f3577b34da6" is no W3C traceparent and is left out; write 00-<32 hex digits>-<16 hex digits>-01',
    ],
  ])('%s', (_, object, line) => {
    expect(lines(object)).toEqual([line]);
  });

  const second = aMetricsProvider({ metadata: { name: 'b' } });
  test.each<[string, { object: KubernetesObject; others: KubernetesObject[] }, string]>([
    [
      'a metric that does not exist',
      { object: anEvaluationDefinition(), others: [] },
      'missing reference-missing spec.objectives[0].keptnMetricRef.name: KeptnMetric cpu does not exist in shop or keptn-system; create it, or correct the name',
    ],
    [
      'a query with several providers to choose from',
      { object: withQuery(), others: [second, aMetricsProvider()] },
      'missing objective-provider-unclear spec.objectives[0]: names no provider, and shop has 2; set provider.name to one of: b, prometheus',
    ],
    [
      'a query with nobody to ask',
      { object: withQuery(), others: [] },
      'missing objective-provider-unclear spec.objectives[0]: there is no KeptnMetricsProvider in shop to ask; create one',
    ],
    [
      'a KeptnConfig beside the one that rules',
      {
        object: aConfig({ metadata: { name: 'later', namespace: 'keptn-system' } }),
        others: [aConfig({ metadata: { namespace: 'keptn-system' } })],
      },
      'doubtful config-ignored spec: has no effect: KeptnConfig keptn-config in keptn-system rules the cluster; change that one',
    ],
  ])('%s', (_, { object, others }, line) => {
    expect(lines(object, others)).toEqual([line]);
  });

  test('nothing that a shared definition finds where it is used', () => {
    const shared = { metadata: { namespace: 'keptn-system' } };
    expect(lines(anEvaluationDefinition(shared), [])).toEqual([]);
    expect(lines({ ...withQuery(), ...anEvaluationDefinition(shared) }, [])).toEqual([]);
  });
});

describe('the rules', () => {
  test('have an id of their own, and words that are not left empty', () => {
    const ids = rules.map(({ id }) => id);
    expect(new Set(ids).size).toBe(ids.length);
    for (const { id, title, why, fix, kinds } of rules) {
      expect(id).toMatch(/^[a-z]+(-[a-z]+)*$/);
      expect(kinds.length).toBeGreaterThan(0);
      expect(title).not.toMatch(/\.$/);
      for (const sentence of [why, fix]) expect(sentence).toMatch(/\S\.$/);
    }
  });
});

describe('a host that the KeptnConfig does not list', () => {
  const config = aConfig({
    metadata: { namespace: 'keptn-system' },
    spec: { allowedHosts: ['*.example.com'] },
  });
  const why =
    'is not among allowedHosts of the KeptnConfig; have it added there, or use one that is';

  test('is told of, for downloads and for providers', () => {
    const context = { ...lintContext(), settings: settingsFrom([config], 'keptn-system') };
    const httpRef = (url: string) => aTaskDefinition({ spec: { deno: { httpRef: { url } } } });
    expect(problemLines(httpRef('https://code.example.org/f.ts'), context)).toContain(
      `doubtful download-host-not-allowed spec.deno.httpRef.url: host code.example.org ${why}`,
    );
    expect(problemLines(httpRef('https://code.example.com/f.ts'), context).join()).not.toContain(
      'host-not-allowed',
    );
    const provider = aMetricsProvider({ spec: { targetServer: 'http://prometheus.bank:9090' } });
    expect(problemLines(provider, context)).toContain(
      `doubtful provider-host-not-allowed spec.targetServer: host prometheus.bank ${why}`,
    );
  });
});

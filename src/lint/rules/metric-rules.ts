import { KeptnMetric } from '../../api/keptn/metric.ts';
import {
  askedProviderTypes,
  KeptnMetricsProvider,
  unaskedProviderTypes,
  typeOfProvider,
} from '../../api/keptn/metrics-provider.ts';
import { type Rule, rule } from '../base/rule.ts';

const emptyQuery = rule({
  id: 'metric-without-query',
  title: 'A metric with an empty query',
  why: 'There is no provider that answers nothing.',
  fix: 'Write the query.',
  severity: 'error',
  kinds: [KeptnMetric],
  check: ({ spec }) =>
    spec.query.trim() === '' ? [{ path: 'spec.query', message: 'is empty; write the query' }] : [],
});

const rangePair = rule({
  id: 'metric-range',
  title: 'A step without an aggregation, or the other way round',
  why: 'Many values become one by the aggregation, and there are many only with a step. Keptn refuses it, too.',
  fix: 'Set both step and aggregation, or neither.',
  severity: 'error',
  kinds: [KeptnMetric],
  check: ({ spec: { range } }) =>
    ((range?.step ?? '') === '') === (range?.aggregation === undefined)
      ? []
      : [
          {
            path: 'spec.range',
            message: 'Forbidden! step and aggregation are set together or not at all',
          },
        ],
});

const providerTypes = [...askedProviderTypes, ...unaskedProviderTypes];

const providerType = rule({
  id: 'provider-type',
  title: 'A provider of no known type',
  why: 'The pattern of the CRD looks for a known word anywhere in the text; Keptn and Sluice then know nothing of such a type. Without a type, the name of the provider is its type.',
  fix: `Write one of ${providerTypes.join(', ')}.`,
  severity: 'error',
  kinds: [KeptnMetricsProvider],
  check(provider) {
    if (providerTypes.includes(typeOfProvider(provider))) return [];
    const { type = '' } = provider.spec;
    const said =
      type === ''
        ? `is not set, and "${provider.metadata.name.slice(0, 60)}", the name, is no type of provider`
        : `"${type.slice(0, 60)}" is no type of provider`;
    return [{ path: 'spec.type', message: `${said}; write one of ${providerTypes.join(', ')}` }];
  },
});

const providerUnasked = rule({
  id: 'provider-type-unsupported',
  title: 'A provider of a type that Sluice does not ask yet',
  why: 'Keptn asks it; here its metrics never get a value, and evaluations of them wait for ever.',
  fix: `Use one of ${askedProviderTypes.join(', ')}, or measure it by a task.`,
  severity: 'doubtful',
  hinders: true,
  kinds: [KeptnMetricsProvider],
  check: (provider) =>
    unaskedProviderTypes.includes(typeOfProvider(provider))
      ? [
          {
            path: 'spec.type',
            message: `Sluice cannot ask ${typeOfProvider(provider)} yet, so its metrics get no value and evaluations of them wait; use one of ${askedProviderTypes.join(', ')}`,
          },
        ]
      : [],
});

const providerAddress = rule({
  id: 'provider-address',
  title: 'An address that cannot be asked',
  why: 'Queries are sent over http or https; without the scheme the address means nothing.',
  fix: 'Write scheme, host and port: http://prometheus:9090.',
  severity: 'error',
  kinds: [KeptnMetricsProvider],
  check: ({ spec: { targetServer } }) =>
    /^https?:\/\/[^/\s]/i.test(targetServer) && URL.canParse(targetServer)
      ? []
      : [
          {
            path: 'spec.targetServer',
            message: `"${withoutPassword(targetServer).slice(0, 100)}" is no address; write scheme, host and port, for example http://prometheus:9090`,
          },
        ],
});

const passwordInAddress = rule({
  id: 'provider-password-in-address',
  title: 'A password in an address',
  why: 'Everybody who may read the object can read it.',
  fix: 'Put user and password in a Secret and name that in secretKeyRef.',
  severity: 'risky',
  kinds: [KeptnMetricsProvider],
  check: ({ spec: { targetServer } }) =>
    URL.canParse(targetServer) && new URL(targetServer).password !== ''
      ? [
          {
            path: 'spec.targetServer',
            message:
              'has a password in it that anybody who may read this object can read; put it in a Secret, named in secretKeyRef',
          },
        ]
      : [],
});

const namelessSecret = rule({
  id: 'provider-secret-without-name',
  title: 'A key of no Secret',
  why: 'Without the name of the Secret, queries are sent without credentials.',
  fix: 'Name the Secret, or remove secretKeyRef.',
  severity: 'doubtful',
  kinds: [KeptnMetricsProvider],
  check: ({ spec: { secretKeyRef } }) =>
    secretKeyRef === undefined || (secretKeyRef.name ?? '').trim() !== ''
      ? []
      : [
          {
            path: 'spec.secretKeyRef.name',
            message:
              'is not set, so queries are sent without credentials; name the Secret, or remove secretKeyRef',
          },
        ],
});

/** The rules about metrics and who is asked for them. */
export const metricRules: readonly Rule[] = [
  emptyQuery,
  rangePair,
  providerType,
  providerUnasked,
  providerAddress,
  passwordInAddress,
  namelessSecret,
];

/** What stands between `//` and `@` is not repeated. */
function withoutPassword(address: string): string {
  return address.replace(/\/\/[^/@]*@/, '//…@');
}

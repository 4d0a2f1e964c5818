import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf } from '../resource.ts';
import { bool, object, optional, shortText, text, type Static } from '../schema.ts';
import { metricsGroup } from './groups.ts';

/** The types of providers that Sluice asks: Prometheus, and what speaks its HTTP API. */
export const askedProviderTypes: readonly string[] = ['prometheus', 'thanos', 'cortex'];

/** The further types that Keptn knows. They are accepted, so that Keptn's objects can be applied, and nothing asks them. */
export const unaskedProviderTypes: readonly string[] = ['datadog', 'dynatrace', 'dql', 'elastic'];

const spec = object('Where the provider is and how to talk to it.', {
  type: optional(
    text(
      'What it is: prometheus, thanos or cortex; the name of the provider if not set, as v1alpha2 has it. Of datadog, dynatrace, dql and elastic nothing is asked yet.',
      {
        pattern: 'cortex|datadog|dql|dynatrace|prometheus|elastic|thanos',
      },
    ),
  ),
  targetServer: shortText('Its address, with scheme and port.'),
  secretKeyRef: optional(
    object(
      'The credentials: one key of a Secret in the same namespace.',
      {
        key: text('The key.'),
        name: optional(text('Name of the Secret.')),
        optional: optional(bool('Whether the Secret or the key may be missing.')),
      },
      { 'x-kubernetes-map-type': 'atomic' },
    ),
  ),
  insecureSkipTlsVerify: optional(
    bool('Whether its certificate is accepted unchecked.', { default: false }),
  ),
});

const status = statusObject('What Sluice knows of the provider.', {});

export type KeptnMetricsProviderSpec = Static<typeof spec>;
export type KeptnMetricsProviderStatus = Static<typeof status>;

const v1 = { name: 'v1', spec, status } as const;

/** A system that KeptnMetrics are asked of. */
export const KeptnMetricsProvider = defineResource({
  group: metricsGroup,
  kind: 'KeptnMetricsProvider',
  shortNames: ['kmp'],
  description: 'A system that answers the queries of KeptnMetrics.',
  summary: 'Ready',
  versions: [v1, ...alike(v1, ['v1beta1', 'v1alpha3', 'v1alpha2'])],
});
export type KeptnMetricsProvider = ObjectOf<typeof KeptnMetricsProvider>;

/** What a provider is, in lower case. One without a type is what its name says, as in Keptn, whose v1alpha2 knows no type. */
export function typeOfProvider({ metadata, spec: { type = '' } }: KeptnMetricsProvider): string {
  return (type === '' ? metadata.name : type).toLowerCase();
}

import { statusObject } from '../condition.ts';
import { alike, defineResource } from '../resource.ts';
import { bool, object, optional, shortText, text } from '../schema.ts';
import { lifecycleGroup } from './groups.ts';

const v1alpha3 = {
  name: 'v1alpha3',
  spec: object('Where the provider is and how to talk to it.', {
    targetServer: shortText('Its address, with scheme and port.'),
    secretKeyRef: optional(
      object('The credentials: one key of a Secret in the same namespace.', {
        key: text('The key.'),
        name: optional(text('Name of the Secret.', { default: '' })),
        optional: optional(bool('Whether the Secret or the key may be missing.')),
      }),
    ),
    secretName: optional(text('Name of the Secret, as v1alpha1 has it.')),
  }),
  status: statusObject('Not used.', {}),
  deprecationWarning:
    'nothing is asked of a KeptnEvaluationProvider: write a KeptnMetricsProvider (metrics.keptn.sh/v1) of the same name with its type, targetServer and secretKeyRef',
} as const;

/** What a KeptnMetricsProvider was before the group metrics.keptn.sh. Kept, so that what is stored can be read. */
export const KeptnEvaluationProvider = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnEvaluationProvider',
  shortNames: ['kep'],
  description: 'Outdated: a system that answered the queries of evaluations.',
  summary: 'Ready',
  versions: [v1alpha3, ...alike(v1alpha3, ['v1alpha2', 'v1alpha1'])],
});

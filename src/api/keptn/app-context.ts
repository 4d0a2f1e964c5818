import { statusObject } from '../condition.ts';
import { alike, defineResource, type ObjectOf } from '../resource.ts';
import {
  bool,
  duration,
  list,
  object,
  oneOf,
  optional,
  stringMap,
  text,
  type Static,
} from '../schema.ts';
import { appCheckLists } from './check-lists.ts';
import { followUpLists } from './follow-up.ts';
import { lifecycleGroup } from './groups.ts';
import { promotionFailurePolicies } from './promotion.ts';

/** The fields of a KeptnAppContext's spec; a KeptnAppVersion repeats them. */
export const appContextSpecFields = {
  ...appCheckLists,
  ...followUpLists,
  promotionFailurePolicy: optional(
    oneOf(
      'What a failed promotion task means: Fail fails the application version, Warn shows a warning. KeptnConfig says it where it is not set here; Fail if nothing does.',
      promotionFailurePolicies,
    ),
  ),
  promoteAfterWarning: optional(
    bool(
      'Whether the promotion runs although an earlier phase ended with a Warning; true if not set.',
    ),
  ),
  deploymentTimeout: optional(
    duration(
      'How long the deployment of a workload may make no progress; its annotation sluice.keptn.sh/deployment-timeout comes first, and KeptnConfig observabilityTimeout holds where neither is set.',
    ),
  ),
  metadata: optional(stringMap('Handed to every task and put on every span of the application.')),
  spanLinks: optional(
    list('W3C traceparents of spans that the trace of the application is linked to.', text('')),
  ),
};

const spec = object(
  'The checks of the application and what belongs to its trace.',
  appContextSpecFields,
);

const status = statusObject('What Sluice knows of the context.', {
  status: optional(text('Not used.')),
});

export type KeptnAppContextSpec = Static<typeof spec>;
export type KeptnAppContextStatus = Static<typeof status>;

const v1 = { name: 'v1', spec, status, specMayBeAbsent: true } as const;

/** The checks of the KeptnApp of the same name and namespace. */
export const KeptnAppContext = defineResource({
  group: lifecycleGroup,
  kind: 'KeptnAppContext',
  description: 'The checks and metadata of the KeptnApp of the same name.',
  summary: 'Ready',
  versions: [v1, ...alike(v1, ['v1beta1'])],
});
export type KeptnAppContext = ObjectOf<typeof KeptnAppContext>;

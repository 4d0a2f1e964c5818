import {
  enabledLabel,
  enabledValue,
  keptnAnnotations,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { madeByWorkload, placedNowhere } from '../match-conditions.ts';
import { outside } from '../registry.ts';
import { celText } from './cel.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

const annotations = 'namespaceObject.metadata.annotations';
const key = celText(keptnAnnotations.lifecycleToolkit);

/**
 * Whether the Namespace of the request opts in. For validations and variables only: in match conditions the API server (1.36)
 * knows no namespaceObject, and an error denies.
 */
export const isOptedInNamespace = `(has(${annotations}) && ${key} in ${annotations} && ${annotations}[${key}] == ${celText(enabledValue)})`;

/**
 * Closes the hole while Sluice is down or has not labelled a Namespace yet (design, "Opt-in"): in a Namespace that has opted in
 * and lacks the label, Pods would enter without being looked at. Controllers try again by themselves.
 */
export function optInPolicy(settings: PolicySettings): PolicyDefinition {
  return {
    name: 'opt-in.sluice.keptn.sh',
    namespaceSelector: {
      matchExpressions: [
        { key: sluiceKeys.enabled, operator: 'NotIn', values: [enabledLabel.optedIn] },
        ...outside(settings),
      ],
    },
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
    matchConditions: [madeByWorkload, placedNowhere],
    validations: [
      {
        expression: `!${isOptedInNamespace}`,
        message: `Namespace is not enabled yet, retry: it carries the annotation ${keptnAnnotations.lifecycleToolkit} but Sluice has not labelled it with ${sluiceKeys.enabled} so far`,
        reason: 'Forbidden',
      },
    ],
  };
}

import { keptnAnnotations, recommendedLabels } from '../../api/keptn/annotations.ts';
import { madeByWorkload, type MatchCondition } from '../match-conditions.ts';
import { outside } from '../registry.ts';
import { celList } from './cel.ts';
import { isOptedInNamespace } from './opt-in.ts';
import type { PolicyDefinition, PolicySettings } from './policy.ts';

/** By these, as annotation or label, an object names its workload. */
const workloadKeys = [keptnAnnotations.workload, recommendedLabels.workload];

const isPlaced: MatchCondition = {
  name: 'placed-by-its-template',
  expression: "has(object.spec.nodeName) && object.spec.nodeName != ''",
};

const names = (field: 'annotations' | 'labels') =>
  `object.metadata.?${field}[?key].orValue('') != ''`;

/**
 * A Pod that is on a node from the start never meets the scheduler, and so no gate: an annotated template with `nodeName` would
 * start unchecked. Mirror Pods belong to no workload, and DaemonSets choose nodes by affinity: neither is stopped. Pods whose
 * owner alone is annotated are judged by the webhook on Pods (`final-pod.ts`).
 */
export function placedPodsPolicy(settings: PolicySettings): PolicyDefinition {
  return {
    name: 'placed-pods.sluice.keptn.sh',
    rules: [{ apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] }],
    namespaceSelector: { matchExpressions: outside(settings) },
    matchConditions: [
      isPlaced,
      madeByWorkload,
      {
        name: 'annotated',
        expression: `${celList(workloadKeys)}.exists(key, ${names('annotations')} || ${names('labels')})`,
      },
    ],
    validations: [
      {
        expression: `!${isOptedInNamespace}`,
        message:
          'spec.nodeName puts the Pod past the scheduler, where no gate can hold it, so its checks would not count: remove nodeName from the template of its workload and use nodeSelector or affinity',
        reason: 'Forbidden',
      },
    ],
  };
}

import { type Kind } from '../../api/object.ts';
import {
  enabledLabel,
  enabledValue,
  keptnAnnotations,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { workloadKinds } from '../../lint/workload/workload-manifest.ts';
import { outside } from '../registry.ts';
import { celText, either } from './cel.ts';
import { isOptedInNamespace } from './opt-in.ts';
import type { PolicyDefinition, PolicySettings, ResourceRule } from './policy.ts';

const key = keptnAnnotations.lifecycleToolkit;
const optIn = `${key}: ${enabledValue}`;

/** The labels or annotations of a workload or its Pod template that are Keptn's own. */
const keptnsKeys = (object: 'object' | 'oldObject', path: string): string =>
  `dyn(${object}).${path}.orValue({}).filter(key, key.startsWith('keptn.sh/')).map(key, key + '=' + dyn(${object}).${path}.orValue({})[key])`;

const paths = [
  'metadata.?annotations',
  'metadata.?labels',
  '?spec.?template.?metadata.?annotations',
  '?spec.?template.?metadata.?labels',
];

/**
 * Tells people who apply an annotated workload to a Namespace that is not opted in that nothing is checked there. It denies
 * nothing, sends no request, and warns only when the annotations are new. Only Keptn's own keys count: `app.kubernetes.io/name` is on
 * everything.
 */
export function notOptedInPolicy(settings: PolicySettings): PolicyDefinition {
  return {
    name: 'not-opted-in.sluice.keptn.sh',
    action: 'Warn',
    rules: workloadKinds.map(ruleOf),
    namespaceSelector: {
      matchExpressions: [
        { key: sluiceKeys.enabled, operator: 'NotIn', values: [enabledLabel.optedIn] },
        ...outside(settings),
      ],
    },
    matchConditions: [
      {
        name: 'asks-for-checks',
        expression: either(...paths.map((path) => `${keptnsKeys('object', path)}.size() > 0`)),
      },
      {
        name: 'is-new',
        expression: either(
          "request.operation == 'CREATE'",
          ...paths.map(
            (path) =>
              `!sets.equivalent(${keptnsKeys('object', path)}, ${keptnsKeys('oldObject', path)})`,
          ),
        ),
      },
    ],
    validations: [
      {
        expression: isOptedInNamespace,
        message: `the Namespace does not carry annotation ${optIn}, so the Pods start without any check`,
        messageExpression: `'Namespace ' + request.namespace + ${celText(` does not carry annotation ${optIn}, so the Pods start without any check. To opt in: kubectl annotate namespace `)} + request.namespace + ${celText(` --overwrite ${key}=${enabledValue}`)}`,
        reason: 'Invalid',
      },
    ],
  };
}

function ruleOf({ apiVersion, plural }: Kind): ResourceRule {
  const [group = '', version = ''] = apiVersion.split('/');
  return {
    apiGroups: [group],
    apiVersions: [version],
    resources: [plural],
    operations: ['CREATE', 'UPDATE'],
  };
}

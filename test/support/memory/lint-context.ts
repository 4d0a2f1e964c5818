import type { KubernetesObject } from '../../../src/api/object.ts';
import { defaultSettings } from '../../../src/domain/settings/keptn-config.ts';
import type { RuleContext } from '../../../src/lint/base/rule.ts';
import { problemsOf } from '../../../src/lint/rules.ts';
import { fixedLookup } from './fixed-lookup.ts';

/** What rules know when exactly these objects exist. */
export function lintContext(
  objects: readonly KubernetesObject[] = [],
  more: Partial<RuleContext> = {},
): RuleContext {
  return {
    lookup: fixedLookup(objects),
    isComplete: () => true,
    operatorNamespace: 'keptn-system',
    definitionsNamespace: 'keptn-system',
    settings: defaultSettings,
    ...more,
  };
}

/** The problems of an object, one line each: `error reference-illegal spec.taskDefinition: …`. */
export function problemLines(object: KubernetesObject, context: RuleContext): readonly string[] {
  return problemsOf(object, context).map(
    ({ rule, path, message }) => `${rule.severity} ${rule.id} ${path}: ${message}`,
  );
}

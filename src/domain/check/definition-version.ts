import type { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { sha256 } from '../hash.ts';

/*
 * Which state of a definition, and of what it is made of, a check was run with: `<uid>/<generation>`, and where it leads to
 * other objects `+` and a digest of their states. A check that failed is repeated when it is another one.
 */

/** So many definitions and metrics behind one are looked at: those that matter stand at the beginning, and looking costs. */
export const mostBehind = 50;

/** The state of one object by itself: another object, or another spec, is another one. */
export function versionOfObject({ metadata }: KubernetesObject): string {
  return `${metadata.uid ?? ''}/${metadata.generation ?? 1}`;
}

/** The state of an evaluation definition and of the metrics that it names, of which those that there are not are undefined. */
export function evaluationDefinitionVersion(
  definition: KeptnEvaluationDefinition,
  metric: (name: string, namespace: string | undefined) => KubernetesObject | undefined,
): string {
  const named = (definition.spec.objectives ?? [])
    .flatMap(({ keptnMetricRef }) => keptnMetricRef ?? [])
    .slice(0, mostBehind);
  return withBehind(
    definition,
    named.map(({ name, namespace }) => metric(name, namespace)),
  );
}

/** The state of a definition and of what it leads to, in order; undefined stands for what there is not. */
export function withBehind(
  definition: KubernetesObject,
  behind: readonly (KubernetesObject | undefined)[],
): string {
  const own = versionOfObject(definition);
  if (behind.length === 0) return own;
  const states = behind.map((one) => (one === undefined ? '-' : versionOfObject(one)));
  return `${own}+${sha256(states.join(' ')).slice(0, 16)}`;
}

/** Whether a definition, or what is behind it, is another one than when this was taken down; earlier releases kept its own alone. */
export function isOtherVersion(before: string, now: string): boolean {
  const [own = ''] = now.split('+');
  return before !== (before.includes('+') ? now : own);
}

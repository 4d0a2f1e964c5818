import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import type { KubernetesObject } from '../api/object.ts';
import { referencesOf } from './base/references.ts';
import type { Found, RuleContext } from './base/rule.ts';
import { problemsOf } from './rules.ts';

/** Metrics and providers of which a definition or metric gets something only if they are fit for use themselves. */
const lookedThrough: ReadonlySet<string> = new Set([KeptnMetric.kind, KeptnMetricsProvider.kind]);

/**
 * What an object names and is there, but leads to something that can never give a value: a metric whose provider is of a type
 * that nothing asks, a provider without an address. That a metric's provider is missing, which may come, the metric says.
 * Admission tells none of it: it warns of the object that is wrong, once.
 */
export function unusableReferences(
  object: KubernetesObject,
  context: RuleContext,
): readonly Found[] {
  return referencesOf(object, context)
    .filter(({ kind }) => lookedThrough.has(kind.kind))
    .flatMap(({ path, kind, name, namespaces }) => {
      const target = namespaces
        .map((namespace) => context.lookup.get<KubernetesObject>(kind, namespace, name))
        .find((found) => found !== undefined);
      const [flaw] = target === undefined ? [] : flawsOf(target, context);
      if (flaw === undefined) return [];
      const place = flaw.path === '' ? '' : `${flaw.path}: `;
      return [{ path, message: `${kind.kind} ${name} gives no value: ${place}${flaw.message}` }];
    });
}

/** What is wrong with a metric or provider, by itself or behind it. A metric names a provider, and a provider nothing. */
function flawsOf(target: KubernetesObject, context: RuleContext): readonly Found[] {
  const wanted = { severities: new Set(['error'] as const), hindering: true };
  return [...problemsOf(target, context, wanted), ...unusableReferences(target, context)];
}

import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Finding } from '../../domain/explain/finding.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import { problemsOf } from '../../lint/rules.ts';
import { parseWorkload } from '../../lint/workload/workload-manifest.ts';

/** The rules of `sluice lint` about labels and annotations that do nothing. */
const aboutKeys: ReadonlySet<string> = new Set([
  'workload-not-named',
  'annotation-not-read',
  'key-misspelt',
  'key-misplaced',
  'identity-too-long',
]);

/** So many are named here; `sluice lint` names all. */
const most = 5;

/**
 * The finding about a Deployment, StatefulSet, DaemonSet or Rollout with what lint says of its labels and annotations that nothing
 * reads: a likely reason where nothing of it is checked.
 */
export function withUnread(finding: Finding, owner: KubernetesObject, lookup: Lookup): Finding {
  const parsed = parseWorkload(asApplied(owner));
  if (!parsed.ok) return finding;
  const { namespace = '' } = owner.metadata;
  const context = {
    lookup,
    isComplete: () => false,
    operatorNamespace: namespace,
    definitionsNamespace: namespace,
    settings: settingsFrom([], namespace),
  };
  const unread = problemsOf(parsed.value, context)
    .filter(({ rule }) => aboutKeys.has(rule.id))
    .slice(0, most)
    .map(({ path, message }) => `${path}: ${message}`);
  if (unread.length === 0) return finding;
  const notes = [...(finding.facts.notes ?? []), ...unread];
  return {
    ...finding,
    mark: finding.mark === 'done' ? 'warning' : finding.mark,
    facts: { ...finding.facts, notes },
  };
}

/** The owner with its Pod template where people write it: of an object that was read, what is kept of it stands beside the spec. */
function asApplied(owner: KubernetesObject): KubernetesObject {
  const template = fieldOf(owner, 'template');
  const spec = fieldOf(owner, 'spec');
  if (template === undefined || typeof spec !== 'object') return owner;
  const metadata = {
    labels: fieldOf(template, 'labels') ?? {},
    annotations: fieldOf(template, 'annotations') ?? {},
  };
  const containers = fieldOf(template, 'containers') ?? [];
  return Object.assign({}, owner, {
    spec: { ...spec, template: { metadata, spec: { containers } } },
  });
}

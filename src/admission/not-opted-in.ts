import { NamespaceKind } from '../api/builtin.ts';
import { isEqualJson } from '../api/json.ts';
import { enabledValue, keptnAnnotations } from '../api/keptn/annotations.ts';
import type { AdmissionRequest } from '../api/review.ts';
import type { Lookup } from '../domain/lookup.ts';
import { isOptedIn } from '../domain/namespace.ts';
import { identityKeys } from '../lint/annotation-keys.ts';
import { entriesOf, parseWorkload, type WorkloadManifest } from '../lint/workload-manifest.ts';
import { allow, type Verdict, warn } from './verdict.ts';

/**
 * Tells people who apply an annotated workload to a Namespace that is not opted in that nothing is checked there. Only
 * Keptn's own keys count: `app.kubernetes.io/name` is on everything.
 */
export function warnOfNoOptIn(request: AdmissionRequest, lookup: Lookup): Verdict {
  const { namespace = '' } = request;
  const workload = keysOf(request.object);
  if (workload.length === 0 || isEqualJson(workload, keysOf(request.oldObject))) return allow();
  const cached = lookup.get(NamespaceKind, undefined, namespace);
  // It may just have opted in, and its label may not have arrived where webhooks are selected.
  if (cached !== undefined && isOptedIn(cached.metadata)) return allow();
  const key = keptnAnnotations.lifecycleToolkit;
  const optIn = `${key}: ${enabledValue}`;
  const misplaced = workload.some(([one]) => one === key)
    ? ` (a Namespace opts in, and not what is in it)`
    : '';
  return warn(
    `Namespace ${namespace} does not carry annotation ${optIn}${misplaced}: the Pods start without any check. To opt in: kubectl annotate namespace ${namespace} --overwrite ${key}=${enabledValue}`,
  );
}

type Keys = readonly (readonly [key: string, value: string])[];

/** What of a workload asks for checks, with its path left out; none if it cannot be read. */
function keysOf(raw: unknown): Keys {
  const parsed = parseWorkload(raw);
  return parsed.ok ? judgedEntries(parsed.value) : [];
}

function judgedEntries(workload: WorkloadManifest): Keys {
  return entriesOf(workload)
    .filter(({ key }) => identityKeys.has(key) || key === keptnAnnotations.lifecycleToolkit)
    .map(({ key, value }) => [key, value] as const);
}

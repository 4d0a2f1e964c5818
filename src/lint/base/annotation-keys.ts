import { keptnAnnotations, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import { editDistance, nearestName } from '../../domain/nearest-name.ts';

/** The keys that say what a workload is to Keptn. Who writes one of them wants checks. */
export const identityKeys: ReadonlySet<string> = new Set([
  keptnAnnotations.workload,
  keptnAnnotations.version,
  keptnAnnotations.app,
  keptnAnnotations.preDeploymentTasks,
  keptnAnnotations.postDeploymentTasks,
  keptnAnnotations.preDeploymentEvaluations,
  keptnAnnotations.postDeploymentEvaluations,
  keptnAnnotations.metadata,
  keptnAnnotations.container,
  sluiceKeys.preDeploymentChecks,
  sluiceKeys.postDeploymentChecks,
  sluiceKeys.onSuccessTasks,
  sluiceKeys.onFailureTasks,
  sluiceKeys.deploymentTimeout,
]);

const knownKeys: readonly string[] = [
  ...Object.values(keptnAnnotations),
  ...Object.values(sluiceKeys),
];
const known = new Set(knownKeys);
const keysByName = new Map(knownKeys.map((key) => [nameOf(key), key]));
const prefixes = [...new Set(knownKeys.map(prefixOf))];
const names = [...keysByName.keys()];

/** Two slips of the finger in a prefix; with more it is somebody else's. */
const mostSlips = 2;

/** Whether this key has no meaning, although its prefix is ours or nearly ours. */
export function isNearlyOurs(key: string): boolean {
  if (known.has(key) || !key.includes('/')) return false;
  const prefix = prefixOf(key).toLowerCase();
  return prefixes.some((one) => isSlipOf(prefix, one));
}

/** The key that was probably meant by one without meaning; undefined when it is nothing like ours. */
export function intendedKey(key: string): string | undefined {
  if (!isNearlyOurs(key)) return undefined;
  const name = nameOf(key).toLowerCase();
  const meant = names.includes(name) ? name : nearestName(name, names);
  return meant === undefined ? undefined : keysByName.get(meant);
}

/** Whether rules on workloads look at this label or annotation. */
export function isJudgedKey(key: string): boolean {
  return known.has(key) || recommended.has(key) || isNearlyOurs(key);
}

const recommended: ReadonlySet<string> = new Set([
  recommendedLabels.workload,
  recommendedLabels.version,
  recommendedLabels.app,
]);

// Keys are anybody's and can be long: what differs in length alone is not compared letter by letter.
function isSlipOf(one: string, other: string): boolean {
  const isAsLong = Math.abs(one.length - other.length) <= mostSlips;
  return isAsLong && editDistance(one, other) <= mostSlips;
}

function prefixOf(key: string): string {
  return key.slice(0, key.indexOf('/'));
}

function nameOf(key: string): string {
  return key.slice(key.indexOf('/') + 1);
}

import type { ChecksRequest, KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { AnnotatedIdentity } from '../identity/identity.ts';

/**
 * Several owners may carry one version of a workload, and each names checks of its own. The version runs the checks of all of
 * them, since their Pods start together: those known when it was made stand in its spec, which is never rewritten, and what
 * comes later is recorded in its status. What was recorded stays, also when the owner that asked for it is gone.
 */

/** The lists that name what is run for a version, and how each is called in a message. */
const lists = {
  preDeploymentTasks: (name: string) => `task ${name}`,
  preDeploymentEvaluations: (name: string) => `evaluation ${name}`,
  postDeploymentTasks: (name: string) => `post-deployment task ${name}`,
  postDeploymentEvaluations: (name: string) => `post-deployment evaluation ${name}`,
  preDeploymentChecks: (name: string) => `check ${name}`,
  postDeploymentChecks: (name: string) => `post-deployment check ${name}`,
  onSuccess: (name: string) => `task ${name} on success`,
  onFailure: (name: string) => `task ${name} on failure`,
} as const;

/** The field of a spec that holds one of those lists. */
export type ListField = keyof typeof lists;

/** Names of definitions by the list they stand in; an empty list is left out. */
export type CheckLists = { readonly [field in ListField]?: string[] };

const listFields: readonly ListField[] = [
  'preDeploymentTasks',
  'preDeploymentEvaluations',
  'postDeploymentTasks',
  'postDeploymentEvaluations',
  'preDeploymentChecks',
  'postDeploymentChecks',
  'onSuccess',
  'onFailure',
];

/** What the annotations of a Pod or its owner ask for. */
export function listsOf(identity: AnnotatedIdentity): CheckLists {
  return union([
    {
      preDeploymentTasks: [...identity.preTasks],
      preDeploymentEvaluations: [...identity.preEvaluations],
      postDeploymentTasks: [...identity.postTasks],
      postDeploymentEvaluations: [...identity.postEvaluations],
      preDeploymentChecks: [...identity.preChecks],
      postDeploymentChecks: [...identity.postChecks],
      onSuccess: [...identity.onSuccess],
      onFailure: [...identity.onFailure],
    },
  ]);
}

/** Every name of every list once, in the order in which they come. */
export function union(all: readonly CheckLists[]): CheckLists {
  return byField((field) => all.flatMap((each) => each[field] ?? []));
}

/** The names that are in none of the other lists. */
export function without(wanted: CheckLists, known: CheckLists): CheckLists {
  return byField((field) => {
    const names = new Set(known[field]);
    return (wanted[field] ?? []).filter((name) => !names.has(name));
  });
}

/** The lists of the fields for which this holds. */
export function picked(from: CheckLists, holds: (field: ListField) => boolean): CheckLists {
  return byField((field) => (holds(field) ? (from[field] ?? []) : []));
}

/** The checks and follow-ups of a version: those its spec names, and those recorded since. */
export function listsOfVersion({
  spec,
  status,
}: Pick<KeptnWorkloadVersion, 'spec' | 'status'>): CheckLists {
  return union([spec, ...(status?.requestedChecks ?? [])]);
}

/** The version with all its checks in its spec: how everything that runs them looks at it. */
export function withAllChecks(version: KeptnWorkloadVersion): KeptnWorkloadVersion {
  if (version.status?.requestedChecks === undefined) return version;
  return { ...version, spec: { ...version.spec, ...listsOfVersion(version) } };
}

/** `task check, post-deployment task smoke` */
export function describeLists(these: CheckLists): string {
  return listFields
    .flatMap((field) => (these[field] ?? []).map((name) => lists[field](name)))
    .join(', ');
}

/** Whether no list names anything. */
export function isEmpty(these: CheckLists): boolean {
  return listFields.every((field) => (these[field] ?? []).length === 0);
}

/** The requests with one for each owner, which asks for everything that is said in its name. */
export function byOwner(requests: readonly ChecksRequest[]): readonly ChecksRequest[] {
  const owners = new Map<string, ChecksRequest>();
  for (const request of requests) {
    const { kind, name, uid } = request;
    const known = owners.get(uid) ?? { kind, name, uid };
    owners.set(uid, { ...known, ...union([known, request]) });
  }
  return [...owners.values()];
}

function byField(names: (field: ListField) => readonly string[]): CheckLists {
  return Object.fromEntries(
    listFields.flatMap((field) => {
      const each = [...new Set(names(field))];
      return each.length === 0 ? [] : [[field, each]];
    }),
  );
}

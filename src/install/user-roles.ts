import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { lifecycleGroup } from '../api/keptn/groups.ts';
import { ownKinds } from '../api/keptn/registry.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import type { Kind } from '../api/object.ts';
import type { Manifest, Rule } from './role-objects.ts';

/*
 * ClusterRoles for the people who use Sluice. None of them is bound here: cluster administrators bind them, and those that
 * aggregate become part of Kubernetes' own `view`, `edit` and `admin`. None has a right on a status: Sluice alone writes these.
 */

const labels = { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' };

/** What somebody may do to a version beside writing it, each a role of its own: the policies ask for these verbs. */
const steeringVerbs = ['retry', 'abort', 'release', 'approve'] as const;

/** Only Sluice makes and changes these; their annotations may be written. */
const made: readonly Kind[] = [
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnAppCreationRequest,
];

/** The roles of an installation, for `rights`. */
export function userRoles(): readonly Manifest[] {
  const written = ownKinds.filter(
    // One KeptnConfig rules the whole cluster.
    (kind) => kind.kind !== KeptnConfig.kind && !made.some((each) => each.kind === kind.kind),
  );
  const writing = [
    ...rulesOn(written, ['create', 'update', 'patch', 'delete', 'deletecollection']),
    ...rulesOn(made, ['update', 'patch', 'delete']),
  ];
  return [
    role('view', { rules: rulesOn(ownKinds, ['get', 'list', 'watch']), to: ['view'] }),
    role('edit', { rules: writing, to: ['edit', 'admin'] }),
    ...steeringVerbs.map((verb) => role(verb, { rules: steeringRules(verb), to: [] })),
  ];
}

/** The verb, and what it takes to write the annotation that asks for it. */
function steeringRules(verb: string): readonly Rule[] {
  const resources = [KeptnWorkloadVersion.plural, KeptnAppVersion.plural];
  return [{ apiGroups: [lifecycleGroup], resources, verbs: ['get', 'list', 'patch', verb] }];
}

function role(
  name: string,
  { rules, to }: { readonly rules: readonly Rule[]; readonly to: readonly string[] },
): Manifest {
  const aggregation = Object.fromEntries(
    to.map((each) => [`rbac.authorization.k8s.io/aggregate-to-${each}`, 'true']),
  );
  return {
    apiVersion: 'rbac.authorization.k8s.io/v1',
    kind: 'ClusterRole',
    metadata: { name: `sluice-${name}`, labels: { ...labels, ...aggregation } },
    rules,
  };
}

function rulesOn(kinds: readonly Kind[], verbs: readonly string[]): readonly Rule[] {
  const byGroup = Map.groupBy(kinds, ({ apiVersion }) => apiVersion.split('/')[0] ?? '');
  return [...byGroup].map(([group, of]) => ({
    apiGroups: [group],
    resources: of.map(({ plural }) => plural),
    verbs,
  }));
}

import type { Kind, KubernetesObject } from '../api/object.ts';

/** A rule of a Role or ClusterRole. */
export interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  /** The only objects meant; all if not given. Creating knows no names. */
  readonly resourceNames?: readonly string[];
  readonly verbs: readonly string[];
}

export type Manifest = KubernetesObject & Record<string, unknown>;

/** The API group of a kind; empty for the core one. */
export function groupOf({ apiVersion: version }: Kind): string {
  const slash = version.indexOf('/');
  return slash < 0 ? '' : version.slice(0, slash);
}

const labels = { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' };
const group = 'rbac.authorization.k8s.io';
const apiVersion = `${group}/v1`;

export function serviceAccount(name: string, namespace: string): Manifest {
  return { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace, labels } };
}

/** A ClusterRole, bound to the service account of the same name in a namespace. */
export function clusterRole(
  name: string,
  { namespace, rules }: { readonly namespace: string; readonly rules: readonly Rule[] },
): readonly Manifest[] {
  return [
    { apiVersion, kind: 'ClusterRole', metadata: { name, labels }, rules },
    {
      apiVersion,
      kind: 'ClusterRoleBinding',
      metadata: { name, labels },
      roleRef: { apiGroup: group, kind: 'ClusterRole', name },
      subjects: [{ kind: 'ServiceAccount', name, namespace }],
    },
  ];
}

/**
 * A Role in `namespace`, bound to a service account, which may be in another one; it has the name of that unless it is given one of
 * its own.
 */
export function role(
  account: string,
  of: {
    readonly namespace: string;
    readonly accountNamespace: string;
    readonly name?: string;
    readonly rules: readonly Rule[];
  },
): readonly Manifest[] {
  const { name = account } = of;
  const metadata = { name, namespace: of.namespace, labels };
  return [
    { apiVersion, kind: 'Role', metadata, rules: of.rules },
    {
      apiVersion,
      kind: 'RoleBinding',
      metadata,
      roleRef: { apiGroup: group, kind: 'Role', name },
      subjects: [{ kind: 'ServiceAccount', name: account, namespace: of.accountNamespace }],
    },
  ];
}

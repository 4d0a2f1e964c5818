import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import { rights } from '../../../src/install/rbac.ts';
import type { Call } from '../memory/memory-cluster.ts';

const roleSchema = Type.Object({
  rules: Type.Array(
    Type.Object({
      apiGroups: Type.Array(Type.String()),
      resources: Type.Array(Type.String()),
      verbs: Type.Array(Type.String()),
    }),
  ),
});

/** `verb group/resource`, as the ClusterRole of an installation grants them. */
const granted: ReadonlySet<string> = new Set(
  rights({ namespace: 'keptn-system', leaseNamespace: 'keptn-system' })
    .filter(({ kind, metadata }) => kind === 'ClusterRole' && metadata.name === 'sluice')
    .flatMap((role) => (Value.Check(roleSchema, role) ? role.rules : []))
    .flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((resource) => verbs.map((verb) => `${verb} ${group}/${resource}`)),
      ),
    ),
);

/** What the API server answers a Sluice that runs under its service account and lacks the right to do this; otherwise nothing. */
export function forbidden({ verb, kind }: Pick<Call, 'verb' | 'kind'>): ClusterError | undefined {
  const group = kind.apiVersion.includes('/') ? (kind.apiVersion.split('/')[0] ?? '') : '';
  const asked =
    verb === 'writeStatus'
      ? `patch ${group}/${kind.plural}/status`
      : `${verb} ${group}/${kind.plural}`;
  if (granted.has(asked)) return undefined;
  const message = `the service account of Sluice may not ${asked} (src/install/rbac.ts)`;
  return new ClusterError({ code: 403, reason: 'Forbidden', message });
}

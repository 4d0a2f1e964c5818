import { webhookServiceName } from '../admission/manifests.ts';
import { LeaseKind } from '../kubernetes/lease/lease-record.ts';
import {
  everyDeployment,
  everyObject,
  type Installed,
  objectsOfPart,
  unconvertedCrds,
} from './installation.ts';
import { recordName } from './migration/record.ts';
import {
  clusterRole,
  groupOf,
  type Manifest,
  role,
  type Rule,
  serviceAccount,
} from './role-objects.ts';

/** The service account that uninstalls, and its roles. */
const uninstallAccountName = 'sluice-uninstall';

/**
 * The service account under which `sluice uninstall` runs in the cluster, and what that does: it removes each object of an
 * installation by its name, lifts gates, takes labels off Namespaces and lets the CRDs serve v1 alone.
 */
export function uninstallRights(namespace: string): readonly Manifest[] {
  // What an installation may have is asked for, whatever this one has.
  const settings = {
    namespace,
    target: { service: { name: webhookServiceName, namespace } },
    ...everyObject,
  };
  const removed = [
    ...(['webhooks', 'policy', 'rights', 'conversion'] as const)
      .flatMap((part) => objectsOfPart(part, settings))
      .filter(({ kind }) => kind.kind !== 'Namespace'),
    ...everyDeployment(settings),
  ];
  const lease = {
    apiGroups: [groupOf(LeaseKind)],
    resources: [LeaseKind.plural],
    resourceNames: ['sluice'],
    verbs: ['get', 'delete'],
  };
  const name = uninstallAccountName;
  return [
    serviceAccount(name, namespace),
    ...clusterRole(name, {
      namespace,
      rules: [
        { apiGroups: [''], resources: ['pods'], verbs: ['list', 'patch'] },
        { apiGroups: [''], resources: ['namespaces'], verbs: ['list', 'patch'] },
        ...byName(unconvertedCrds(), ['get', 'patch']),
        ...byName(
          removed.filter(({ kind }) => !kind.namespaced),
          ['get', 'delete'],
        ),
      ],
    }),
    ...role(name, {
      namespace,
      accountNamespace: namespace,
      rules: [
        lease,
        // Only whether there is one: it says how Keptn comes back.
        { apiGroups: [''], resources: ['configmaps'], resourceNames: [recordName], verbs: ['get'] },
        ...byName(
          removed.filter(({ kind }) => kind.namespaced),
          ['get', 'delete'],
        ),
      ],
    }),
  ];
}

/** The verbs on these objects and no others, one rule for each kind. */
function byName(objects: readonly Installed[], verbs: readonly string[]): readonly Rule[] {
  const kinds = [...new Map(objects.map(({ kind }) => [kind.kind, kind])).values()];
  return kinds.map((kind) => ({
    apiGroups: [groupOf(kind)],
    resources: [kind.plural],
    resourceNames: [
      ...new Set(
        objects.flatMap((one) => (one.kind.kind === kind.kind ? [one.object.metadata.name] : [])),
      ),
    ],
    verbs,
  }));
}

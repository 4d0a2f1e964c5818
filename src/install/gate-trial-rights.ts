import { trialNamespace } from './gate-trial.ts';
import { clusterRole, type Manifest, serviceAccount } from './role-objects.ts';

/** The service account under which `sluice check-gate` runs in the cluster, and what that does: a Namespace, and a dry run in it. */
export function gateTrialRights(namespace: string): readonly Manifest[] {
  const name = 'sluice-test';
  return [
    serviceAccount(name, namespace),
    ...clusterRole(name, {
      namespace,
      rules: [
        { apiGroups: [''], resources: ['namespaces'], verbs: ['create'] },
        {
          apiGroups: [''],
          resources: ['namespaces'],
          resourceNames: [trialNamespace],
          verbs: ['get', 'delete'],
        },
        // A dry run of what is applied; the API server knows no right to dry runs alone.
        { apiGroups: [''], resources: ['pods'], verbs: ['create', 'patch'] },
      ],
    }),
  ];
}

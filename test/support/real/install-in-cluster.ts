import { type Pod, PodKind } from '../../../src/api/builtin.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KubernetesObject, Kind } from '../../../src/api/object.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { mustRunHelm } from '../cluster/chart.ts';
import { operatorNamespace } from '../cluster/sluice-installation.ts';
import type { TestCluster } from '../cluster/test-cluster.ts';
import { installFromCheckout } from './readme-install.ts';

interface Deployment extends KubernetesObject {
  readonly spec: { readonly replicas?: number };
  readonly status?: {
    readonly readyReplicas?: number;
    readonly updatedReplicas?: number;
    readonly replicas?: number;
    readonly observedGeneration?: number;
  };
}

const DeploymentKind: Kind<Deployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};

interface Lease extends KubernetesObject {
  readonly spec?: { readonly holderIdentity?: string };
}

const LeaseKind: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

const place = { namespace: operatorNamespace, name: 'sluice' };

/**
 * Installs the chart in a cluster with a real node by the command of README.md: the images have their published names there. A Sluice
 * that is there already stays as it is. Resolves when all replicas are ready and the API server reaches them.
 */
export async function installInCluster(cluster: TestCluster): Promise<void> {
  const isNew = (await cluster.get(DeploymentKind, place)) === undefined;
  if (isNew) await helm(cluster, installFromCheckout());
  await rolledOut(cluster);
  await answers(cluster);
  if (!isNew) return;
  // Applications are gathered for so long that all workloads of a test are there, and no longer.
  await cluster.apply({
    apiVersion: 'options.keptn.sh/v1alpha1',
    kind: 'KeptnConfig',
    metadata: { name: 'e2e', namespace: operatorNamespace },
    spec: { keptnAppCreationRequestTimeoutSeconds: 2 },
  });
}

/** Resolves when the API server reaches the webhooks: kube-proxy learns of a replica a moment after it is ready. */
async function answers(cluster: TestCluster): Promise<void> {
  const definition = {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnTaskDefinition',
    metadata: { name: 'asked', namespace: 'default' },
    spec: { bash: { inline: { code: 'true' } } },
  };
  await eventually('the webhooks answer', () =>
    cluster.create(KeptnTaskDefinition, definition, { dryRun: true }),
  );
}

/** Resolves when every replica of Sluice is of the newest revision and ready. */
export async function rolledOut(cluster: TestCluster): Promise<void> {
  await cluster.until(
    DeploymentKind,
    { ...place, withinMs: 120_000 },
    ({ metadata, spec, status }) =>
      status?.observedGeneration === metadata.generation &&
      status?.replicas === spec.replicas &&
      status?.updatedReplicas === spec.replicas &&
      status?.readyReplicas === spec.replicas,
  );
}

/** The Pods of Sluice itself. */
export async function sluicePods(cluster: TestCluster): Promise<Pod[]> {
  const labelSelector = 'app.kubernetes.io/name=sluice';
  const pods = await cluster.list(PodKind, { namespace: operatorNamespace, labelSelector });
  return pods.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** The name of the Pod whose controllers run; undefined while there is none. */
export async function leaderOf(cluster: TestCluster): Promise<string | undefined> {
  const lease = await cluster.get(LeaseKind, place);
  return lease?.spec?.holderIdentity || undefined;
}

/** Runs Helm as the cluster's administrator; `env` stands beside KUBECONFIG. Answers what it printed. */
export async function helm(
  cluster: TestCluster,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  return mustRunHelm(args, { env: { ...env, KUBECONFIG: cluster.controlPlane.kubeconfig } });
}

import { NamespaceKind, PodKind } from '../api/builtin.ts';
import { ClusterError } from '../api/cluster-error.ts';
import { fieldOf } from '../api/json.ts';
import {
  enabledValue,
  keptnAnnotations,
  schedulingGate,
  sluiceKeys,
} from '../api/keptn/annotations.ts';
import type { KubernetesObject } from '../api/object.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Installing } from './install-cluster.ts';
import { unlessGone } from './remove-object.ts';

/** The Namespace that is made for the trial and deleted after it. */
export const trialNamespace = 'sluice-gate-trial';

const withinMs = 60_000;

/**
 * Asks the API server whether an annotated Pod of a Namespace that opts in would be held: by a dry run, in a Namespace of its own
 * that goes afterwards. Rejects with what was answered last if after a minute it would not be.
 */
export async function tryGate({ cluster, clock, tell }: Installing): Promise<void> {
  const made = await cluster.create(NamespaceKind, namespace);
  try {
    const deadline = clock.elapsed() + withinMs;
    for (;;) {
      const problem = await problemOf(cluster);
      if (problem === undefined) break;
      if (clock.elapsed() > deadline) throw new Error(problem);
      await sleep(clock, 1_000);
    }
  } finally {
    const { name, uid = '' } = made.metadata;
    await unlessGone(cluster.delete({ kind: NamespaceKind, name }, { uid }));
  }
  tell(`an annotated Pod of a Namespace that opts in would be held (${schedulingGate})`);
}

/** Why a Pod would not be held; undefined if it would. */
async function problemOf(cluster: Installing['cluster']): Promise<string | undefined> {
  const found = await cluster.get({ kind: NamespaceKind, name: trialNamespace });
  if (found?.metadata.labels?.[sluiceKeys.enabled] === undefined) {
    return `Namespace ${trialNamespace} opts in and has no label ${sluiceKeys.enabled}: neither the webhook nor the controllers of Sluice have set it; see the log of its Pods`;
  }
  try {
    const dryRun = { fieldManager: 'sluice-gate-trial', dryRun: true };
    const answer = await cluster.apply(PodKind, pod, dryRun);
    const gates = fieldOf(fieldOf(answer, 'spec'), 'schedulingGates');
    const isHeld =
      Array.isArray(gates) && gates.some((gate) => fieldOf(gate, 'name') === schedulingGate);
    return isHeld
      ? undefined
      : `the Pod would start without the gate ${schedulingGate}: the API server did not ask Sluice; see kubectl describe mutatingwebhookconfiguration`;
  } catch (error) {
    if (!(error instanceof ClusterError)) throw error;
    return `the Pod would be refused: ${error.message}`;
  }
}

const namespace: KubernetesObject = {
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: {
    name: trialNamespace,
    annotations: { [keptnAnnotations.lifecycleToolkit]: enabledValue },
  },
};

/** As a ReplicaSet would make it. The owner need not be there: a Pod whose owner is unknown is held, too. */
const pod: KubernetesObject & Record<string, unknown> = {
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: 'trial',
    namespace: trialNamespace,
    annotations: {
      [keptnAnnotations.app]: 'trial',
      [keptnAnnotations.workload]: 'trial',
      [keptnAnnotations.version]: '1',
    },
    ownerReferences: [
      {
        apiVersion: 'apps/v1',
        kind: 'ReplicaSet',
        name: 'trial',
        uid: '00000000-0000-4000-8000-000000000000',
        controller: true,
      },
    ],
  },
  spec: {
    containers: [
      {
        name: 'trial',
        image: 'trial',
        securityContext: {
          allowPrivilegeEscalation: false,
          capabilities: { drop: ['ALL'] },
          runAsNonRoot: true,
          seccompProfile: { type: 'RuntimeDefault' },
        },
      },
    ],
  },
};

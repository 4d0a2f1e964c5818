import { PodKind } from '../../../src/api/builtin.ts';
import { sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import { busyboxImage, pauseImage } from '../../node/base-images.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import type { Manifest } from '../cluster/test-cluster.ts';
import type { RealSluice } from './real-sluice.ts';

/** What a mesh adds to a Pod: a container beside the others, or an init container that runs on (`restartPolicy: Always`). */
export const sidecars = ['sidecar container', 'native sidecar'] as const;

/**
 * A container by a patch: it ignores SIGTERM. An init container by a configuration, because an API server of 1.36 panics over a patch with
 * a list; a configuration may not write `command`, so its image runs until it is ended.
 */
const mutations = {
  'sidecar container': {
    patchType: 'JSONPatch',
    jsonPatch: {
      expression: `[JSONPatch{op: "add", path: "/spec/containers/-", value: Object.spec.containers{
        name: "proxy", image: "${busyboxImage}", command: ["sleep", "3600"]}}]`,
    },
  },
  'native sidecar': {
    patchType: 'ApplyConfiguration',
    applyConfiguration: {
      expression: `Object{spec: Object.spec{initContainers: [Object.spec.initContainers{
        name: "proxy", image: "${pauseImage}", restartPolicy: "Always"}]}}`,
    },
  },
} as const;

/**
 * Does what a mesh does, without a webhook: an API server adds a container to the Pods of the tasks of a namespace. Resolves when it does;
 * it ends when disposed of.
 */
export async function addingSidecars(
  sluice: RealSluice,
  namespace: string,
  sidecar: (typeof sidecars)[number],
): Promise<AsyncDisposable> {
  await sluice.cluster.apply(...mesh(namespace, sidecar));
  await meshActs(sluice, namespace);
  return { [Symbol.asyncDispose]: () => removeMesh(sluice, namespace) };
}

function mesh(namespace: string, sidecar: (typeof sidecars)[number]): readonly Manifest[] {
  const name = `mesh-of-${namespace}`;
  return [
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicy',
      metadata: { name },
      spec: {
        failurePolicy: 'Fail',
        reinvocationPolicy: 'Never',
        matchConstraints: {
          resourceRules: [
            { apiGroups: [''], apiVersions: ['v1'], operations: ['CREATE'], resources: ['pods'] },
          ],
        },
        matchConditions: [
          {
            name: 'of-a-task',
            expression: `"${sluiceKeys.task}" in object.metadata.?labels.orValue({})`,
          },
        ],
        mutations: [mutations[sidecar]],
      },
    },
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingAdmissionPolicyBinding',
      metadata: { name },
      spec: {
        policyName: name,
        matchResources: {
          namespaceSelector: { matchLabels: { 'kubernetes.io/metadata.name': namespace } },
        },
      },
    },
  ];
}

/** A new policy acts once the API server has read it. */
async function meshActs(sluice: RealSluice, namespace: string): Promise<void> {
  const metadata = { name: 'probe', namespace, labels: { [sluiceKeys.task]: 'probe' } };
  const containers = [{ name: 'main', image: busyboxImage }];
  const probe = { apiVersion: 'v1', kind: 'Pod', metadata, spec: { containers } };
  await eventually('Pods get a sidecar', async () => {
    const pod = await sluice.cluster.create(PodKind, probe, { dryRun: true });
    const { containers: all = [], initContainers = [] } = pod.spec ?? {};
    return [...all, ...initContainers].some(({ name }) => name === 'proxy');
  });
}

async function removeMesh(sluice: RealSluice, namespace: string): Promise<void> {
  const resources = ['mutatingadmissionpolicybindings', 'mutatingadmissionpolicies'];
  for (const resource of resources)
    await sluice.kubectl(['delete', resource, `mesh-of-${namespace}`]);
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Static, Type } from 'typebox';
import { Value } from 'typebox/value';
import { ConfigMapKind, type Pod, PodKind } from '../../../src/api/builtin.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import { sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import { taskLabel } from '../../../src/domain/job/job.ts';
import type { EnabledNamespace } from './enabled-namespace.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { type FunctionEnd, runFunction, Scratch } from '../functions/function-run.ts';
import type { TestCluster } from './test-cluster.ts';

/**
 * KWOK runs no containers. For the Pod of a function a test can do what a kubelet would: run the real runner with the Pod's
 * arguments, variables and volumes, and let KWOK end the Pod as the runner ended. Volumes are files below a directory of this
 * machine: where variables or scripts name the place of a mount, they are given its place there.
 */

/** What makes KWOK leave the Pods of a definition to the test; they run until `endPod`. */
export const leftToTest = { 'sluice.test/outcome': 'run' } as const;

const SecretKey = Type.Object({ name: Type.String(), key: Type.String() });
const Env = Type.Object({
  name: Type.String(),
  value: Type.Optional(Type.String()),
  valueFrom: Type.Optional(Type.Object({ secretKeyRef: SecretKey })),
});
const Item = Type.Object({ key: Type.String(), path: Type.String() });
const Source = Type.Object({
  serviceAccountToken: Type.Optional(Type.Object({ path: Type.String() })),
  configMap: Type.Optional(Type.Object({ name: Type.String(), items: Type.Array(Item) })),
  downwardAPI: Type.Optional(
    Type.Object({
      items: Type.Array(
        Type.Object({
          path: Type.String(),
          fieldRef: Type.Object({ fieldPath: Type.Literal('metadata.namespace') }),
        }),
      ),
    }),
  ),
});
const Volume = Type.Object({
  name: Type.String(),
  configMap: Type.Optional(Type.Object({ name: Type.String() })),
  projected: Type.Optional(Type.Object({ sources: Type.Array(Source) })),
});
const Mount = Type.Object({
  name: Type.String(),
  mountPath: Type.String(),
  subPath: Type.Optional(Type.String()),
});
const FunctionPod = Type.Object({
  metadata: Type.Object({ name: Type.String(), namespace: Type.String(), uid: Type.String() }),
  spec: Type.Object({
    serviceAccountName: Type.String(),
    volumes: Type.Optional(Type.Array(Volume)),
    containers: Type.Tuple([
      Type.Object({
        args: Type.Array(Type.String()),
        env: Type.Array(Env),
        volumeMounts: Type.Optional(Type.Array(Mount)),
      }),
    ]),
  }),
});
type FunctionPod = Static<typeof FunctionPod>;

/** A function that was run in place of its Pod's container. */
export interface Played {
  readonly task: KeptnTask;
  readonly pod: Pod;
  readonly end: FunctionEnd;
}

/** The Pod of a task, once there is one. */
export function podOf({ cluster, name }: EnabledNamespace, task: KeptnTask): Promise<Pod> {
  return eventually(`a Pod of task ${task.metadata.name}`, async () => {
    const labelSelector = `${sluiceKeys.task}=${taskLabel(task)}`;
    const pods = await cluster.list(PodKind, { namespace: name, labelSelector });
    return pods.find(({ metadata }) => metadata.deletionTimestamp === undefined);
  });
}

/**
 * Waits for the task of a definition and its Pod, runs its function, and ends the Pod as the function ended. Of several tasks
 * it is the one that is as asked.
 */
export async function playTask(
  shop: EnabledNamespace,
  definition: string,
  is: (task: KeptnTask) => boolean = () => true,
): Promise<Played> {
  const task = await shop.untilTask(definition, is);
  const pod = await podOf(shop, task);
  const end = await runPod(shop.cluster, pod);
  await endPod(shop.cluster, pod, end);
  return { task, pod, end };
}

/** Runs the function of a Pod with the runner, and answers how it ended. The Pod knows nothing of it. */
export async function runPod(cluster: TestCluster, pod: Pod): Promise<FunctionEnd> {
  if (!Value.Check(FunctionPod, pod)) {
    throw new Error(`not a Pod that can be played: ${JSON.stringify(pod.spec)}`);
  }
  using scratch = new Scratch();
  const [{ args, env, volumeMounts = [] }] = pod.spec.containers;
  const paths = volumeMounts.map(({ mountPath }) => mountPath);
  const here = (text: string): string =>
    paths.reduce((moved, path) => moved.replaceAll(path, join(scratch.path, path)), text);
  for (const { name, mountPath, subPath } of volumeMounts) {
    const volume = pod.spec.volumes?.find((each) => each.name === name);
    for (const [path, text] of await filesOf(volume, pod, cluster)) {
      if (subPath !== undefined && subPath !== path) continue;
      const file = join(scratch.path, mountPath, subPath === undefined ? path : '');
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, here(text));
    }
  }
  const entries = env.map(async (each): Promise<[string, string]> => {
    return [each.name, here(await valueOf(each, pod, cluster))];
  });
  const { hostname, port } = new URL(cluster.controlPlane.server);
  return await runFunction({
    host: 'node',
    args: args.filter((arg) => !arg.startsWith('--status-file=')),
    env: {
      ...Object.fromEntries(await Promise.all(entries)),
      KUBERNETES_SERVICE_HOST: hostname,
      KUBERNETES_SERVICE_PORT: port,
    },
  });
}

/** Lets KWOK end a Pod as its function ended, with the runner's status file as the message. */
export async function endPod(cluster: TestCluster, pod: Pod, end: FunctionEnd): Promise<void> {
  const { name, namespace = '' } = pod.metadata;
  const annotations = {
    'sluice.test/outcome': end.exitCode === 0 ? 'succeed' : 'fail',
    'sluice.test/exit-code': String(end.exitCode),
    'sluice.test/termination-message': JSON.stringify(end.status),
  };
  await cluster.patch(PodKind, { namespace, name }, { metadata: { annotations } });
}

async function filesOf(
  volume: Static<typeof Volume> | undefined,
  pod: FunctionPod,
  cluster: TestCluster,
): Promise<(readonly [path: string, text: string])[]> {
  const { configMap, projected } = volume ?? {};
  if (configMap !== undefined) return Object.entries(await dataOf(configMap.name, pod, cluster));
  const sources = (projected?.sources ?? []).map(async (source) => {
    const { serviceAccountToken: token, configMap: map, downwardAPI: own } = source;
    const data = map === undefined ? {} : await dataOf(map.name, pod, cluster);
    return [
      ...(token === undefined ? [] : [[token.path, await tokenFor(pod, cluster)] as const]),
      ...(map?.items ?? []).map(({ key, path }) => [path, data[key] ?? ''] as const),
      ...(own?.items ?? []).map(({ path }) => [path, pod.metadata.namespace] as const),
    ];
  });
  return (await Promise.all(sources)).flat();
}

async function dataOf(
  name: string,
  { metadata: { namespace } }: FunctionPod,
  cluster: TestCluster,
): Promise<Readonly<Record<string, string>>> {
  const map = await cluster.get(ConfigMapKind, { namespace, name });
  if (map === undefined) throw new Error(`there is no ConfigMap ${namespace}/${name}`);
  return map.data ?? {};
}

const Token = Type.Object({ status: Type.Object({ token: Type.String() }) });

/** A token of the Pod's ServiceAccount that is bound to the Pod, as a kubelet asks for it. */
async function tokenFor(
  { metadata, spec }: Static<typeof FunctionPod>,
  cluster: TestCluster,
): Promise<string> {
  const { namespace, name, uid } = metadata;
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${spec.serviceAccountName}/token`;
  const boundObjectRef = { apiVersion: 'v1', kind: 'Pod', name, uid };
  const body = {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenRequest',
    spec: { expirationSeconds: 3600, boundObjectRef },
  };
  const answer = await cluster.request(path, { method: 'POST', body });
  if (!Value.Check(Token, answer)) throw new Error(`no token for ${spec.serviceAccountName}`);
  return answer.status.token;
}

const SecretData = Type.Object({ data: Type.Record(Type.String(), Type.String()) });

async function valueOf(
  { name, value = '', valueFrom }: Static<typeof Env>,
  { metadata: { namespace } }: FunctionPod,
  cluster: TestCluster,
): Promise<string> {
  if (valueFrom === undefined) return value;
  const { secretKeyRef } = valueFrom;
  const secret = await cluster.request(
    `/api/v1/namespaces/${namespace}/secrets/${secretKeyRef.name}`,
  );
  const encoded = Value.Check(SecretData, secret) ? secret.data[secretKeyRef.key] : undefined;
  if (encoded === undefined) throw new Error(`no Secret for ${name}`);
  return Buffer.from(encoded, 'base64').toString();
}

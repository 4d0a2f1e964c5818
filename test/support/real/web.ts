import { PodKind } from '../../../src/api/builtin.ts';
import { busyboxImage } from '../../node/base-images.ts';
import { aDaemonSet, aDeployment, aStatefulSet, type DescribedApp } from '../builders/apps.ts';
import { isReady } from '../cluster/enabled-namespace.ts';
import type { Manifest, TestCluster } from '../cluster/test-cluster.ts';

/** What the Pods of a workload do. */
export interface Serving extends DescribedApp {
  /** A path that the readiness probe asks for; `/passwd` is there, anything else is not. */
  readonly probe?: string;
}

/** A Deployment of Pods that serve HTTP and become ready by a real probe. */
export function aRealDeployment(serving: Serving = {}): Manifest {
  return aDeployment(inRealImage(serving));
}

/** The same as a StatefulSet. */
export function aRealStatefulSet(serving: Serving = {}): Manifest {
  return aStatefulSet(inRealImage(serving));
}

/** The same as a DaemonSet: one Pod, on the real node. */
export function aRealDaemonSet(serving: Serving = {}): Manifest {
  return aDaemonSet(inRealImage(serving));
}

function inRealImage({ probe = '/passwd', ...described }: Serving): DescribedApp {
  return {
    ...described,
    podSpec: {
      terminationGracePeriodSeconds: 1,
      containers: [
        {
          name: 'main',
          image: busyboxImage,
          command: ['httpd', '-f', '-p', '8080', '-h', '/etc'],
          readinessProbe: { httpGet: { path: probe, port: 8080 }, periodSeconds: 1 },
        },
      ],
      ...described.podSpec,
    },
  };
}

/** A definition of a task that is tried once, unless `spec` says otherwise. */
export function aTask(name: string, spec: Readonly<Record<string, unknown>>): Manifest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnTaskDefinition',
    metadata: { name },
    spec: { retries: 0, ...spec },
  };
}

/** A definition of a bash function that is tried once; `code` passes or fails. */
export function aBashFunction(name: string, code: string): Manifest {
  return aTask(name, { bash: { inline: { code } } });
}

/** Serves a file in a namespace, over HTTP behind a Service; resolves with its URL when it can be had there. */
export async function serveFile(
  cluster: TestCluster,
  namespace: string,
  { name, content }: { readonly name: string; readonly content: string },
): Promise<string> {
  const metadata = { name: 'files', namespace, labels: { app: 'files' } };
  await cluster.apply(
    { apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { [name]: content } },
    {
      apiVersion: 'v1',
      kind: 'Service',
      metadata,
      spec: { selector: metadata.labels, ports: [{ port: 80, targetPort: 8080 }] },
    },
    {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata,
      spec: {
        terminationGracePeriodSeconds: 1,
        volumes: [{ name: 'files', configMap: { name: 'files' } }],
        containers: [
          {
            name: 'main',
            image: busyboxImage,
            command: ['httpd', '-f', '-p', '8080', '-h', '/files'],
            volumeMounts: [{ name: 'files', mountPath: '/files' }],
            readinessProbe: { httpGet: { path: `/${name}`, port: 8080 }, periodSeconds: 1 },
          },
        ],
      },
    },
  );
  await cluster.until(PodKind, { namespace, name: 'files' }, isReady);
  return `http://files.${namespace}.svc/${name}`;
}

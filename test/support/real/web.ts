import { busyboxImage } from '../../node/base-images.ts';
import { aDaemonSet, aDeployment, aStatefulSet, type DescribedApp } from '../builders/apps.ts';
import type { Manifest } from '../cluster/test-cluster.ts';

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

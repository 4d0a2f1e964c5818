import { keptnAnnotations } from '../../../src/api/keptn/annotations.ts';
import type { Manifest } from '../cluster/test-cluster.ts';

/**
 * Manifests of annotated workloads and of their definitions, as people would write them. Namespaces are left to whoever
 * applies them. Unless told otherwise: workload `cart` in version `1.0.0` of application `shop`, one replica, no checks.
 */
export interface DescribedApp {
  /** Of the Kubernetes object; the workload's name unless told. */
  readonly name?: string;
  readonly workload?: string;
  readonly version?: string;
  /** `none`: the workload is an application of its own. */
  readonly app?: string;
  readonly replicas?: number;
  readonly preDeploymentTasks?: readonly string[];
  readonly postDeploymentTasks?: readonly string[];
  readonly preDeploymentEvaluations?: readonly string[];
  readonly postDeploymentEvaluations?: readonly string[];
  /** Further annotations and fields of the Pod template. */
  readonly annotations?: Readonly<Record<string, string>>;
  readonly podSpec?: Readonly<Record<string, unknown>>;
  /** Further fields of the workload's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

const listKeys = [
  'preDeploymentTasks',
  'postDeploymentTasks',
  'preDeploymentEvaluations',
  'postDeploymentEvaluations',
] as const;

/** The annotations that make a Pod template a workload of Keptn's. */
export function keptnAnnotationsOf(described: DescribedApp): Record<string, string> {
  const { workload = 'cart', version = '1.0.0', app = 'shop' } = described;
  const lists = listKeys.flatMap((key) => {
    const names = described[key];
    return names === undefined ? [] : [[keptnAnnotations[key], names.join(',')]];
  });
  return {
    ...(app !== 'none' && { [keptnAnnotations.app]: app }),
    [keptnAnnotations.workload]: workload,
    [keptnAnnotations.version]: version,
    ...Object.fromEntries(lists),
    ...described.annotations,
  };
}

function owner(kind: string, described: DescribedApp, spec: Record<string, unknown>): Manifest {
  const name = nameOf(described);
  return {
    apiVersion: 'apps/v1',
    kind,
    metadata: { name },
    spec: {
      selector: { matchLabels: { app: name } },
      template: {
        metadata: { labels: { app: name }, annotations: keptnAnnotationsOf(described) },
        spec: {
          containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.10' }],
          ...described.podSpec,
        },
      },
      ...spec,
      ...described.spec,
    },
  };
}

const nameOf = ({ name, workload = 'cart' }: DescribedApp): string => name ?? workload;

export function aDeployment(described: DescribedApp = {}): Manifest {
  return owner('Deployment', described, { replicas: described.replicas ?? 1 });
}

export function aStatefulSet(described: DescribedApp = {}): Manifest {
  const { replicas = 1 } = described;
  return owner('StatefulSet', described, { replicas, serviceName: nameOf(described) });
}

/** A DaemonSet runs one Pod on each of the three nodes. */
export function aDaemonSet(described: DescribedApp = {}): Manifest {
  return owner('DaemonSet', described, {});
}

/** What KWOK makes of the Pods of a task's Job, see `test/control-plane/README.md`. */
export interface Acting {
  readonly outcome?: 'succeed' | 'fail' | 'run' | 'restart' | 'image-pull';
  readonly delay?: string;
  readonly message?: string;
  readonly exitCode?: number;
  /** Further fields of the definition's spec. */
  readonly spec?: Readonly<Record<string, unknown>>;
}

/** A container definition whose Job ends as told; it is not tried again unless told. */
export function aTaskDefinition(name: string, acting: Acting = {}): Manifest {
  const { outcome, delay, message, exitCode, spec } = acting;
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnTaskDefinition',
    metadata: {
      name,
      annotations: {
        ...(outcome !== undefined && { 'sluice.test/outcome': outcome }),
        ...(delay !== undefined && { 'sluice.test/delay': delay }),
        ...(message !== undefined && { 'sluice.test/termination-message': message }),
        ...(exitCode !== undefined && { 'sluice.test/exit-code': String(exitCode) }),
      },
    },
    spec: { retries: 0, container: { name: 'check', image: 'busybox:1.37.0' }, ...spec },
  };
}

export function anEvaluationDefinition(
  name: string,
  objectives: Readonly<Record<string, string>>,
): Manifest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnEvaluationDefinition',
    metadata: { name },
    spec: {
      retries: 5,
      retryInterval: '1s',
      objectives: Object.entries(objectives).map(([metric, evaluationTarget]) => ({
        keptnMetricRef: { name: metric },
        evaluationTarget,
      })),
    },
  };
}

/** A metric that a Prometheus at this address answers. */
export function aMetric(name: string, query = name): Manifest {
  return {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'KeptnMetric',
    metadata: { name },
    spec: { provider: { name: 'prometheus' }, query, fetchIntervalSeconds: 1 },
  };
}

export function aPrometheusProvider(targetServer: string): Manifest {
  return {
    apiVersion: 'metrics.keptn.sh/v1',
    kind: 'KeptnMetricsProvider',
    metadata: { name: 'prometheus' },
    spec: { type: 'prometheus', targetServer },
  };
}

/** The checks of application `shop`. */
export function anAppContext(spec: Readonly<Record<string, unknown>>, name = 'shop'): Manifest {
  return { apiVersion: 'lifecycle.keptn.sh/v1', kind: 'KeptnAppContext', metadata: { name }, spec };
}

/** An application whose workloads its users list themselves. */
export function anApp(
  name: string,
  workloads: readonly { readonly name: string; readonly version: string }[],
): Manifest {
  return {
    apiVersion: 'lifecycle.keptn.sh/v1',
    kind: 'KeptnApp',
    metadata: { name },
    spec: { version: `1.0.${workloads.length}`, workloads },
  };
}

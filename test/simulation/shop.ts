/** What of a workload a scenario wants to say. */
export interface Described {
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Rollout';
  readonly version?: string;
  readonly app?: string;
  readonly workload?: string;
  readonly replicas?: number;
  readonly annotations?: Readonly<Record<string, string>>;
  /** Whether Keptn's annotations are in the Pod template, on the object itself, or missing. */
  readonly annotated?: 'template' | 'owner' | 'nowhere';
  /** Further fields of the spec, in one line of YAML. */
  readonly spec?: string;
}

/** A workload of namespace `shop` with Keptn's annotations. Its image follows the version. */
export function aWorkload(name: string, more: Described = {}): string {
  const { kind = 'Deployment', version = '1', app = 'shop', workload = name, replicas = 2 } = more;
  const { annotations = {}, annotated = 'template', spec = '' } = more;
  const keptn = JSON.stringify({
    'keptn.sh/app': app,
    'keptn.sh/workload': workload,
    'keptn.sh/version': version,
    ...annotations,
  });
  return `
apiVersion: ${kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1'}
kind: ${kind}
metadata: { namespace: shop, name: ${name}, annotations: ${annotated === 'owner' ? keptn : '{}'} }
spec:
  replicas: ${replicas}
  ${spec}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata: { labels: { app: ${name} }, annotations: ${annotated === 'template' ? keptn : '{}'} }
    spec: { containers: [{ name: server, image: "shop/${name}:${version}" }] }
`;
}

/** A container task whose Pod ends as `outcome` says, after so many seconds. */
export function aTaskDefinition(name: string, outcome = 'succeed', seconds = 0): string {
  const annotations = `sluice.test/outcome: ${outcome}, sluice.test/seconds: "${seconds}"`;
  return `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { namespace: shop, name: ${name}, annotations: { ${annotations} } }
spec:
  retries: 1
  timeout: 5m
  container: { name: ${name}, image: busybox }
`;
}

/** Namespace `shop`, opted in. */
export const aShopNamespace = `
apiVersion: v1
kind: Namespace
metadata: { name: shop, annotations: { keptn.sh/lifecycle-toolkit: enabled } }
`;

/** Definitions, metrics and the app's context: something for every phase of app and workloads. */
const checks = `
${['pre-app', 'post-app', 'promote', 'pre-work', 'post-work'].map((name) => aTaskDefinition(name)).join('---')}
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec:
  retries: 3
  retryInterval: 5s
  objectives: [{ keptnMetricRef: { name: cpus, namespace: shop }, evaluationTarget: ">1" }]
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetric
metadata: { namespace: shop, name: cpus }
spec: { provider: { name: p }, query: "4", fetchIntervalSeconds: 10 }
---
apiVersion: metrics.keptn.sh/v1
kind: KeptnMetricsProvider
metadata: { namespace: shop, name: p }
spec: { type: prometheus, targetServer: "http://prometheus" }
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: { namespace: shop, name: shop }
spec:
  preDeploymentTasks: [pre-app]
  preDeploymentEvaluations: [enough]
  postDeploymentTasks: [post-app]
  postDeploymentEvaluations: [enough]
  promotionTasks: [promote]
`;

const workloadChecks = {
  'keptn.sh/pre-deployment-tasks': 'pre-work',
  'keptn.sh/pre-deployment-evaluations': 'enough',
  'keptn.sh/post-deployment-tasks': 'post-work',
};

/** One app of three workloads. */
export const shop = [
  aShopNamespace,
  checks,
  aWorkload('cart', { annotations: workloadChecks }),
  aWorkload('pay', { annotations: workloadChecks }),
  aWorkload('stock'),
].join('---');

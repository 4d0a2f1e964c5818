/** A Deployment of namespace `shop` with Keptn's annotations in its Pod template. */
export function aDeployment(
  name: string,
  more: {
    readonly version?: string;
    readonly app?: string;
    readonly workload?: string;
    readonly replicas?: number;
    readonly image?: string;
    readonly annotations?: Readonly<Record<string, string>>;
    readonly spec?: string;
  } = {},
): string {
  const { version = '1', app = 'shop', workload = name, replicas = 2 } = more;
  const { image = `shop/${name}:${version}`, annotations = {}, spec = '' } = more;
  const given = Object.entries(annotations).map(([key, value]) => `        ${key}: "${value}"\n`);
  return `
apiVersion: apps/v1
kind: Deployment
metadata: { namespace: shop, name: ${name} }
spec:
  replicas: ${replicas}
  ${spec}
  selector: { matchLabels: { app: ${name} } }
  template:
    metadata:
      labels: { app: ${name} }
      annotations:
        keptn.sh/app: ${app}
        keptn.sh/workload: ${workload}
        keptn.sh/version: "${version}"
${given.join('')}    spec:
      containers: [{ name: server, image: "${image}" }]
`;
}

/** A container task whose Pod ends as `outcome` says. */
export function aTaskDefinition(name: string, outcome = 'succeed'): string {
  return `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { namespace: shop, name: ${name}, annotations: { sluice.test/outcome: ${outcome} } }
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
export const checks = `
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
  aDeployment('cart', { annotations: workloadChecks }),
  aDeployment('pay', { annotations: workloadChecks }),
  aDeployment('stock'),
].join('---');

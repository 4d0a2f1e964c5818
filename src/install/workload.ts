import { admissionLabel } from '../admission/conversion-manifests.ts';
import { webhookServiceName } from '../admission/manifests.ts';
import { admissionAccountName, serviceAccountName } from '../admission/sluice-user.ts';
import type { KubernetesObject } from '../api/object.ts';
import { publishedImage } from '../config/published.ts';
import { gracePeriodSeconds } from '../process/stop-times.ts';

/** The image of this version. */
export const shippedImage = publishedImage('sluice');

const labels = { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' };
/** Keptn's, which dashboards and scrape jobs know. */
const metricsPort = 2222;
/** What a Deployment knows its Pods by; it cannot be changed afterwards. */
const selector = { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/component': 'sluice' };

type Manifest = KubernetesObject & Record<string, unknown>;

/** How Sluice runs in the cluster. */
export interface WorkloadSettings {
  readonly namespace: string;
  readonly image?: string;
  readonly replicas?: number;
  /** Whether it keeps lists of released versions. */
  readonly backstop?: boolean;
  /** The only Namespaces whose Pods can be held; all if empty or not given. */
  readonly allowedNamespaces?: readonly string[] | undefined;
  /** Namespaces whose Pods are never held. */
  readonly deniedNamespaces?: readonly string[] | undefined;
  /** Further variables of its environment. */
  readonly environment?: readonly { readonly name: string; readonly value: string }[];
  /** Where its Pods may run and what their image is pulled with, as fields of a Pod spec: `nodeSelector`, `tolerations` and the like. */
  readonly placement?: Readonly<Record<string, unknown>>;
}

/** The Service by which the API server calls the webhooks. */
export function webhookService(namespace: string, name = webhookServiceName): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace, labels },
    spec: {
      selector: { 'app.kubernetes.io/name': 'sluice', ...admissionLabel },
      ports: [{ name: 'https', port: 443, targetPort: 'webhooks' }],
    },
  };
}

/** The Service by which the metrics of each Pod are read; Keptn's name, label and port. */
export function metricsService(namespace: string): Manifest {
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: {
      name: 'lifecycle-operator-metrics-service',
      namespace,
      labels: { ...labels, 'control-plane': 'lifecycle-operator' },
    },
    spec: {
      selector: { 'app.kubernetes.io/name': 'sluice' },
      ports: [{ name: 'metrics', port: metricsPort, targetPort: 'metrics' }],
    },
  };
}

/** The Deployment, and the budget that lets a drain take one Pod at a time. */
export function workload(settings: WorkloadSettings): readonly Manifest[] {
  const { namespace, image = shippedImage, replicas = 2 } = settings;
  const metadata = { name: serviceAccountName, namespace, labels };
  return [
    {
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata,
      spec: {
        replicas,
        selector: { matchLabels: selector },
        // Where one replica is all there is, the next is ready before it goes.
        strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
        template: {
          metadata: { labels: { ...labels, ...selector, ...admissionLabel } },
          spec: { ...settings.placement, ...podSpec(image, environment(settings)) },
        },
      },
    },
    {
      apiVersion: 'policy/v1',
      kind: 'PodDisruptionBudget',
      metadata,
      spec: { maxUnavailable: 1, selector: { matchLabels: selector } },
    },
  ];
}

/** What the chart's value `split` adds, as far as it takes to remove it. */
export function splitWorkload(namespace: string): readonly Manifest[] {
  const metadata = { name: admissionAccountName, namespace, labels };
  return [
    { apiVersion: 'apps/v1', kind: 'Deployment', metadata },
    { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget', metadata },
  ];
}

const drainSeconds = 5;

function podSpec(image: string, env: readonly object[]) {
  return {
    serviceAccountName,
    securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    terminationGracePeriodSeconds: gracePeriodSeconds(drainSeconds),
    topologySpreadConstraints: ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map(
      (topologyKey) => ({
        maxSkew: 1,
        topologyKey,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: selector },
      }),
    ),
    containers: [
      {
        name: 'sluice',
        image,
        imagePullPolicy: 'IfNotPresent',
        args: ['run'],
        env,
        ports: [
          { name: 'webhooks', containerPort: 9443 },
          { name: 'probes', containerPort: 8081 },
          { name: 'metrics', containerPort: metricsPort },
        ],
        ...probes,
        resources: { requests: { cpu: '50m', memory: '128Mi' }, limits: { memory: '384Mi' } },
        securityContext: restricted,
      },
    ],
  };
}

function environment({
  backstop,
  allowedNamespaces,
  deniedNamespaces,
  environment: further = [],
}: WorkloadSettings) {
  const names = (name: string, given: readonly string[] = []) =>
    given.length === 0 ? [] : [{ name, value: given.join(',') }];
  const from = (fieldPath: string) => ({ valueFrom: { fieldRef: { fieldPath } } });
  return [
    { name: 'POD_NAMESPACE', ...from('metadata.namespace') },
    { name: 'POD_NAME', ...from('metadata.name') },
    { name: 'SLUICE_PROBE_PORT', value: '8081' },
    { name: 'KEPTN_DORA_METRICS_PORT', value: String(metricsPort) },
    { name: 'SLUICE_DRAIN', value: `${drainSeconds}s` },
    ...(backstop === true ? [{ name: 'SLUICE_BACKSTOP', value: 'true' }] : []),
    ...names('SLUICE_ALLOWED_NAMESPACES', allowedNamespaces),
    ...names('SLUICE_DENIED_NAMESPACES', deniedNamespaces),
    ...further,
  ];
}

const probes = {
  startupProbe: {
    httpGet: { path: '/livez', port: 'probes' },
    periodSeconds: 2,
    failureThreshold: 60,
  },
  livenessProbe: {
    httpGet: { path: '/livez', port: 'probes' },
    periodSeconds: 20,
    timeoutSeconds: 5,
  },
  readinessProbe: {
    httpGet: { path: '/readyz', port: 'probes' },
    periodSeconds: 5,
    timeoutSeconds: 3,
  },
};

/** What the level restricted of Pod Security asks of a container, and a root file system that cannot be written. */
const restricted = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  privileged: false,
  readOnlyRootFilesystem: true,
  runAsGroup: 65532,
  runAsNonRoot: true,
  runAsUser: 65532,
  seccompProfile: { type: 'RuntimeDefault' },
};

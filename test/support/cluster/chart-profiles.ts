/** What people install the chart with, by what it is for. */
export const chartProfiles: Readonly<Record<string, object>> = {
  'the defaults': {},
  'high availability': {
    replicas: 3,
    priorityClassName: 'system-cluster-critical',
    podDisruptionBudget: { maxUnavailable: '34%' },
    affinity: {
      podAntiAffinity: {
        requiredDuringSchedulingIgnoredDuringExecution: [
          {
            topologyKey: 'kubernetes.io/hostname',
            labelSelector: { matchLabels: { 'app.kubernetes.io/name': 'sluice' } },
          },
        ],
      },
    },
  },
  'a backstop': { backstop: true },
  'the gate of the API server': { webhook: { mode: 'admissionPolicy' } },
  'two Deployments': { split: true, admission: { replicas: 3 } },
  'cert-manager.io': { certificates: { mode: 'certManager' } },
  'a certificate of your own': {
    certificates: {
      mode: 'provided',
      caBundle: '-----BEGIN CERTIFICATE-----\n-----END CERTIFICATE-----\n',
    },
  },
  'only the API server is answered': {
    certificates: { clientCA: { secretName: 'client-ca', allowedNames: ['kube-apiserver'] } },
  },
  OpenShift: { global: { openShift: { enabled: true } } },
  'a private registry': {
    global: {
      imageRegistry: 'registry.example:5000',
      imagePullSecrets: ['pull', { name: 'pull-too' }],
      imagePullPolicy: 'Always',
    },
    image: { digest: `sha256:${'0'.repeat(64)}` },
  },
  'everything that can be added': {
    extraArgs: ['--log-level', 'debug'],
    extraEnv: [{ name: 'HTTPS_PROXY', value: 'http://proxy.example:3128' }],
    extraVolumes: [{ name: 'more', emptyDir: {} }],
    extraVolumeMounts: [{ name: 'more', mountPath: '/more' }],
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    tolerations: [{ operator: 'Exists' }],
    topologySpreadConstraints: [
      { maxSkew: 1, topologyKey: 'zone', whenUnsatisfiable: 'ScheduleAnyway' },
    ],
    hostNetwork: true,
    annotations: { a: 'b' },
    podAnnotations: { c: 'd' },
    podLabels: { e: 'f' },
    global: { commonLabels: { team: 'platform' }, commonAnnotations: { contact: 'platform' } },
    env: { bashRunnerImage: 'example.org/bash:1' },
    logLevel: 'debug',
    logFormat: 'text',
  },
  'the Prometheus operator': {
    serviceMonitor: { enabled: true, labels: { release: 'prometheus' } },
    prometheusRule: { enabled: true, labels: { release: 'prometheus' } },
  },
  'a NetworkPolicy': {
    networkPolicy: {
      enabled: true,
      apiServerCIDRs: ['192.0.2.0/24'],
      metricsFrom: [{ namespaceSelector: {} }],
      extraEgress: [{ ports: [{ port: 4317 }] }],
    },
  },
  'a NetworkPolicy of Calico': {
    networkPolicy: { enabled: true, type: 'calico', apiServerCIDRs: ['192.0.2.0/24'] },
  },
  'a NetworkPolicy of Cilium': { networkPolicy: { enabled: true, type: 'cilium' } },
  'only some Namespaces': { allowedNamespaces: ['shop', 'bank'], failurePolicy: 'Ignore' },
  'all but some Namespaces': { deniedNamespaces: ['monitoring'], requesterChecks: false },
  'taking it out without hooks': { uninstall: { now: true } },

  // What Keptn's documentation tells people to write, right or wrong.
  'Keptn: its certificate operator off, by the key that works': {
    global: {
      certManagerEnabled: false,
      caInjectionAnnotations: { 'cert-manager.io/inject-ca-from': 'keptn-system/keptn-certs' },
    },
  },
  'Keptn: its certificate operator off, by a key that never worked': {
    global: { certManager: { enabled: false } },
  },
  'Keptn: its certificate operator off, by another key that never worked': {
    certificateManager: { enabled: false },
  },
  'Keptn: the lifecycle operator alone': {
    global: { certManager: { enabled: true } },
    lifecycleOperator: { enabled: true },
    metricsOperator: { enabled: false },
  },
  'Keptn: the metrics operator alone': {
    global: { certManager: { enabled: true } },
    lifecycleOperator: { enabled: false },
    metricsOperator: { enabled: true },
  },
  'Keptn: another registry, label and tag': {
    global: {
      imageRegistry: 'localhost:5000',
      commonLabels: { 'app.kubernetes.io/version': 'myversion' },
      certManager: { enabled: true },
    },
    lifecycleOperator: { enabled: false },
    metricsOperator: { enabled: true, image: { tag: 'v0.0.0' }, imagePullPolicy: 'Never' },
  },
  'Keptn: the Namespaces it watches': {
    lifecycleOperator: { allowedNamespaces: ['allowed-ns-1', 'allowed-ns-2'] },
  },
  'Keptn: the Namespaces it leaves alone': {
    lifecycleOperator: {
      deniedNamespaces: ['cert-manager', 'keptn-system', 'observability', 'monitoring'],
    },
  },
  'Keptn: promotion tasks': { lifecycleOperator: { promotionTasksEnabled: true } },
  'Keptn: without its custom metrics API': {
    metricsOperator: { customMetricsAPIService: { enabled: 'false' } },
  },
  'Keptn 0.8: what its chart listed': {
    certificateOperator: { manager: { env: { labelSelectorKey: 'keptn.sh/inject-cert' } } },
    imagePullSecrets: [],
    kubernetesClusterDomain: 'cluster.local',
    schedulingGatesEnabled: false,
    lifecycleManagerConfig: { controllerManagerConfigYaml: { webhook: { port: 9443 } } },
    lifecycleOperator: {
      replicas: 1,
      env: {
        otelCollectorUrl: 'otel-collector:4317',
        keptnWorkloadInstanceControllerLogLevel: '0',
      },
      imagePullPolicy: 'Always',
    },
    lifecycleOperatorMetricsService: { type: 'ClusterIP' },
    lifecycleWebhookService: { type: 'ClusterIP' },
    metricsManagerConfig: { controllerManagerConfigYaml: {} },
    metricsOperator: { manager: { env: { exposeKeptnMetrics: 'true' } } },
    metricsOperatorService: { type: 'ClusterIP' },
    metricsWebhookService: { type: 'ClusterIP' },
    scheduler: { replicas: 1 },
    schedulerConfig: { schedulerConfigYaml: {} },
  },
  'Keptn: as Argo CD installs it': { commitID: 'abcdef0' },
};

import { published } from '../../config/published.ts';
import {
  bool,
  count,
  object,
  objects,
  oneOf,
  string,
  strings,
  texts,
  type Value,
} from './value.ts';

const name = { type: 'string', pattern: '^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?)?$' };
const names = { type: 'array', items: { ...name, minLength: 1 } };
const level = oneOf('debug', 'info', 'warn', 'error', 'silent');
const duration = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(ms|s|m|h))+$' };
const keyValue = { type: 'object', required: ['name'], properties: { name: string } };

/** Those that Keptn's chart has under `global`. */
const global: readonly Value[] = [
  {
    path: 'global.certManagerEnabled',
    otherwise: true,
    schema: bool,
    says: 'False: Sluice does not make its certificate itself; it is what the Secret `certificates.secretName` holds (as `certificates.mode: provided`).',
  },
  {
    path: 'global.imageRegistry',
    otherwise: published.registry,
    schema: string,
    says: 'Registry of the image, unless `image.registry` names one.',
  },
  {
    path: 'global.imagePullSecrets',
    otherwise: [],
    schema: { type: 'array', items: { anyOf: [string, keyValue] } },
    says: 'Secrets with which images are pulled: names, or objects with `name`.',
  },
  {
    path: 'global.imagePullPolicy',
    otherwise: '',
    schema: oneOf('', 'Always', 'IfNotPresent', 'Never'),
    says: 'Pull policy, unless `image.imagePullPolicy` says one. IfNotPresent if empty.',
  },
  {
    path: 'global.commonLabels',
    otherwise: {},
    schema: texts,
    says: 'Labels of every object and of the Pods.',
  },
  {
    path: 'global.commonAnnotations',
    otherwise: {},
    schema: texts,
    says: 'Annotations of every object.',
  },
  {
    path: 'global.caInjectionAnnotations',
    otherwise: {},
    schema: texts,
    says: 'Annotations of webhooks and CRDs by which something else fills in their caBundle, such as `cert-manager.io/inject-ca-from: <namespace>/keptn-certs`.',
  },
  {
    path: 'global.openShift.enabled',
    otherwise: false,
    schema: bool,
    says: 'True: no user and group ids are set, so that OpenShift assigns its own.',
  },
];

/** What is installed, and what it holds. */
const gate: readonly Value[] = [
  {
    path: 'allowedNamespaces',
    otherwise: [],
    schema: names,
    says: 'Only Pods of these Namespaces can be held; of every Namespace that opts in if empty. With names here, `deniedNamespaces` does not count, as in Keptn.',
  },
  {
    path: 'deniedNamespaces',
    otherwise: [],
    schema: names,
    says: 'Namespaces whose Pods are never held, even if they opt in. Those of the namespace of Sluice, kube-system, kube-public and kube-node-lease never are. Keptn’s default names four; here nothing is held without an opt-in.',
  },
  {
    path: 'failurePolicy',
    otherwise: 'Fail',
    schema: oneOf('Fail', 'Ignore'),
    says: 'What becomes of new Pods of Namespaces that have opted in while no replica answers. `Fail` refuses them; with `Ignore` they start unchecked.',
  },
  {
    path: 'backstop',
    otherwise: false,
    schema: bool,
    says: 'While no replica answers, Pods of Released versions start and those of other versions do not: the webhooks on Pods get `failurePolicy: Ignore`, and a policy of the API server judges by a list that Sluice keeps in each Namespace that opts in. `failurePolicy` does not count then.',
  },
  {
    path: 'webhook.mode',
    otherwise: 'webhook',
    schema: oneOf('webhook', 'admissionPolicy'),
    says: 'What gates Pods. `admissionPolicy` (Kubernetes 1.36 and newer): a MutatingAdmissionPolicy of the API server before the webhook, so that Pods that are not Released are held, and not refused, while no replica answers; it brings `backstop` along.',
  },
  {
    path: 'promotionTasksEnabled',
    otherwise: true,
    schema: bool,
    says: 'Run the promotion phase. Keptn’s default is false.',
  },
  {
    path: 'requesterChecks',
    otherwise: true,
    schema: bool,
    says: 'Those who write definitions, tasks and providers need the rights that these use (docs/security.md).',
  },
  {
    path: 'crds.install',
    otherwise: true,
    schema: bool,
    says: 'The CRDs are part of the release and change with it. False where another release or `sluice install --crds` brings them.',
  },
  {
    path: 'crds.keep',
    otherwise: true,
    schema: bool,
    says: 'Uninstalling leaves the CRDs and all objects of their kinds (`helm.sh/resource-policy: keep`).',
  },
];

const process: readonly Value[] = [
  {
    path: 'replicas',
    otherwise: 2,
    schema: count(0),
    says: 'All answer admission; one of them runs the controllers. 0 together with held Pods keeps these waiting.',
  },
  {
    path: 'image.registry',
    otherwise: '',
    schema: string,
    says: 'Registry of the image; `global.imageRegistry` if empty.',
  },
  {
    path: 'image.repository',
    otherwise: `${published.organization}/sluice`,
    schema: string,
    says: 'Repository of the image.',
  },
  {
    path: 'image.tag',
    otherwise: '',
    schema: string,
    says: 'Tag of the image; the version of the chart’s application if empty.',
  },
  {
    path: 'image.digest',
    otherwise: '',
    schema: { type: 'string', pattern: '^(sha256:[0-9a-f]{64})?$' },
    says: 'Digest of the image (`sha256:…`); it wins over the tag.',
  },
  {
    path: 'image.imagePullPolicy',
    otherwise: '',
    schema: oneOf('', 'Always', 'IfNotPresent', 'Never'),
    says: 'Pull policy of this image; `global.imagePullPolicy` if empty.',
  },
  {
    path: 'env.functionRunnerImage',
    otherwise: '',
    schema: string,
    says: 'Image that runs `deno` definitions; Sluice’s own if empty.',
  },
  {
    path: 'env.pythonRunnerImage',
    otherwise: '',
    schema: string,
    says: 'Image that runs `python` definitions; Sluice’s own if empty.',
  },
  {
    path: 'env.bashRunnerImage',
    otherwise: '',
    schema: string,
    says: 'Image that runs `bash` definitions; Sluice’s own if empty.',
  },
  {
    path: 'logLevel',
    otherwise: 'info',
    schema: level,
    says: 'Least important log lines that are written.',
  },
  {
    path: 'logFormat',
    otherwise: 'json',
    schema: oneOf('json', 'text'),
    says: 'One JSON object per line, or text for people.',
  },
  {
    path: 'drainSeconds',
    otherwise: 5,
    schema: count(0),
    says: 'How long a Pod that is to end still answers reviews. The grace period of the Pod follows from it.',
  },
  {
    path: 'extraArgs',
    otherwise: [],
    schema: strings,
    says: 'Further flags of `sluice run` (docs/reference/settings.md).',
  },
  {
    path: 'extraEnv',
    otherwise: [],
    schema: { type: 'array', items: keyValue },
    says: 'Further environment variables of the container, such as `HTTPS_PROXY`.',
  },
  {
    path: 'extraVolumes',
    otherwise: [],
    schema: { type: 'array', items: keyValue },
    says: 'Further volumes of the Pod.',
  },
  {
    path: 'extraVolumeMounts',
    otherwise: [],
    schema: { type: 'array', items: keyValue },
    says: 'Where the container has these volumes.',
  },
];

const pods: readonly Value[] = [
  {
    path: 'resources',
    otherwise: {
      requests: { cpu: '50m', memory: '128Mi' },
      limits: { memory: '384Mi' },
    },
    schema: object,
    says: 'Resources of the container. 95 MB are used at rest, 150 MB with 2,000 Deployments. A CPU limit would slow down admission.',
  },
  { path: 'nodeSelector', otherwise: {}, schema: texts, says: 'Labels of the nodes for the Pods.' },
  { path: 'tolerations', otherwise: [], schema: objects, says: 'Taints that the Pods tolerate.' },
  { path: 'affinity', otherwise: {}, schema: object, says: 'Affinity of the Pods.' },
  {
    path: 'topologySpreadConstraints',
    otherwise: [],
    schema: objects,
    says: 'How the Pods are spread; over nodes and zones as far as possible if empty.',
  },
  {
    path: 'priorityClassName',
    otherwise: '',
    schema: string,
    says: 'Priority class of the Pods. `system-cluster-critical` keeps admission running on full nodes; GKE allows it only where a ResourceQuota does.',
  },
  {
    path: 'hostNetwork',
    otherwise: false,
    schema: bool,
    says: 'The Pods use the network of their node, for clusters whose API server reaches nodes only.',
  },
  { path: 'annotations', otherwise: {}, schema: texts, says: 'Annotations of the Deployment.' },
  { path: 'podAnnotations', otherwise: {}, schema: texts, says: 'Annotations of the Pods.' },
  { path: 'podLabels', otherwise: {}, schema: texts, says: 'Labels of the Pods.' },
  {
    path: 'podSecurityContext',
    otherwise: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    schema: object,
    says: 'Security context of the Pod.',
  },
  {
    path: 'containerSecurityContext',
    otherwise: {
      allowPrivilegeEscalation: false,
      capabilities: { drop: ['ALL'] },
      privileged: false,
      readOnlyRootFilesystem: true,
      runAsGroup: 65532,
      runAsNonRoot: true,
      runAsUser: 65532,
      seccompProfile: { type: 'RuntimeDefault' },
    },
    schema: object,
    says: 'Security context of the container; it satisfies the level restricted of Pod Security.',
  },
  {
    path: 'startupProbe',
    otherwise: {
      httpGet: { path: '/livez', port: 'probes' },
      periodSeconds: 2,
      failureThreshold: 60,
    },
    schema: object,
    says: 'How the kubelet sees that the process has started.',
  },
  {
    path: 'livenessProbe',
    otherwise: {
      httpGet: { path: '/livez', port: 'probes' },
      periodSeconds: 20,
      timeoutSeconds: 5,
    },
    schema: object,
    says: 'How the kubelet sees that the process lives.',
  },
  {
    path: 'readinessProbe',
    otherwise: {
      httpGet: { path: '/readyz', port: 'probes' },
      periodSeconds: 5,
      timeoutSeconds: 3,
    },
    schema: object,
    says: 'How the kubelet sees that reviews can be answered: certificate valid, caches filled.',
  },
  {
    path: 'split',
    otherwise: false,
    schema: bool,
    says: 'Two Deployments with two service accounts: `sluice` runs the controllers, `sluice-admission` answers admission and has no right to write.',
  },
  {
    path: 'admission.replicas',
    otherwise: 2,
    schema: count(0),
    says: 'With `split`: replicas of `sluice-admission`.',
  },
  {
    path: 'admission.resources',
    otherwise: {},
    schema: object,
    says: 'With `split`: resources of `sluice-admission`; `resources` if empty.',
  },
];

const certificates: readonly Value[] = [
  {
    path: 'certificates.mode',
    otherwise: 'process',
    schema: oneOf('process', 'certManager', 'provided'),
    says: 'Who makes the certificate of the webhooks. `process`: Sluice, which also renews it and fills in every caBundle. `certManager`: cert-manager.io, by a Certificate of this chart. `provided`: you, by the Secret `certificates.secretName` with `tls.crt` and `tls.key`.',
  },
  {
    path: 'certificates.secretName',
    otherwise: '',
    schema: name,
    says: 'Secret in which the certificate is. Empty: `sluice-certificates` with `process`, which takes over Keptn’s if you name `keptn-certs`; otherwise `keptn-certs`.',
  },
  {
    path: 'certificates.caBundle',
    otherwise: '',
    schema: string,
    says: 'With `provided`: the authority of the certificate, in PEM. Empty where `global.caInjectionAnnotations` lets something else fill it in.',
  },
  {
    path: 'certificates.certManager.issuerRef',
    otherwise: {},
    schema: object,
    says: 'With `certManager`: the issuer. A self-signed one of this chart if empty.',
  },
  {
    path: 'certificates.certManager.duration',
    otherwise: '2160h',
    schema: duration,
    says: 'With `certManager`: how long the certificate is valid.',
  },
  {
    path: 'certificates.certManager.renewBefore',
    otherwise: '720h',
    schema: duration,
    says: 'With `certManager`: how long before its end it is renewed.',
  },
  {
    path: 'certificates.clientCA.secretName',
    otherwise: '',
    schema: name,
    says: 'Secret with `ca.crt`, the authority that has signed the client certificate of the API server: no other client’s reviews are answered then. `/convert` and the probes stay open.',
  },
  {
    path: 'certificates.clientCA.allowedNames',
    otherwise: [],
    schema: strings,
    says: 'Common names that this certificate may have; any if empty.',
  },
];

const surroundings: readonly Value[] = [
  {
    path: 'podDisruptionBudget.enabled',
    otherwise: true,
    schema: bool,
    says: 'A drain takes one Pod at a time. A single replica does not stop a drain.',
  },
  {
    path: 'podDisruptionBudget.maxUnavailable',
    otherwise: 1,
    schema: { anyOf: [count(0), { type: 'string', pattern: '^[0-9]+%$' }] },
    says: 'How many Pods may be missing at once.',
  },
  {
    path: 'networkPolicy.enabled',
    otherwise: false,
    schema: bool,
    says: 'Who may reach the Pods and what they may reach.',
  },
  {
    path: 'networkPolicy.type',
    otherwise: 'kubernetes',
    schema: oneOf('kubernetes', 'calico', 'cilium'),
    says: '`kubernetes` cannot tell the API server from others, so it opens the admission port to all; `calico` opens it to `networkPolicy.apiServerCIDRs`; `cilium` to the API server and the nodes.',
  },
  {
    path: 'networkPolicy.apiServerCIDRs',
    otherwise: [],
    schema: strings,
    says: 'Addresses from which the API server calls, such as those of the control plane’s nodes. Needed for `calico`; narrows `kubernetes`.',
  },
  {
    path: 'networkPolicy.metricsFrom',
    otherwise: [],
    schema: objects,
    says: 'With `kubernetes`: peers that may read metrics; all if empty.',
  },
  {
    path: 'networkPolicy.extraEgress',
    otherwise: [],
    schema: objects,
    says: 'Further egress rules, in the words of the type.',
  },
  {
    path: 'serviceMonitor.enabled',
    otherwise: false,
    schema: bool,
    says: 'A ServiceMonitor for the Prometheus operator.',
  },
  {
    path: 'serviceMonitor.interval',
    otherwise: '30s',
    schema: duration,
    says: 'How often metrics are read.',
  },
  {
    path: 'serviceMonitor.labels',
    otherwise: {},
    schema: texts,
    says: 'Labels by which your Prometheus selects ServiceMonitors.',
  },
  {
    path: 'prometheusRule.enabled',
    otherwise: false,
    schema: bool,
    says: 'Alerts for the Prometheus operator, each with a runbook (docs/runbooks).',
  },
  {
    path: 'prometheusRule.labels',
    otherwise: {},
    schema: texts,
    says: 'Labels by which your Prometheus selects rules.',
  },
  {
    path: 'argoCD.syncWaves',
    otherwise: true,
    schema: bool,
    says: 'Annotations by which Argo CD applies CRDs first and webhooks last, and prunes webhooks first.',
  },
  {
    path: 'uninstall.hook',
    otherwise: true,
    schema: bool,
    says: 'After `helm uninstall` (and after the deletion of an Argo CD Application) a Job lifts every gate, so that no Pod stays held.',
  },
  {
    path: 'uninstall.now',
    otherwise: false,
    schema: bool,
    says: 'For tools that know no hooks: true takes webhooks, policies and Deployments out of the release and runs the Job of `uninstall.hook` at once. Delete the release after that.',
  },
  {
    path: 'tests.enabled',
    otherwise: true,
    schema: bool,
    says: '`helm test` asks the API server, by a dry run, whether an annotated Pod would be held.',
  },
];

const keptnParts: readonly Value[] = [
  {
    path: 'lifecycleOperator',
    otherwise: {},
    schema: object,
    says: 'Values of Keptn’s chart for its lifecycle operator. What has a meaning here wins over the value of the same name above; what has none is named after each install.',
  },
  {
    path: 'metricsOperator',
    otherwise: {},
    schema: object,
    says: 'Values of Keptn’s chart for its metrics operator. Sluice measures metrics in the same process: nothing here has an effect, and what is set is named after each install.',
  },
  {
    path: 'certManager',
    otherwise: {},
    schema: object,
    says: 'Values of Keptn’s chart for its certificate operator. Sluice needs none: nothing here has an effect, and what is set is named after each install.',
  },
];

/** All values, in the order in which `values.yaml` shows them. */
export const values: readonly Value[] = [
  ...global,
  ...gate,
  ...process,
  ...certificates,
  ...pods,
  ...surroundings,
  ...keptnParts,
];

import { certificateSecretName } from '../api/secret.ts';
import { nearestName } from '../domain/nearest-name.ts';
import { optional, setting } from './define-setting.ts';
import { otlpSettings, readOtlp } from './otlp-settings.ts';
import { publishedImage } from './published.ts';
import {
  ConfigInvalid,
  duration,
  type Given,
  label,
  list,
  oneOf,
  port,
  SettingsReader,
  text,
  wholeNumber,
  yesOrNo,
} from './setting.ts';

/** Runs functions of all languages; built from images/functions. */
const ownRunnerImage = publishedImage('sluice-functions');

/**
 * Everything that can be set, in the order in which help shows it. Variables of Keptn's operator and of OpenTelemetry keep
 * their names; all others begin with SLUICE_. (SLUICE_PORT would be a trap: Kubernetes sets it for a Service called `sluice`.)
 */
export const settings = {
  kubeconfig: optional({
    flag: 'kubeconfig',
    env: 'KUBECONFIG',
    value: text('file', 'the path of a kubeconfig file'),
    description:
      'kubeconfig file; without it the Pod’s own service account, or ~/.kube/config outside a cluster',
  }),
  context: optional({
    flag: 'context',
    env: 'SLUICE_CONTEXT',
    value: text('name', 'the name of a context of the kubeconfig'),
    description: 'context of the kubeconfig; its current one if not given',
  }),
  requestTimeoutMs: setting({
    flag: 'request-timeout',
    env: 'SLUICE_REQUEST_TIMEOUT',
    value: duration(1),
    otherwise: 30_000,
    description: 'how long one request to the API server may take; watches go on for longer',
  }),
  namespace: setting({
    flag: 'namespace',
    env: 'POD_NAMESPACE',
    value: label,
    otherwise: 'keptn-system',
    description: 'namespace Sluice runs in: its KeptnConfig rules the cluster',
  }),
  definitionsNamespace: optional({
    flag: 'definitions-namespace',
    env: 'SLUICE_DEFINITIONS_NAMESPACE',
    value: label,
    description: 'namespace of definitions that all may use; the one Sluice runs in if not given',
  }),
  configsAnywhere: setting({
    flag: 'configs-anywhere',
    env: 'SLUICE_CONFIGS_ANYWHERE',
    value: yesOrNo,
    otherwise: false,
    description:
      'as in Keptn: without a KeptnConfig in its own namespace, Keptn’s fields of one elsewhere rule (never job options, collector or Sluice’s fields)',
  }),
  allowedNamespaces: optional({
    flag: 'allowed-namespaces',
    env: 'SLUICE_ALLOWED_NAMESPACES',
    value: list('names', 'names with commas between them'),
    description:
      'the only Namespaces whose Pods can be held; each that opts in if not given. Goes with the same flag of sluice install',
  }),
  deniedNamespaces: optional({
    flag: 'denied-namespaces',
    env: 'SLUICE_DENIED_NAMESPACES',
    value: list('names', 'names with commas between them'),
    description:
      'Namespaces whose Pods are never held, even if they opt in; without effect beside --allowed-namespaces, as in Keptn. Goes with the same flag of sluice install',
  }),
  only: optional({
    flag: 'only',
    env: 'SLUICE_ONLY',
    value: oneOf(['admission', 'controllers']),
    description: 'run one half only; both if not given',
  }),
  listenAddress: setting({
    flag: 'listen-address',
    env: 'SLUICE_LISTEN_ADDRESS',
    value: text('address', 'an IP address'),
    otherwise: '::',
    description:
      'address of the admission server; :: is every address, of IPv4 as well, and 0.0.0.0 where there is no IPv6',
  }),
  listenPort: setting({
    flag: 'listen-port',
    env: 'SLUICE_LISTEN_PORT',
    value: port,
    otherwise: 9443,
    description: 'port of the admission server; 0 for a free one',
  }),
  certificates: optional({
    flag: 'certificates',
    env: 'SLUICE_CERTIFICATES',
    value: oneOf(['own', 'files']),
    description:
      'own: Sluice makes and renews its certificate, in a Secret, and writes the caBundles; files: something else does, such as cert-manager. Own in a Pod unless --cert-file is given, otherwise files',
  }),
  certificateSecret: setting({
    flag: 'certificate-secret',
    env: 'SLUICE_CERTIFICATE_SECRET',
    value: text('name', 'the name of a Secret'),
    otherwise: certificateSecretName,
    description:
      'Secret with its own certificates, in the namespace Sluice runs in; keptn-certs takes over Keptn’s',
  }),
  certificateHosts: optional({
    flag: 'certificate-hosts',
    env: 'SLUICE_CERTIFICATE_HOSTS',
    value: list('names', 'names with commas between them'),
    description:
      'names and addresses its own certificate is for; those of its Services if not given',
  }),
  certFile: setting({
    flag: 'cert-file',
    env: 'SLUICE_CERT_FILE',
    value: text('file', 'the path of a PEM file'),
    otherwise: 'certs/tls.crt',
    description: 'certificate of the admission server (PEM), read again when it changes',
  }),
  keyFile: setting({
    flag: 'key-file',
    env: 'SLUICE_KEY_FILE',
    value: text('file', 'the path of a PEM file'),
    otherwise: 'certs/tls.key',
    description: 'key of that certificate (PEM), read again when it changes',
  }),
  clientCaFile: optional({
    flag: 'client-ca-file',
    env: 'SLUICE_CLIENT_CA_FILE',
    value: text('file', 'the path of a PEM file'),
    description:
      'CA that has signed the client certificate of the API server; with it no other client’s reviews are answered',
  }),
  clientAllowedNames: optional({
    flag: 'client-allowed-names',
    env: 'SLUICE_CLIENT_ALLOWED_NAMES',
    value: list('names', 'names with commas between them'),
    description: 'common names that the client certificate may have; any if not given',
  }),
  probePort: optional({
    flag: 'probe-port',
    env: 'SLUICE_PROBE_PORT',
    value: port,
    description: 'port for /livez and /readyz over plain HTTP, beside the HTTPS ones',
  }),
  metricsPort: optional({
    flag: 'metrics-port',
    env: 'KEPTN_DORA_METRICS_PORT',
    value: port,
    description:
      'port for /metrics over plain HTTP, on every replica; not served if not given (the chart gives 2222, as Keptn)',
  }),
  metricsAddress: optional({
    flag: 'metrics-address',
    env: 'SLUICE_METRICS_ADDRESS',
    value: text('address', 'an IP address'),
    description:
      'address of /metrics, such as 127.0.0.1 behind a proxy that asks who scrapes; the listen address if not given',
  }),
  metricsTokenFile: optional({
    flag: 'metrics-token-file',
    env: 'SLUICE_METRICS_TOKEN_FILE',
    value: text('file', 'the path of a file'),
    description:
      'file with the bearer token that a scrape must carry, read at each one; anybody who reaches the port may scrape if not given',
  }),
  keptnMetrics: setting({
    flag: 'keptn-metrics',
    env: 'SLUICE_KEPTN_METRICS',
    value: yesOrNo,
    otherwise: true,
    description:
      'serve Keptn’s series, whose labels name applications, workloads, versions and tasks',
  }),
  drainMs: setting({
    flag: 'drain',
    env: 'SLUICE_DRAIN',
    value: duration(0),
    otherwise: 5_000,
    description: 'how long reviews are still answered after the process was asked to end',
  }),
  backstop: setting({
    flag: 'backstop',
    env: 'SLUICE_BACKSTOP',
    value: yesOrNo,
    otherwise: false,
    description:
      'keep, in each Namespace that is opted in, the list of what may start while no Sluice answers; goes with sluice install --backstop true',
  }),
  leaseName: setting({
    flag: 'lease-name',
    env: 'SLUICE_LEASE_NAME',
    value: text('name', 'the name of a Lease'),
    otherwise: 'sluice',
    description: 'Lease that decides whose controllers run',
  }),
  leaseNamespace: optional({
    flag: 'lease-namespace',
    env: 'SLUICE_LEASE_NAMESPACE',
    value: label,
    description: 'namespace of the Lease; the one Sluice runs in if not given',
  }),
  leaseDurationMs: setting({
    flag: 'lease-duration',
    env: 'SLUICE_LEASE_DURATION',
    value: duration(1_000),
    otherwise: 15_000,
    description: 'how long others wait for a leader that has stopped renewing',
  }),
  leaseRenewDeadlineMs: setting({
    flag: 'lease-renew-deadline',
    env: 'SLUICE_LEASE_RENEW_DEADLINE',
    value: duration(100),
    otherwise: 10_000,
    description: 'how long a leader that cannot renew goes on; less than the duration',
  }),
  leaseRetryMs: setting({
    flag: 'lease-retry-period',
    env: 'SLUICE_LEASE_RETRY_PERIOD',
    value: duration(10),
    otherwise: 2_000,
    description: 'time between two tries to get or renew the Lease; less than the renew deadline',
  }),
  identity: optional({
    flag: 'identity',
    env: 'POD_NAME',
    value: text('name', 'a name'),
    description: 'name of this process in the Lease; host name and process id if not given',
  }),
  denoImage: setting({
    flag: 'deno-image',
    env: 'FUNCTION_RUNNER_IMAGE',
    value: text('image', 'an image reference'),
    otherwise: ownRunnerImage,
    description: 'image that runs `deno` definitions',
  }),
  pythonImage: setting({
    flag: 'python-image',
    env: 'PYTHON_RUNNER_IMAGE',
    value: text('image', 'an image reference'),
    otherwise: ownRunnerImage,
    description: 'image that runs `python` definitions',
  }),
  bashImage: setting({
    flag: 'bash-image',
    env: 'BASH_RUNNER_IMAGE',
    value: text('image', 'an image reference'),
    otherwise: ownRunnerImage,
    description: 'image that runs `bash` definitions',
  }),
  promotionTasks: setting({
    flag: 'promotion-tasks',
    env: 'PROMOTION_TASKS_ENABLED',
    value: yesOrNo,
    otherwise: true,
    description: 'run the promotion phase',
  }),
  allowLoopbackProviders: setting({
    flag: 'allow-loopback-providers',
    env: 'SLUICE_ALLOW_LOOPBACK_PROVIDERS',
    value: yesOrNo,
    otherwise: false,
    description: 'let metric providers be on a loopback address; for local use',
  }),
  workers: optional({
    flag: 'workers',
    env: 'SLUICE_WORKERS',
    value: wholeNumber('number', 1, 256),
    description:
      'most reconciles of one controller at once; each controller’s own number if not given',
  }),
  ...otlpSettings,
  logLevel: setting({
    flag: 'log-level',
    env: 'SLUICE_LOG_LEVEL',
    value: oneOf(['debug', 'info', 'warn', 'error', 'silent']),
    otherwise: 'info',
    description: 'least important log lines that are written',
  }),
  debugKey: optional({
    flag: 'debug-key',
    env: 'SLUICE_DEBUG_KEY',
    value: text('key', 'a controller, a namespace and a name with slashes between them'),
    description:
      'controller/namespace/name of which every observation and plan is written to the log, with --log-level debug',
  }),
  logFormat: setting({
    flag: 'log-format',
    env: 'SLUICE_LOG_FORMAT',
    value: oneOf(['json', 'text']),
    otherwise: 'json',
    description: 'one JSON object per line, or text for people',
  }),
} as const;

/** The configuration of one process. It does not change while the process runs. */
export type Config = ReturnType<typeof configFrom>;

/**
 * The configuration from flags and environment. Throws `ConfigInvalid` with all problems at once: values that are not
 * what is expected, settings that contradict each other, SLUICE_ variables that mean nothing.
 */
export function configFrom(given: Given) {
  const reader = new SettingsReader(given);
  const namespace = reader.read(settings.namespace);
  const config = {
    // KUBECONFIG may name several files: it is read where they are merged.
    kubeconfig: given.flags.get(settings.kubeconfig.flag),
    context: reader.read(settings.context),
    requestTimeoutMs: reader.read(settings.requestTimeoutMs),
    namespace,
    definitionsNamespace: reader.read(settings.definitionsNamespace) ?? namespace,
    configsAnywhere: reader.read(settings.configsAnywhere),
    allowedNamespaces: reader.read(settings.allowedNamespaces),
    deniedNamespaces: reader.read(settings.deniedNamespaces),
    only: reader.read(settings.only),
    listenAddress: reader.read(settings.listenAddress),
    listenPort: reader.read(settings.listenPort),
    certificates: reader.read(settings.certificates) ?? certificatesOf(given),
    certificateSecret: reader.read(settings.certificateSecret),
    certificateHosts: reader.read(settings.certificateHosts),
    certFile: reader.read(settings.certFile),
    keyFile: reader.read(settings.keyFile),
    clientCaFile: reader.read(settings.clientCaFile),
    clientAllowedNames: reader.read(settings.clientAllowedNames),
    probePort: reader.read(settings.probePort),
    metricsPort: reader.read(settings.metricsPort),
    metricsAddress: reader.read(settings.metricsAddress),
    metricsTokenFile: reader.read(settings.metricsTokenFile),
    keptnMetrics: reader.read(settings.keptnMetrics),
    drainMs: reader.read(settings.drainMs),
    backstop: reader.read(settings.backstop),
    leaseName: reader.read(settings.leaseName),
    leaseNamespace: reader.read(settings.leaseNamespace) ?? namespace,
    leaseDurationMs: reader.read(settings.leaseDurationMs),
    leaseRenewDeadlineMs: reader.read(settings.leaseRenewDeadlineMs),
    leaseRetryMs: reader.read(settings.leaseRetryMs),
    identity: reader.read(settings.identity),
    denoImage: reader.read(settings.denoImage),
    pythonImage: reader.read(settings.pythonImage),
    bashImage: reader.read(settings.bashImage),
    promotionTasks: reader.read(settings.promotionTasks),
    allowLoopbackProviders: reader.read(settings.allowLoopbackProviders),
    workers: reader.read(settings.workers),
    otlp: readOtlp(reader),
    logLevel: reader.read(settings.logLevel),
    debugKey: reader.read(settings.debugKey),
    logFormat: reader.read(settings.logFormat),
  };
  refuseContradictions(config, reader);
  refuseNamesAlone(config, reader);
  refuseUnknown(given, reader);
  if (reader.problems.length > 0) throw new ConfigInvalid(reader.problems);
  return Object.freeze(config);
}

/** In a Pod there are no certificate files, unless a setting says where. */
function certificatesOf({ flags, env }: Given): 'own' | 'files' {
  const { certFile, kubeconfig, context } = settings;
  const isElsewhere = [kubeconfig, context].some(({ flag }) => flags.has(flag));
  const isInPod = Boolean(env['KUBERNETES_SERVICE_HOST']) && !env[kubeconfig.env] && !isElsewhere;
  const hasFile = flags.has(certFile.flag) || Boolean(env[certFile.env]);
  return isInPod && !hasFile ? 'own' : 'files';
}

interface LeaseTimes {
  readonly leaseDurationMs: number;
  readonly leaseRenewDeadlineMs: number;
  readonly leaseRetryMs: number;
}

/** Names without a CA would look like a protection, and be none. */
function refuseNamesAlone(
  config: { clientCaFile: string | undefined; clientAllowedNames: readonly string[] | undefined },
  reader: SettingsReader,
): void {
  if (config.clientAllowedNames === undefined || config.clientCaFile !== undefined) return;
  reader.refuse({
    name: `--${settings.clientAllowedNames.flag}`,
    value: config.clientAllowedNames.join(','),
    expected: `--${settings.clientCaFile.flag} beside it`,
  });
}

/** A leader must have stopped before another may begin: retry period < renew deadline < duration. */
function refuseContradictions(times: LeaseTimes, reader: SettingsReader): void {
  if (times.leaseRenewDeadlineMs >= times.leaseDurationMs) {
    reader.refuse({
      name: `--${settings.leaseRenewDeadlineMs.flag}`,
      value: `${times.leaseRenewDeadlineMs}ms`,
      expected: `less than --${settings.leaseDurationMs.flag} (${times.leaseDurationMs}ms)`,
    });
  }
  if (times.leaseRetryMs >= times.leaseRenewDeadlineMs) {
    reader.refuse({
      name: `--${settings.leaseRetryMs.flag}`,
      value: `${times.leaseRetryMs}ms`,
      expected: `less than --${settings.leaseRenewDeadlineMs.flag} (${times.leaseRenewDeadlineMs}ms)`,
    });
  }
}

/** Variables that only tests and the demo read. */
const othersVariables = [
  'SLUICE_CONTROL_PLANE',
  'SLUICE_CONTROL_PLANE_URL',
  'SLUICE_KUBERNETES',
  'SLUICE_TEST_CLUSTER',
  'SLUICE_SEEDS',
];
// Kubernetes sets these for every Service of the namespace (docker links); one may well be called sluice-….
const serviceLink =
  /_(?:SERVICE_HOST|SERVICE_PORT(?:_[A-Z0-9_]+)?|PORT(?:_\d+_(?:TCP|UDP|SCTP)(?:_(?:PROTO|PORT|ADDR))?)?)$/u;

/** A misspelt variable would otherwise be ignored in silence. */
function refuseUnknown(given: Given, reader: SettingsReader): void {
  const known = Object.values(settings).map((one) => one.env);
  const read = new Set<string>([...known, ...othersVariables]);
  for (const [name, value = ''] of Object.entries(given.env)) {
    if (!name.startsWith('SLUICE_') || read.has(name) || serviceLink.test(name)) continue;
    const nearest = nearestName(name, known);
    reader.refuse({
      name,
      value,
      expected:
        nearest === undefined
          ? 'nothing: there is no such setting'
          : `nothing: did you mean ${nearest}?`,
    });
  }
}

import { published } from '../config/published.ts';

/** One alert of the PrometheusRule that is shipped; its runbook is docs/runbooks/<name>.md. */
export interface AlertRule {
  readonly name: string;
  /** PromQL. A test holds every name in it to be one that is served. */
  readonly expr: string;
  /** How long it must hold before the alert fires. */
  readonly for: string;
  readonly severity: 'critical' | 'warning';
  readonly summary: string;
  readonly description: string;
}

const ownWebhooks = 'name=~".+[.]keptn[.]sh"';

/**
 * The alerts. Thresholds are those of a cluster in which checks take minutes; series of all replicas are added up, so that it does
 * not matter which of them leads.
 */
export const alertRules: readonly AlertRule[] = [
  {
    name: 'SluicePodsHeldTooLong',
    expr: 'max by (reason) (sluice_held_pods_oldest_seconds{reason!~"ChecksFailed|Superseded"}) > 3600',
    for: '5m',
    severity: 'warning',
    summary: 'Pods have been held for more than an hour ({{ $labels.reason }})',
    description:
      'The Pod that has been held longest for the reason {{ $labels.reason }} has waited for {{ $value | humanizeDuration }}.',
  },
  {
    name: 'SluiceWebhookFailing',
    expr: 'sum by (webhook) (rate(controller_runtime_webhook_requests_total{code=~"5.."}[5m])) / sum by (webhook) (rate(controller_runtime_webhook_requests_total[5m])) > 0.01',
    for: '5m',
    severity: 'critical',
    summary: 'Sluice does not answer reviews on {{ $labels.webhook }}',
    description:
      '{{ $value | humanizePercentage }} of the requests on {{ $labels.webhook }} are answered with an error.',
  },
  {
    name: 'SluiceWebhookUnreachable',
    expr: `sum by (name) (rate(apiserver_admission_webhook_rejection_count{error_type="calling_webhook_error",${ownWebhooks}}[5m])) > 0 or sum by (name) (rate(apiserver_admission_webhook_fail_open_count{${ownWebhooks}}[5m])) > 0`,
    for: '5m',
    severity: 'critical',
    summary: 'The API server cannot call the webhook {{ $labels.name }}',
    description:
      'Calls of {{ $labels.name }} fail: what it judges is refused or passes unjudged, as its failurePolicy says. Needs the metrics of the API server.',
  },
  {
    name: 'SluiceWebhookSlow',
    expr: 'histogram_quantile(0.99, sum by (webhook, le) (rate(controller_runtime_webhook_latency_seconds_bucket[5m]))) > 1',
    for: '10m',
    severity: 'warning',
    summary: 'Reviews on {{ $labels.webhook }} take more than a second',
    description:
      'One review in a hundred on {{ $labels.webhook }} takes {{ $value | humanizeDuration }}; the API server gives up after three seconds.',
  },
  {
    name: 'SluiceCertificateExpiresSoon',
    expr: 'min by (certificate) (sluice_certificate_expiry_timestamp_seconds) - time() < 7 * 24 * 3600',
    for: '1h',
    severity: 'warning',
    summary: 'The {{ $labels.certificate }} certificate of Sluice expires within a week',
    description:
      'It expires in {{ $value | humanizeDuration }}; after that the API server calls no webhook of Sluice.',
  },
  {
    name: 'SluiceCertificatesBlocked',
    expr: 'max(sluice_certificate_problems) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'Sluice cannot keep its certificates',
    description:
      '{{ $value }} caBundles or Secrets cannot be read or written. The log of the leader names them; unmended, the API server calls no webhook of Sluice once the authority has ended.',
  },
  {
    name: 'SluiceNoLeader',
    expr: '(sum(sluice_controllers_running) or vector(0)) < 1',
    for: '2m',
    severity: 'critical',
    summary: 'No replica of Sluice runs the controllers',
    description: 'Held Pods stay held and no check begins until a replica leads again.',
  },
  {
    name: 'SluiceControllersBlocked',
    expr: 'max by (reason) (sluice_controllers_blocked) > 0',
    for: '5m',
    severity: 'warning',
    summary: 'The controllers of a replica of Sluice cannot start ({{ $labels.reason }})',
    description:
      'A replica cannot take over: {{ $labels.reason }}. Its /readyz and its log name what is missing.',
  },
  {
    name: 'SluiceKindMissing',
    expr: 'max by (kind) (sluice_kinds_missing) > 0',
    for: '5m',
    severity: 'critical',
    summary: 'The API server does not serve {{ $labels.kind }}',
    description:
      'The CustomResourceDefinition of {{ $labels.kind }} is gone. What needs it is held until it is there again.',
  },
  {
    name: 'SluicePodsBypassed',
    expr: 'max(sluice_bypassed_pods) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'Pods run whose version was never checked',
    description:
      '{{ $value }} annotated Pods run although nothing has judged their version: they started while no webhook was asked.',
  },
  {
    name: 'SluiceDecisionFailing',
    expr: 'sum by (controller) (increase(controller_runtime_reconcile_panics_total[15m])) > 0',
    for: '15m',
    severity: 'warning',
    summary: 'The controller {{ $labels.controller }} of Sluice throws',
    description:
      'An object by which it throws is left out and has the Event DecisionFailed; all others go on.',
  },
];

/** The groups of rules in the form of Prometheus, which is also that of `PrometheusRule.spec`. */
export function alertGroups() {
  const rules = alertRules.map(({ name, expr, severity, summary, description, ...rest }) => ({
    alert: name,
    expr,
    for: rest.for,
    labels: { severity },
    annotations: { summary, description, runbook_url: `${published.runbooks}/${name}.md` },
  }));
  return { groups: [{ name: 'sluice', rules }] };
}

/** The PrometheusRule for clusters with the Prometheus operator. */
export function prometheusRule(namespace: string) {
  return {
    apiVersion: 'monitoring.coreos.com/v1',
    kind: 'PrometheusRule',
    metadata: {
      name: 'sluice',
      namespace,
      labels: { 'app.kubernetes.io/name': 'sluice', 'app.kubernetes.io/part-of': 'sluice' },
    },
    spec: alertGroups(),
  };
}

import type { PolicySettings } from './policies/policy.ts';
import { type AdmissionSettings, type Webhook, webhooks } from './registry.ts';
import { serviceAccountUser } from './sluice-user.ts';

/** Where the API server finds the webhooks. */
export type Target =
  | {
      readonly service: {
        readonly name: string;
        readonly namespace: string;
        readonly port?: number;
      };
    }
  /** `https://host:port`, without a path: for a process outside the cluster. */
  | { readonly url: string };

export interface Registration extends AdmissionSettings {
  readonly target: Target;
  /** PEM. Left out where something else (cert-manager, Sluice itself) fills it in. */
  readonly caBundle?: string;
}

/** The Service by which the API server calls a Sluice in the cluster: Keptn's name, which its certificates know. */
export const webhookServiceName = 'lifecycle-webhook-service';

/** The Service that it is called by where a Keptn has that name: in charts of others, and after `sluice migrate`. */
export const shortServiceName = 'sluice';

/** No I/O on the admission path: an answer that takes longer than this does not come. */
const timeoutSeconds = 3;

const labels = { 'app.kubernetes.io/part-of': 'keptn' };

/** The webhook configurations, from the one table of webhooks. */
export function webhookConfigurations(registration: Registration) {
  const rows = webhooks(registration);
  return (['mutating', 'validating'] as const).map((type) => ({
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: type === 'mutating' ? 'MutatingWebhookConfiguration' : 'ValidatingWebhookConfiguration',
    metadata: { name: `lifecycle-${type}-webhook-configuration`, labels },
    webhooks: rows.filter((row) => row.type === type).map((row) => entry(row, registration)),
  }));
}

function entry(row: Webhook, registration: Registration) {
  const { group, version, plural, scope } = row.resource;
  return {
    name: row.name,
    admissionReviewVersions: ['v1'],
    clientConfig: clientConfig(row, registration),
    rules: [
      {
        apiGroups: [group],
        apiVersions: [version],
        resources: [plural],
        operations: row.operations,
        scope,
      },
    ],
    ...(row.namespaceSelector && { namespaceSelector: row.namespaceSelector }),
    ...(row.matchConditions && { matchConditions: row.matchConditions }),
    matchPolicy: 'Equivalent',
    ...(row.type === 'mutating' && { reinvocationPolicy: row.reinvocationPolicy ?? 'Never' }),
    sideEffects: 'None',
    failurePolicy: row.failurePolicy,
    timeoutSeconds,
  };
}

function clientConfig({ path }: Webhook, { target, caBundle }: Registration) {
  const bundle = caBundle !== undefined && { caBundle: Buffer.from(caBundle).toString('base64') };
  return 'url' in target
    ? { url: target.url + path, ...bundle }
    : { service: { port: 443, ...target.service, path }, ...bundle };
}

/** What lies in `manifests`: the names and the namespace of Keptn's own installation. */
export const shippedRegistration: Registration & PolicySettings = {
  operatorNamespace: 'keptn-system',
  users: [serviceAccountUser('keptn-system')],
  requesterChecks: true,
  target: { service: { name: webhookServiceName, namespace: 'keptn-system' } },
};

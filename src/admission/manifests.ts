import { enabledValue, keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import {
  type AdmissionSettings,
  outside,
  placedNowhere,
  type Webhook,
  webhooks,
} from './registry.ts';

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
    // What is added does not depend on what other webhooks do to the object.
    ...(row.type === 'mutating' && { reinvocationPolicy: 'Never' }),
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

const optInPolicyName = 'opt-in.sluice.keptn.sh';

/**
 * The policy that closes the hole while Sluice is down or has not labelled a Namespace yet (design, "Opt-in"): in a
 * Namespace that has opted in and lacks the label, Pods would enter without being looked at. Controllers try again by
 * themselves.
 */
export function optInPolicy(settings: AdmissionSettings) {
  const key = `'${keptnAnnotations.lifecycleToolkit}'`;
  const annotations = 'namespaceObject.metadata.annotations';
  const policy = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicy',
    metadata: { name: optInPolicyName, labels },
    spec: {
      failurePolicy: 'Fail',
      matchConstraints: {
        matchPolicy: 'Equivalent',
        namespaceSelector: {
          matchExpressions: [
            { key: sluiceKeys.enabled, operator: 'NotIn', values: ['true'] },
            outside(settings),
          ],
        },
        resourceRules: [
          { apiGroups: [''], apiVersions: ['v1'], resources: ['pods'], operations: ['CREATE'] },
        ],
      },
      matchConditions: [
        {
          name: 'made-by-a-workload',
          expression:
            'has(object.metadata.ownerReferences) && object.metadata.ownerReferences.exists(owner, ' +
            "owner.apiVersion.startsWith('apps/') && owner.kind in ['ReplicaSet', 'StatefulSet', 'DaemonSet'])",
        },
        placedNowhere,
      ],
      validations: [
        {
          // Not a match condition: there the API server (1.36) knows no namespaceObject, and an error denies.
          expression: `!has(${annotations}) || !(${key} in ${annotations}) || ${annotations}[${key}] != '${enabledValue}'`,
          message: `Namespace is not enabled yet, retry: it carries the annotation ${keptnAnnotations.lifecycleToolkit} but Sluice has not labelled it with ${sluiceKeys.enabled} so far`,
          reason: 'Forbidden',
        },
      ],
    },
  };
  const binding = {
    apiVersion: 'admissionregistration.k8s.io/v1',
    kind: 'ValidatingAdmissionPolicyBinding',
    metadata: { name: optInPolicyName, labels },
    spec: { policyName: optInPolicyName, validationActions: ['Deny'] },
  };
  return [policy, binding];
}

/** What lies in `manifests`: the names and the namespace of Keptn's own installation. */
export const shippedRegistration: Registration = {
  operatorNamespace: 'keptn-system',
  target: { service: { name: 'lifecycle-webhook-service', namespace: 'keptn-system' } },
};

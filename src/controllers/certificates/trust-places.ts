import { fieldOf } from '../../api/json.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import { type KubernetesObject, type ObjectRef, refKey } from '../../api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../../api/registration-kinds.ts';
import type { TrustPlace } from '../../domain/certificates/decision.ts';
import type { CertificateReader } from './parts.ts';

/** The names of the configurations that `sluice install` and the chart make. */
export const webhookConfigurationNames = {
  mutating: 'lifecycle-mutating-webhook-configuration',
  validating: 'lifecycle-validating-webhook-configuration',
} as const;

/** The names of the CustomResourceDefinitions whose objects Sluice converts. */
export const convertedDefinitions: readonly string[] = servedKinds.map(
  ({ plural, group }) => `${plural}.${group}`,
);

/** Every object that says by which authority the API server knows Sluice. */
export const trustRefs: readonly ObjectRef[] = [
  { kind: MutatingWebhookConfigurationKind, name: webhookConfigurationNames.mutating },
  { kind: ValidatingWebhookConfigurationKind, name: webhookConfigurationNames.validating },
  ...convertedDefinitions.map((name) => ({ kind: CustomResourceDefinitionKind, name })),
];

/** One caBundle: where it is, and what it holds as text; empty where it is not set. */
interface Bundle {
  readonly path: string;
  readonly text: string;
}

/** The place as decisions see it; a definition without a conversion, or an object that is not there, is none. */
export function placeOf(
  ref: ObjectRef,
  object: KubernetesObject | undefined,
  reader: CertificateReader,
): TrustPlace | undefined {
  if (object === undefined) return undefined;
  const bundles = bundlesIn(object).map(({ text }) => text);
  if (bundles.length === 0) return undefined;
  const authorities = [...new Set(bundles)].flatMap((text) => reader.authoritiesIn(text));
  return { id: refKey(ref), bundles, authorities };
}

/** What makes every caBundle of the object hold this text. It holds only for the object as it was read. */
export function trusting(object: KubernetesObject, bundle: string): readonly JsonPatchOperation[] {
  const value = Buffer.from(bundle).toString('base64');
  const changes = bundlesIn(object).filter(({ text }) => text !== bundle);
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: object.metadata.resourceVersion },
    ...changes.map(({ path }) => ({ op: 'add', path, value }) as const),
  ];
}

function bundlesIn(object: KubernetesObject): readonly Bundle[] {
  const webhooks = fieldOf(object, 'webhooks');
  if (Array.isArray(webhooks)) {
    if (isKeptns(webhooks)) return [];
    return webhooks.map((webhook: unknown, index) => ({
      path: pointer('webhooks', index, 'clientConfig', 'caBundle'),
      text: textOf(fieldOf(webhook, 'clientConfig')),
    }));
  }
  const conversion = fieldOf(fieldOf(object, 'spec'), 'conversion');
  if (fieldOf(conversion, 'strategy') !== 'Webhook') return [];
  if (leadsToKeptn(fieldOf(conversion, 'webhook'))) return [];
  return [
    {
      path: pointer('spec', 'conversion', 'webhook', 'clientConfig', 'caBundle'),
      text: textOf(fieldOf(fieldOf(conversion, 'webhook'), 'clientConfig')),
    },
  ];
}

/**
 * A Keptn has its webhooks in configurations of the same names, and converts by CRDs of the same names. Until `sluice migrate`
 * has taken them over, the API server has to go on trusting Keptn there.
 */
function isKeptns(webhooks: readonly unknown[]): boolean {
  const isOurs = webhooks.some((one) => nameOf(one).endsWith('.sluice.keptn.sh'));
  return !isOurs && webhooks.some(leadsToKeptn);
}

/** The Service of Keptn's webhooks, by which it also converts; Sluice converts by one of its own. */
function leadsToKeptn(webhook: unknown): boolean {
  const service = fieldOf(fieldOf(webhook, 'clientConfig'), 'service');
  return nameOf(service) === 'lifecycle-webhook-service';
}

function nameOf(named: unknown): string {
  const name = fieldOf(named, 'name');
  return typeof name === 'string' ? name : '';
}

function textOf(clientConfig: unknown): string {
  const bundle = fieldOf(clientConfig, 'caBundle');
  return typeof bundle === 'string' ? Buffer.from(bundle, 'base64').toString('utf8') : '';
}

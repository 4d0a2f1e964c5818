import { fieldOf, isJsonObject } from '../api/json.ts';
import type { KubernetesObject } from '../api/object.ts';

/**
 * The object with the caBundle that is there, where it brings none along: of each webhook of a configuration, and of the
 * conversion of a CRD. What filled it in (cert-manager, for example) goes on doing so.
 */
export function withLiveCaBundle(
  object: KubernetesObject,
  live: KubernetesObject | undefined,
): KubernetesObject {
  if (live === undefined) return object;
  const webhooks = fieldOf(object, 'webhooks');
  if (Array.isArray(webhooks)) {
    const before = fieldOf(live, 'webhooks');
    const named = (name: unknown): unknown =>
      Array.isArray(before)
        ? before.find((one: unknown) => fieldOf(one, 'name') === name)
        : undefined;
    const filled = webhooks.map((one: unknown) => withBundle(one, named(fieldOf(one, 'name'))));
    return Object.assign({ ...object }, { webhooks: filled });
  }
  const conversion = fieldOf(fieldOf(object, 'spec'), 'conversion');
  const webhook = fieldOf(conversion, 'webhook');
  if (!isJsonObject(conversion) || !isJsonObject(webhook)) return object;
  const before = fieldOf(fieldOf(fieldOf(live, 'spec'), 'conversion'), 'webhook');
  const spec = fieldOf(object, 'spec');
  if (!isJsonObject(spec)) return object;
  const filled = { ...conversion, webhook: withBundle(webhook, before) };
  return Object.assign({ ...object }, { spec: { ...spec, conversion: filled } });
}

/** Whether each webhook of a configuration has a caBundle; true for objects without webhooks. */
export function hasCaBundle(object: KubernetesObject): boolean {
  const webhooks = fieldOf(object, 'webhooks');
  return !Array.isArray(webhooks) || webhooks.every((one: unknown) => bundleOf(one) !== undefined);
}

function withBundle(wanted: unknown, live: unknown): unknown {
  const bundle = bundleOf(live);
  const clientConfig = fieldOf(wanted, 'clientConfig');
  if (bundle === undefined || bundleOf(wanted) !== undefined) return wanted;
  if (!isJsonObject(wanted) || !isJsonObject(clientConfig)) return wanted;
  return { ...wanted, clientConfig: { ...clientConfig, caBundle: bundle } };
}

function bundleOf(webhook: unknown): unknown {
  return fieldOf(fieldOf(webhook, 'clientConfig'), 'caBundle') ?? undefined;
}

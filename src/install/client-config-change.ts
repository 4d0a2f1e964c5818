import { fieldOf, isJsonObject } from '../api/json.ts';
import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import type { KubernetesObject } from '../api/object.ts';

/**
 * What makes a CRD or a webhook configuration lead to another place. A `clientConfig` has either `service` or `url`; an apply adds
 * the one and leaves the other, which somebody else owns, and the API server refuses both together. Empty where nothing is in
 * the way.
 */
export function clientConfigChange(
  live: KubernetesObject,
  wanted: KubernetesObject,
): readonly JsonPatchOperation[] {
  const changes = placesOf(wanted, live).flatMap(({ path, is, wants }) =>
    isElsewhere(is, wants) ? [{ op: 'replace' as const, path, value: wants }] : [],
  );
  const all = [...changes, ...withoutConverter(live, wanted)];
  if (all.length === 0) return [];
  const { resourceVersion } = live.metadata;
  return [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...all];
}

/** A CRD that is not converted any more must not name a converter, and an apply leaves the one that somebody else has set. */
function withoutConverter(
  live: KubernetesObject,
  wanted: KubernetesObject,
): readonly JsonPatchOperation[] {
  const conversionIn = (object: KubernetesObject) => fieldOf(fieldOf(object, 'spec'), 'conversion');
  const isUnconverted = fieldOf(conversionIn(wanted), 'strategy') === 'None';
  if (!isUnconverted || fieldOf(conversionIn(live), 'webhook') === undefined) return [];
  return [{ op: 'replace', path: pointer('spec', 'conversion'), value: { strategy: 'None' } }];
}

interface Place {
  readonly path: string;
  readonly is: unknown;
  readonly wants: unknown;
}

function placesOf(wanted: KubernetesObject, live: KubernetesObject): readonly Place[] {
  const ofCrd = (object: KubernetesObject): unknown =>
    fieldOf(fieldOf(fieldOf(fieldOf(object, 'spec'), 'conversion'), 'webhook'), 'clientConfig');
  const conversion = {
    path: pointer('spec', 'conversion', 'webhook', 'clientConfig'),
    is: ofCrd(live),
    wants: ofCrd(wanted),
  };
  const hooks = webhooksOf(live).map((hook, index) => ({
    path: pointer('webhooks', index, 'clientConfig'),
    is: fieldOf(hook, 'clientConfig'),
    wants: fieldOf(
      webhooksOf(wanted).find((other) => fieldOf(other, 'name') === fieldOf(hook, 'name')),
      'clientConfig',
    ),
  }));
  return [conversion, ...hooks];
}

function webhooksOf(object: KubernetesObject): readonly unknown[] {
  const webhooks = fieldOf(object, 'webhooks');
  return Array.isArray(webhooks) ? webhooks : [];
}

function isElsewhere(is: unknown, wants: unknown): boolean {
  if (!isJsonObject(is) || !isJsonObject(wants)) return false;
  return (
    (is['service'] !== undefined && wants['url'] !== undefined) ||
    (is['url'] !== undefined && wants['service'] !== undefined)
  );
}

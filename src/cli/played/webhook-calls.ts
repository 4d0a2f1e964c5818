import jsonpatch from 'fast-json-patch';
import type { LabelSelector, Webhook } from '../../admission/registry.ts';
import type { Verdict } from '../../admission/verdict.ts';
import { type Kind, type KubernetesObject, controllerOf } from '../../api/object.ts';
import type { AdmissionRequest } from '../../api/review.ts';
import type { Lookup } from '../../domain/lookup.ts';

/** The kind that a webhook reviews. */
export function reviewedKind({ resource }: Webhook): Kind {
  const { group, version, kind, plural, scope } = resource;
  return {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    plural,
    namespaced: scope === 'Namespaced',
  };
}

/** Whether the API server asks a webhook about the creation of an object: in labelled namespaces, and not for Pods of Jobs. */
export function isAsked(
  webhook: Webhook,
  object: KubernetesObject,
  namespace: KubernetesObject | undefined,
): boolean {
  if (!webhook.operations.includes('CREATE')) return false;
  const isOfJob = object.kind === 'Pod' && controllerOf(object)?.kind === 'Job';
  if (isOfJob) return false;
  const { namespaceSelector } = webhook;
  return namespaceSelector === undefined || selects(namespaceSelector, namespace);
}

/** What a webhook says of the creation of an object. */
export function verdictOf(
  webhook: Webhook,
  object: KubernetesObject,
  by: { readonly lookup: Lookup; readonly now: number; readonly user: string },
): Verdict {
  const { group, version, kind, plural } = webhook.resource;
  const { namespace, name } = object.metadata;
  const request: AdmissionRequest = {
    uid: 'played',
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    operation: 'CREATE',
    userInfo: { username: by.user },
    name,
    ...(namespace !== undefined && { namespace }),
    object,
  };
  return webhook.handle(request, by.lookup, by.now);
}

/** The object as the API server makes it of a webhook's patch. */
export function patched(object: KubernetesObject, verdict: Verdict): KubernetesObject {
  if (verdict.type === 'denied' || verdict.patch.length === 0) return object;
  const operations = structuredClone([...verdict.patch]);
  return jsonpatch.applyPatch(structuredClone(object), operations, true, false).newDocument;
}

function selects(
  { matchExpressions }: LabelSelector,
  namespace: KubernetesObject | undefined,
): boolean {
  return matchExpressions.every(({ key, operator, values }) => {
    const label = namespace?.metadata.labels?.[key];
    return (label !== undefined && values.includes(label)) === (operator === 'In');
  });
}

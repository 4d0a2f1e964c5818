import jsonpatch from 'fast-json-patch';
import type { Verdict } from '../../../src/admission/verdict.ts';
import type { JsonPatchOperation } from '../../../src/api/json-patch.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { AdmissionRequest } from '../../../src/api/review.ts';

/** The request in which the API server asks about an object. */
export function requestFor(
  object: KubernetesObject,
  more: Partial<AdmissionRequest> = {},
): AdmissionRequest {
  const [group = '', version = ''] = object.apiVersion.includes('/')
    ? object.apiVersion.split('/')
    : ['', object.apiVersion];
  const plural = `${object.kind.toLowerCase()}s`;
  const { name, namespace } = object.metadata;
  return {
    uid: 'review-1',
    kind: { group, version, kind: object.kind },
    resource: { group, version, resource: plural },
    operation: 'CREATE',
    userInfo: { username: 'system:serviceaccount:kube-system:replicaset-controller' },
    name,
    ...(namespace !== undefined && { namespace }),
    object,
    ...more,
  };
}

/** The envelope around a request. */
export function reviewOf(request: AdmissionRequest) {
  return { apiVersion: 'admission.k8s.io/v1', kind: 'AdmissionReview', request };
}

/** The operations of a verdict that lets the object in. */
export function patchOf(verdict: Verdict): readonly JsonPatchOperation[] {
  if (verdict.type === 'denied') throw new Error(`denied: ${verdict.message}`);
  return verdict.patch;
}

/** The object as it enters. */
export function admitted<T extends object>(object: T, verdict: Verdict): T {
  const operations = structuredClone([...patchOf(verdict)]);
  return jsonpatch.applyPatch(structuredClone(object), operations, true).newDocument;
}

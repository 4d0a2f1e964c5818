import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import type { KubernetesObject } from '../../api/object.ts';

/** By which an object says that it is Keptn's: part of its Helm release, and that something of Keptn's fills in its caBundle. */
const foreignLabels: readonly string[] = [
  'app.kubernetes.io/managed-by',
  'app.kubernetes.io/instance',
  'app.kubernetes.io/version',
  'helm.sh/chart',
  'keptn.sh/inject-cert',
];
const foreignAnnotations: readonly string[] = [
  'meta.helm.sh/release-name',
  'meta.helm.sh/release-namespace',
  'cert-manager.io/inject-ca-from',
  'cert-manager.io/inject-ca-from-secret',
  'cert-manager.io/inject-apiserver-ca',
];

/** Has Helm keep an object that a release of it contains. */
const keepPolicy = ['helm.sh/resource-policy', 'keep'] as const;

/**
 * What takes from an object the words by which it is Keptn's; empty where it has none. With `isKept` it also says that Helm is to
 * keep it. It holds only for the object as it was read.
 */
export function disowning(
  { metadata }: KubernetesObject,
  { isKept }: { readonly isKept: boolean },
): readonly JsonPatchOperation[] {
  const { labels = {}, annotations = {}, resourceVersion } = metadata;
  const operations = [
    ...removals('labels', labels, foreignLabels),
    ...removals('annotations', annotations, foreignAnnotations),
    ...(isKept && annotations[keepPolicy[0]] !== keepPolicy[1] ? keeping(metadata) : []),
  ];
  if (operations.length === 0) return [];
  return [{ op: 'test', path: '/metadata/resourceVersion', value: resourceVersion }, ...operations];
}

function removals(
  where: 'labels' | 'annotations',
  present: Readonly<Record<string, string>>,
  keys: readonly string[],
): readonly JsonPatchOperation[] {
  return keys
    .filter((key) => present[key] !== undefined)
    .map((key) => ({ op: 'remove', path: pointer('metadata', where, key) }));
}

function keeping({ annotations }: KubernetesObject['metadata']): readonly JsonPatchOperation[] {
  const [key, value] = keepPolicy;
  return annotations === undefined
    ? [{ op: 'add', path: '/metadata/annotations', value: { [key]: value } }]
    : [{ op: 'add', path: pointer('metadata', 'annotations', key), value }];
}

/**
 * The part of every Kubernetes object that Sluice relies on. Objects are plain JSON, exactly as the API server sends them:
 * times are RFC 3339 strings, unknown fields stay where they are.
 */

/** metav1.OwnerReference. */
export interface OwnerReference {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
}

/** metav1.ObjectMeta, without what Sluice never reads. Objects in a cache have lost their `managedFields`. */
export interface ObjectMeta {
  name: string;
  namespace?: string;
  uid?: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
  generateName?: string;
}

/** Any object of the Kubernetes API. */
export interface KubernetesObject {
  apiVersion: string;
  kind: string;
  metadata: ObjectMeta;
}

/** metav1.Condition (Kubernetes API conventions, "Typical status properties"). */
export interface Condition {
  type: string;
  status: 'True' | 'False' | 'Unknown';
  observedGeneration?: number;
  lastTransitionTime: string;
  reason: string;
  message: string;
}

/**
 * A kind of the API together with the type of its objects: the token that caches, clients and effects are addressed with.
 * `objectType` exists for the type checker only and is never set.
 */
export interface Kind<T extends KubernetesObject = KubernetesObject> {
  readonly apiVersion: string;
  readonly kind: string;
  readonly plural: string;
  readonly namespaced: boolean;
  /**
   * `metadata`: of these objects nothing but their identity is asked for and cached, apart from the whole objects. `whole`: nothing
   * is left out, also of kinds that are cached in part; for commands, never for caches.
   */
  readonly view?: 'metadata' | 'whole';
  readonly objectType?: T;
}

/** One string per kind and view: `v1/ConfigMap`, and `v1/ConfigMap metadata` for that view of it. */
export function kindKey({ apiVersion, kind, view }: Kind): string {
  return view === undefined ? `${apiVersion}/${kind}` : `${apiVersion}/${kind} ${view}`;
}

/** Where one object is: enough to address it in the API. A cluster-scoped object has no namespace. */
export interface ObjectRef {
  readonly kind: Kind;
  readonly namespace?: string;
  readonly name: string;
}

/** The address of an object of a known kind. */
export function refOf(kind: Kind, object: { metadata: ObjectMeta }): ObjectRef {
  const { namespace, name } = object.metadata;
  return namespace === undefined ? { kind, name } : { kind, namespace, name };
}

/** One string per object address, for maps and logs: `KeptnTask shop/pre-check-x`. */
export function refKey({ kind, namespace, name }: ObjectRef): string {
  const of = kind.view === undefined ? kind.kind : `${kind.kind} ${kind.view}`;
  return namespace === undefined ? `${of} ${name}` : `${of} ${namespace}/${name}`;
}

/** The uid of an object; empty for one that no API server has, such as a manifest in a file. */
export function uidOf({ metadata }: { metadata: Pick<ObjectMeta, 'uid'> }): string {
  return metadata.uid ?? '';
}

/** The controller reference of a child to the object that made it. */
export function ownedBy(kind: Kind, object: KubernetesObject): OwnerReference {
  return {
    apiVersion: kind.apiVersion,
    kind: kind.kind,
    name: object.metadata.name,
    uid: uidOf(object),
    controller: true,
    blockOwnerDeletion: true,
  };
}

/** The owner that controls the object (`controller: true`), if there is one. */
export function controllerOf(object: { metadata: ObjectMeta }): OwnerReference | undefined {
  return object.metadata.ownerReferences?.find((owner) => owner.controller === true);
}

/**
 * Whether two references are to one object. A uid alone does not tell: the API server takes any API group and kind beside it,
 * and rules on who may own what go by these.
 */
export function isSameOwner(one: OwnerReference | undefined, other: OwnerReference): boolean {
  return (
    one?.uid === other.uid &&
    one.kind === other.kind &&
    groupOf(one.apiVersion) === groupOf(other.apiVersion)
  );
}

/** Whether this very object is the controlling owner of the other one. */
export function isControlledBy(
  object: { metadata: ObjectMeta },
  { apiVersion, kind, metadata: { name, uid } }: KubernetesObject,
): boolean {
  return uid !== undefined && isSameOwner(controllerOf(object), { apiVersion, kind, name, uid });
}

function groupOf(apiVersion: string): string {
  return apiVersion.split('/', 1).join('');
}

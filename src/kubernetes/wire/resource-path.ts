import type { Kind, ObjectRef } from '../../api/object.ts';

/** Which objects of a kind: all of them, one namespace's, or what selectors select. */
export interface ListScope {
  readonly namespace?: string;
  readonly labelSelector?: string;
  readonly fieldSelector?: string;
}

/** Query parameters; those that are undefined are left out. */
export type Query = Readonly<Record<string, string | number | boolean | undefined>>;

/** The path of a kind's collection: `/apis/apps/v1/namespaces/shop/deployments`, with the query attached. */
export function collectionPath(kind: Kind, namespace?: string, query: Query = {}): string {
  const root = kind.apiVersion.includes('/') ? '/apis' : '/api';
  const scope =
    kind.namespaced && namespace !== undefined ? `/namespaces/${encode(namespace)}` : '';
  return `${root}/${kind.apiVersion}${scope}/${kind.plural}${queryString(query)}`;
}

/** The path of one object, or of one of its subresources. */
export function objectPath(ref: ObjectRef, subresource?: 'status', query: Query = {}): string {
  if (ref.kind.namespaced && !ref.namespace) {
    throw new TypeError(
      `${ref.kind.kind} ${ref.name} is namespaced: its address needs a namespace`,
    );
  }
  const collection = collectionPath(ref.kind, ref.namespace);
  const suffix = subresource === undefined ? '' : `/${subresource}`;
  return `${collection}/${encode(ref.name)}${suffix}${queryString(query)}`;
}

function queryString(query: Query): string {
  const parameters = new URLSearchParams();
  for (const [name, value] of Object.entries(query)) {
    if (value !== undefined && value !== '') parameters.set(name, String(value));
  }
  return parameters.size === 0 ? '' : `?${parameters.toString()}`;
}

// A name is one path segment, whatever it contains: `../secrets/x` must not become another address.
function encode(segment: string): string {
  if (segment === '' || segment === '.' || segment === '..') {
    throw new TypeError(`"${segment}" is not a name`);
  }
  return encodeURIComponent(segment);
}

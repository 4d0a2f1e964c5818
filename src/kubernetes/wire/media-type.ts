import type { Kind } from '../../api/object.ts';

/**
 * The form in which objects of the kind, or lists of them, are asked for. For the metadata view the API server leaves out all
 * else; a server that cannot do that answers whole objects, and they are cut down here.
 */
export function mediaTypeOf({ view }: Pick<Kind, 'view'>, form: 'object' | 'list'): string {
  if (view !== 'metadata') return 'application/json';
  const as = form === 'list' ? 'PartialObjectMetadataList' : 'PartialObjectMetadata';
  return `application/json;as=${as};g=meta.k8s.io;v=v1,application/json`;
}

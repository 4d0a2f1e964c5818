/** One operation of a JSON patch (RFC 6902), of the four that Sluice uses. */
export type JsonPatchOperation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: string; readonly value: unknown }
  | { readonly op: 'remove'; readonly path: string };

/** The guard that a patch is of this very object, and not of one that was made anew under its name. */
export function isThis({ metadata }: { metadata: { uid?: string } }): JsonPatchOperation {
  return { op: 'test', path: '/metadata/uid', value: metadata.uid };
}

/** A JSON pointer (RFC 6901) from its unescaped tokens: `pointer('metadata', 'labels', 'a/b')` is `/metadata/labels/a~1b`. */
export function pointer(...tokens: readonly (string | number)[]): string {
  let path = '';
  for (const token of tokens) path += `/${escaped(String(token))}`;
  return path;
}

/** Most tokens need no escaping, and this is on the path of every admission. */
function escaped(token: string): string {
  return /[~/]/.test(token) ? token.replaceAll('~', '~0').replaceAll('/', '~1') : token;
}

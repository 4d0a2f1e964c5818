/** So many objects in one another, or lists. */
export function nested(levels: number, kind: 'objects' | 'lists' = 'objects'): object {
  let value: object = kind === 'objects' ? {} : [];
  for (let level = 1; level < levels; level += 1)
    value = kind === 'objects' ? { x: value } : [value];
  return value;
}

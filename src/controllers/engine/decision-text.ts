import { kindKey } from '../../api/object.ts';
import { isJsonObject } from '../../api/json.ts';

const mostCharacters = 64 * 1024;

/**
 * An observation or a plan as JSON, for people and to be kept: maps and sets as objects and lists, a kind as its name. Both are data
 * and hold no functions, so that nothing is left out. At most 64 KiB; what is longer ends with `…`.
 */
export function decisionText(value: unknown): string {
  const text = JSON.stringify(value, (_key, one: unknown) => plain(one));
  return text.length <= mostCharacters ? text : `${text.slice(0, mostCharacters)}…`;
}

function plain(value: unknown): unknown {
  if (value instanceof Map) return Object.fromEntries<unknown>(value);
  if (value instanceof Set) return [...value];
  if (isJsonObject(value)) {
    const { apiVersion, kind, plural, namespaced } = value;
    const isKind = typeof plural === 'string' && typeof namespaced === 'boolean';
    if (isKind && typeof apiVersion === 'string' && typeof kind === 'string') {
      return kindKey({ apiVersion, kind, plural, namespaced });
    }
  }
  return value;
}

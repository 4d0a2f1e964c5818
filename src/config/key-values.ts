import type { ValueType } from './setting.ts';

type Pairs = Readonly<Record<string, string>>;

/** RFC 9110 §5.6.2. */
const token = /^[!#$%&'*+.^_`|~0-9a-z-]+$/iu;
const printable = /^[\u0020-\u007e]*$/u;

/**
 * A list of pairs as OpenTelemetry writes it in variables (W3C Baggage without properties): `key=value,other=value`, values
 * percent-encoded. Headers are secret, and may be only what HTTP and gRPC can carry.
 */
export function keyValues(
  placeholder: string,
  { areHeaders }: { readonly areHeaders: boolean },
): ValueType<Pairs> {
  return {
    placeholder,
    expected: `pairs such as key=value,other=value, values percent-encoded${areHeaders ? '; names and values that a header may have' : ''}`,
    isSecret: areHeaders,
    read(given) {
      const pairs: Record<string, string> = {};
      for (const part of given.split(',').filter((each) => each.trim() !== '')) {
        const at = part.indexOf('=');
        const key = part.slice(0, Math.max(at, 0)).trim();
        const value = decoded(part.slice(at + 1).trim());
        if (key === '' || value === undefined) return undefined;
        if (areHeaders && !(token.test(key) && printable.test(value))) return undefined;
        pairs[areHeaders ? key.toLowerCase() : key] = value;
      }
      return pairs;
    },
    show: (pairs) => Object.keys(pairs).join(','),
  };
}

function decoded(value: string): string | undefined {
  try {
    return decodeURIComponent(value);
  } catch (error) {
    if (error instanceof URIError) return undefined;
    throw error;
  }
}

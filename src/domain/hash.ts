import { createHash } from 'node:crypto';

/** SHA-256 of the UTF-8 text, in lower-case hex. */
export function sha256(text: string): string {
  return createHash('sha256').update(text, 'utf8').digest('hex');
}

/** The first digits, in lower-case hex, of a digest of this list of parts. Frozen, as `suffix` is. */
export function hexDigest(parts: readonly string[], digits: number): string {
  return sha256(joined(parts)).slice(0, digits);
}

/** Each part goes in with its length, so that `['ab', 'c']` is not `['a', 'bc']`. */
function joined(parts: readonly string[]): string {
  return parts.map((part) => `${part.length}:${part}`).join('');
}

/** Characters of a `suffix`: 50 bits, so that a cluster with a million names has one chance in two thousand of a clash. */
export const suffixLength = 10;

// RFC 4648, lower case: legal anywhere in a DNS label.
const alphabet = 'abcdefghijklmnopqrstuvwxyz234567';

/**
 * Ten characters of base 32 that stand for this list of parts. Frozen: names in people's clusters are made from it, and a
 * changed result would run their tasks again.
 */
export function suffix(parts: readonly string[]): string {
  const digest = sha256(joined(parts));
  // 13 hex digits are 52 bits, which a number holds exactly; ten characters take 50 of them.
  let bits = Number.parseInt(digest.slice(0, 13), 16);
  let text = '';
  for (let position = 0; position < suffixLength; position += 1) {
    text += alphabet.charAt(bits % 32);
    bits = Math.floor(bits / 32);
  }
  return text;
}

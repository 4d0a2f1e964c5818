import type { ClusterError } from '../../api/cluster-error.ts';
import { waitMs } from '../../runtime/backoff.ts';

/** What a request does: the closed set of label values for its metrics, Kubernetes' own verbs. */
export type Verb = 'get' | 'list' | 'watch' | 'create' | 'update' | 'patch' | 'delete';

/** Tries of one request in all. */
const maxTries = 4;

/** A longer Retry-After is the caller's to wait out: it may have something better to do. */
const longestWaitMs = 10_000;

const shape = { baseMs: 100, capMs: 2000 };

/**
 * How long to wait before sending the request again; undefined when the answer stands. `tries` is the number of times it
 * has been sent.
 *
 * A 429 was turned away before anything was done, so every verb may repeat it. After any other failure only reads are
 * repeated: a write may have happened. The watch's waiting is done by the reflector.
 */
export function repeatAfterMs(
  verb: Verb,
  answer: { readonly error: ClusterError; readonly tries: number },
  random: () => number,
): number | undefined {
  const { error, tries } = answer;
  if (verb === 'watch' || tries >= maxTries) return undefined;
  const read = verb === 'get' || verb === 'list';
  const passing = error.code === 429 || (read && (error.code === 0 || error.code >= 500));
  if (!passing) return undefined;
  const forMs = waitMs(error.retryAfterMs, tries, { shape, random });
  return forMs <= longestWaitMs ? forMs : undefined;
}

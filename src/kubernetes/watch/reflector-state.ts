import type { ClusterError } from '../../api/cluster-error.ts';
import { waitMs } from '../../runtime/backoff.ts';

/**
 * Where a reflector is. It is always in one of these, and `step` leads from one to the next.
 */
export type ReflectorState =
  /**
   * Nothing is known yet, or what is known is too old to go on from. All objects are read, page by page.
   * Success: `watching` from the list's version; the failures count on until a watch brings something. 404: `kindAbsent`. Any other failure: `waiting`, then here again.
   * `definitionSeen` counts how often in a row the kind's definition was there while the kind was not served.
   */
  | { readonly at: 'listing'; readonly failures: number; readonly definitionSeen?: number }
  /**
   * Everything up to this version is known, and what happens after it is watched.
   * The server ends every watch after some minutes, or nothing came for too long: here again, from the newest version seen.
   * 410: the version is too old, `listing`. 404: `listing`, which tells. Any other failure: `waiting`, then here again.
   */
  | { readonly at: 'watching'; readonly resourceVersion: string; readonly failures: number }
  /** Something failed (`failures` times in a row); after a while the state it failed in is tried again. */
  | {
      readonly at: 'waiting';
      readonly forMs: number;
      readonly failed: ClusterError;
      readonly next: Extract<ReflectorState, { at: 'listing' | 'watching' }>;
    }
  /**
   * The API server does not know the kind. Its CustomResourceDefinition is watched for; when it shows, or changes, or after
   * a while: `listing`. A definition that is there already is not served yet: a moment is waited first, longer each time.
   */
  | { readonly at: 'kindAbsent'; readonly definitionSeen: number };

export const firstState: ReflectorState = { at: 'listing', failures: 0 };

/** client-go's figures: fast at first, so that a restart of the API server costs a second; then as slow as it must be. */
const shape = { baseMs: 800, capMs: 30_000 };
/** A server that does not answer at all is restarting, more often than not, and is not the busier for being asked. */
const unreachableShape = { ...shape, capMs: 5_000 };

/** However long a server asks us to stay away, we look again within this time. */
const longestRetryAfterMs = 300_000;

/**
 * Where a list or a watch that failed leads. `watching` carries the newest version seen before the failure. Only the first
 * failure in a row may lead on without waiting, whatever it is: nothing here can become a hot loop.
 */
export function afterFailure(
  state: Extract<ReflectorState, { at: 'listing' | 'watching' }>,
  failed: ClusterError,
  random: () => number,
): ReflectorState {
  if (state.at === 'listing' && failed.code === 404) {
    return { at: 'kindAbsent', definitionSeen: state.definitionSeen ?? 0 };
  }
  const failures = state.failures + 1;
  const listAnew = state.at === 'watching' && (failed.code === 404 || isExpired(failed));
  const next = listAnew ? ({ at: 'listing', failures } as const) : { ...state, failures };
  if (listAnew && failures === 1) return next;
  const forMs = Math.min(
    waitMs(failed.retryAfterMs, failures, {
      shape: failed.code === 0 ? unreachableShape : shape,
      random,
    }),
    longestRetryAfterMs,
  );
  return { at: 'waiting', forMs, failed, next };
}

function isExpired({ code, reason }: ClusterError): boolean {
  return code === 410 || reason === 'Expired' || reason === 'Gone';
}

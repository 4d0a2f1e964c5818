import { type Moment, onThisClock } from '../clock-steps.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { parseTime } from '../time.ts';

/** How much of what is over is kept: KeptnConfig `retention` with its gaps filled. */
export interface RetentionLimits {
  /** Versions of one workload, and of one application, that are kept at least for as long as `maxAgeMs` says. */
  readonly versions: number;
  /** A version that ended longer ago than this goes although it is among those; undefined: age alone deletes nothing. */
  readonly maxAgeMs: number | undefined;
  /** How long a generated KeptnApp is kept after its last workload has gone, in milliseconds. */
  readonly unusedAppMs: number;
  /** Nothing at all is deleted. */
  readonly suspended: boolean;
}

/** What applies where KeptnConfig says nothing. */
export const defaultRetention: RetentionLimits = {
  versions: 10,
  maxAgeMs: undefined,
  unusedAppMs: 60 * 60_000,
  suspended: false,
};

/** A version of a workload or application. */
type Version = KubernetesObject & { readonly status?: { readonly endTime?: string } };

/** The versions beyond the limits. */
export interface Excess<T> {
  /** Oldest first. Whether they may be deleted is another question. */
  readonly versions: readonly T[];
  /** After this time one more is too old; undefined if age deletes nothing. */
  readonly nextInMs: number | undefined;
}

/** The versions of one workload or application that are more, or older, than the limits allow. */
export function excessOf<T extends Version>(
  versions: readonly T[],
  { versions: most, maxAgeMs = Infinity, suspended }: RetentionLimits,
  moment: Moment,
): Excess<T> {
  if (suspended) return { versions: [], nextInMs: undefined };
  const newestFirst = versions.toSorted(
    (a, b) => createdAt(b) - createdAt(a) || (a.metadata.name < b.metadata.name ? 1 : -1),
  );
  const isOld = (version: T): boolean =>
    moment.now - onThisClock(overSince(version), moment) > maxAgeMs;
  const excess = newestFirst.filter((version, index) => index >= most || isOld(version));
  const ages = newestFirst
    .filter((version) => !excess.includes(version))
    .map((version) => moment.now - onThisClock(overSince(version), moment));
  const nextInMs = ages.length > 0 ? maxAgeMs - Math.max(...ages) + 1 : Infinity;
  return {
    versions: excess.toReversed(),
    nextInMs: Number.isFinite(nextInMs) ? nextInMs : undefined,
  };
}

function createdAt({ metadata }: Version): number {
  return parseTime(metadata.creationTimestamp) ?? 0;
}

/** What a rollback runs anew was created long ago and ended just now. */
function overSince(version: Version): number {
  return Math.max(createdAt(version), parseTime(version.status?.endTime) ?? 0);
}

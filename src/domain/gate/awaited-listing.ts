import type { ObjectMeta } from '../../api/object.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { ReleasedVersions } from '../../api/released-versions.ts';
import { conditionOf, conditionTypes } from '../conditions.ts';
import { byHand } from '../phase/hand-release.ts';
import { parseTime } from '../time.ts';
import { entriesOfNextPod, entriesOfPod } from '../backstop/entries.ts';
import type { Metadata } from '../identity/metadata-value.ts';

/** What a gate waits for that is about to be lifted, where released versions are listed. */
export interface ListingSeen {
  /** The list of the Pod's Namespace; undefined while there is none. */
  readonly list: Pick<ReleasedVersions, 'spec' | 'status'> | undefined;
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** The Pod whose gate is about to be lifted. */
interface AwaitingListing {
  readonly pod: { readonly metadata: ObjectMeta };
  /** Of the template it was made from; undefined where that is not known. */
  readonly template: Metadata | undefined;
  /** Is Released. */
  readonly version: KeptnWorkloadVersion;
}

/** So long a gate waits for the list: one that cannot be written must not hold what is Released. */
const longestMs = 5_000;
/** How often is looked whether it is there. The list is not watched for this: its kind may be gone, and Pods must start then. */
const againMs = 200;

/**
 * How long the gate of this Pod still waits; 0 if it may be lifted. A version is Released, then listed, then
 * its Pods start: whatever runs can start again from then on, although all Sluices end at that moment. So what is waited for is what lets the next Pod of the same template start: what Sluice has written on this one, the next
 * one has not while all of them are gone.
 */
export function awaitedListing(
  { pod, template, version }: AwaitingListing,
  { list, now }: ListingSeen,
): number {
  const released = conditionOf(version, conditionTypes.released);
  // Of what is released by hand, nothing is listed; of a list without room, it is unknown whether it ever will be.
  if (released === undefined || released.reason === byHand) return 0;
  if ((list?.status?.leftOut ?? 0) > 0) return 0;
  const entries = template === undefined ? entriesOfPod(pod) : entriesOfNextPod(pod, template);
  if (entries.length === 0 || entries.some((entry) => list?.spec.entries[entry] === true)) return 0;
  const since = Math.max(
    parseTime(released.lastTransitionTime) ?? 0,
    parseTime(pod.metadata.creationTimestamp) ?? 0,
  );
  const waitedMs = now - since;
  return waitedMs >= 0 && waitedMs < longestMs ? againMs : 0;
}

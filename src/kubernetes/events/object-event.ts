import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject } from '../../api/object.ts';

/** An Event as those who ask for it read it: the shape of `ObjectEvent` in `src/domain/lookup.ts`. */
export interface EventAbout {
  readonly reason: string;
  readonly message: string;
  readonly lastMs: number;
}

/** What an Event of the core group says, and when it happened last: a series has its own time, old writers only `lastTimestamp`. */
export function eventAbout(event: KubernetesObject): EventAbout {
  const times = [
    fieldOf(fieldOf(event, 'series'), 'lastObservedTime'),
    fieldOf(event, 'lastTimestamp'),
    fieldOf(event, 'eventTime'),
    event.metadata.creationTimestamp,
  ].map((time) => (typeof time === 'string' ? Date.parse(time) : Number.NaN));
  return {
    reason: textIn(event, 'reason'),
    message: textIn(event, 'message'),
    lastMs: Math.max(0, ...times.filter((time) => !Number.isNaN(time))),
  };
}

function textIn(event: KubernetesObject, field: string): string {
  const value = fieldOf(event, field);
  return typeof value === 'string' ? value : '';
}

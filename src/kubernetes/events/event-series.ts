import type { EventNote } from '../../api/event-note.ts';
import { hash } from 'node:crypto';

import type { Kind, KubernetesObject } from '../../api/object.ts';
import { withoutEnd } from '../../api/text/text-edges.ts';
import { microTime } from '../wire/micro-time.ts';
import { defined } from '../../api/json.ts';

/**
 * Events of the core group, not of `events.k8s.io`, whose API refuses `firstTimestamp` and `lastTimestamp`: `kubectl describe`
 * sorts and dates Events by them. The API server serves the same object in both groups.
 */
export const EventKind: Kind = {
  apiVersion: 'v1',
  kind: 'Event',
  plural: 'events',
  namespaced: true,
};

/** Limits of events.k8s.io/v1, kept so that the Event is valid in both groups: bytes of the message, characters of reason and action. */
const noteBytes = 1024;
const reasonLength = 128;

/** An Event and its repetitions: the same thing said of the same object again. */
export interface Series {
  readonly note: EventNote;
  readonly reportedBy: string;
  /** Since the Unix epoch, as is `lastMs`: what is shown. */
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** When it was said last, in elapsed time, as is `writtenMs`: what the series is timed by. */
  heardMs: number;
  /** How many the API server knows of. */
  written: number;
  writtenMs: number;
}

/** Notes with the same key are one Event. */
export function seriesKey(note: EventNote, reportedBy: string): string {
  const { about, type, reason, message, action } = note;
  const { uid, namespace, name } = about.metadata;
  return JSON.stringify([
    about.kind,
    uid ?? [namespace, name],
    type,
    reason,
    action,
    message,
    reportedBy,
  ]);
}

/** Where a series stands in the API: in the namespace of what it is about, in `default` if that has none. */
export function eventAddress({ note, reportedBy, firstMs }: Series): {
  namespace: string;
  name: string;
} {
  const { namespace = 'default', name } = note.about.metadata;
  const id = hash('sha256', `${firstMs} ${seriesKey(note, reportedBy)}`).slice(0, 16);
  return { namespace, name: `${withoutEnd(name.slice(0, 230), '-.')}.${id}` };
}

/** The Event as it is created, with what has been repeated until then. */
export function eventOf(
  series: Series,
  instance: string,
): KubernetesObject & Record<string, unknown> {
  const { note, reportedBy, firstMs } = series;
  const { about } = note;
  const { namespace, name, uid } = about.metadata;
  const reason = note.reason.slice(0, reasonLength);
  return {
    apiVersion: EventKind.apiVersion,
    kind: EventKind.kind,
    metadata: {
      ...eventAddress(series),
      ...(note.annotations !== undefined && { annotations: { ...note.annotations } }),
    },
    eventTime: microTime(firstMs),
    ...timesOf(series),
    source: { component: reportedBy },
    reportingComponent: reportedBy,
    reportingInstance: instance.slice(0, 128),
    type: note.type,
    reason,
    action: (note.action ?? reason).slice(0, reasonLength),
    message: cutToBytes(note.message, noteBytes),
    involvedObject: {
      apiVersion: about.apiVersion,
      kind: about.kind,
      name,
      ...defined({ namespace, uid }),
    },
  };
}

/** What a repetition changes: the count and times that `kubectl` reads, and the `series` of the newer API. */
export function timesOf({ count, firstMs, lastMs }: Series) {
  return {
    firstTimestamp: rfc3339(firstMs),
    lastTimestamp: rfc3339(lastMs),
    count,
    ...(count > 1 && { series: { count, lastObservedTime: microTime(lastMs) } }),
  };
}

/** metav1.Time: whole seconds. */
function rfc3339(ms: number): string {
  return new Date(ms).toISOString().replace(/\.\d+Z$/u, 'Z');
}

/** The text, or its beginning with an ellipsis, in so many bytes of UTF-8; never half a character. */
export function cutToBytes(text: string, bytes: number): string {
  if (Buffer.byteLength(text) <= bytes) return text;
  const ellipsis = '…';
  const room = new Uint8Array(bytes - Buffer.byteLength(ellipsis));
  const { read } = new TextEncoder().encodeInto(text, room);
  return text.slice(0, read) + ellipsis;
}

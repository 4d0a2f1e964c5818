import type { KubernetesObject } from '../../api/object.ts';
import { shortened } from '../../domain/shortened.ts';
import type { EventSink } from './cluster.ts';

const longestError = 500;

/**
 * Tells, on the object, that a controller fails to decide on it by a fault of Sluice. Called at every failure of a key: the
 * back-off between the tries bounds the Events, and the same words said again are one Event with a count.
 */
export function tellFailedDecision(
  events: EventSink,
  { object, controller, error }: Failure & { readonly object: KubernetesObject | undefined },
): void {
  if (object === undefined) return;
  const message = `The controller ${controller} cannot decide on ${calledIn(object)}, by a fault of Sluice: ${wordsOf(error)}. It tries again, ever less often; until it succeeds, nothing that waits for this goes on`;
  events.record({ about: object, type: 'Warning', reason: 'DecisionFailed', message }, controller);
}

/** Tells, on the object, that a controller cannot find out what depends on it, by a fault of Sluice. */
export function tellLeftOutBy(
  events: EventSink,
  { object, controller, error }: Failure & { readonly object: KubernetesObject },
): void {
  const message = `The controller ${controller} cannot tell what depends on ${calledIn(object)}, by a fault of Sluice: ${wordsOf(error)}. It is left out: what depends on it is not decided anew when it changes`;
  events.record({ about: object, type: 'Warning', reason: 'LeftOut', message }, controller);
}

interface Failure {
  /** The controller's name. */
  readonly controller: string;
  /** What was thrown. */
  readonly error: unknown;
}

const calledIn = ({ kind, metadata }: KubernetesObject): string => `${kind} ${metadata.name}`;

function wordsOf(error: unknown): string {
  return shortened(error instanceof Error ? error.message : String(error), longestError);
}

import type { Clock } from './clock.ts';
import { endsWithin } from './ends-within.ts';

/** Something with a beginning and an end: a server, a reflector, a controller. */
export interface Part {
  /** Named in errors. */
  readonly name: string;
  /** Resolves when the part does its work. The signal is aborted when everything is about to stop. */
  start(signal: AbortSignal): Promise<void> | void;
  /** Resolves when nothing of the part is left: no timer, no socket, no run. Called only if `start` succeeded. */
  stop?(): Promise<void> | void;
  /** How long `stop` may take, in milliseconds; then it has failed, and what comes after it is stopped. Default: for ever. */
  readonly stopWithinMs?: number;
}

/** A part that could not start, or did not stop cleanly. */
export class PartFailed extends Error {
  readonly part: string;

  constructor(part: string, doing: 'start' | 'stop', cause: unknown) {
    const why = cause instanceof Error ? cause.message : String(cause);
    super(`${part} did not ${doing}: ${why}`, { cause });
    this.name = 'PartFailed';
    this.part = part;
  }
}

/** Parts that run together. */
export interface Running {
  readonly signal: AbortSignal;
  /**
   * Aborts the signal, stops the parts in reverse order, every one of them even when another fails, and then rejects with
   * an AggregateError of what went wrong. A second call waits for the first.
   */
  stop(): Promise<void>;
}

/**
 * Starts the parts in order. If one fails, those before it are stopped in reverse order and the promise rejects with its
 * `PartFailed`, or with an AggregateError if stopping failed too.
 */
export async function startAll(parts: readonly Part[], clock: Clock): Promise<Running> {
  const controller = new AbortController();
  try {
    await startInOrder(parts, controller.signal, clock);
  } catch (error) {
    controller.abort();
    throw error;
  }
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    controller.abort();
    return inTurn(parts.toReversed(), clock);
  };
  return { signal: controller.signal, stop: () => (stopping ??= stop()) };
}

/** Parts that start one after the other and stop in reverse order, as one. */
export function inOrder(name: string, parts: readonly Part[], clock: Clock): Part {
  return {
    name,
    start: (signal) => startInOrder(parts, signal, clock),
    stop: () => inTurn(parts.toReversed(), clock),
    stopWithinMs: longestStopMs(parts),
  };
}

/** Parts that start one after the other and stop all at the same time, as one: none of them waits for another's end. */
export function sideBySide(name: string, parts: readonly Part[], clock: Clock): Part {
  return {
    name,
    start: (signal) => startInOrder(parts, signal, clock),
    stop: async () => failing(await Promise.all(parts.map((part) => stopped(part, clock)))),
    stopWithinMs: Math.max(0, ...parts.map((part) => part.stopWithinMs ?? Infinity)),
  };
}

/** How long it takes at most to stop these one after the other, in milliseconds. */
export function longestStopMs(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + (part.stopWithinMs ?? Infinity), 0);
}

async function startInOrder(
  parts: readonly Part[],
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  const started: Part[] = [];
  for (const part of parts) {
    try {
      await part.start(signal);
    } catch (cause) {
      const failed = new PartFailed(part.name, 'start', cause);
      const errors = await stopInReverse(started, clock);
      throw errors.length === 0 ? failed : new AggregateError([failed, ...errors], failed.message);
    }
    started.push(part);
  }
}

async function inTurn(parts: readonly Part[], clock: Clock): Promise<void> {
  failing(await stopEach(parts, clock));
}

function stopInReverse(parts: readonly Part[], clock: Clock): Promise<PartFailed[]> {
  return stopEach(parts.toReversed(), clock);
}

async function stopEach(parts: readonly Part[], clock: Clock): Promise<PartFailed[]> {
  const errors: PartFailed[] = [];
  for (const part of parts) {
    const error = await stopped(part, clock);
    if (error !== undefined) errors.push(error);
  }
  return errors;
}

/** Stops a part, and answers what went wrong. */
async function stopped(part: Part, clock: Clock): Promise<PartFailed | undefined> {
  const { stopWithinMs = Infinity } = part;
  try {
    const stopping = Promise.resolve(part.stop?.());
    if (stopWithinMs === Infinity) await stopping;
    else if (!(await endsWithin(stopping, stopWithinMs, clock))) {
      throw new Error(`it took more than ${stopWithinMs / 1000} s`);
    }
    return undefined;
  } catch (cause) {
    return new PartFailed(part.name, 'stop', cause);
  }
}

function failing(results: readonly (PartFailed | undefined)[]): void {
  const errors = results.filter((error) => error !== undefined);
  if (errors.length === 0) return;
  throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
}

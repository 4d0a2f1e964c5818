/** Something with a beginning and an end: a server, a reflector, a controller. */
export interface Part {
  /** Named in errors. */
  readonly name: string;
  /** Resolves when the part does its work. The signal is aborted when everything is about to stop. */
  start(signal: AbortSignal): Promise<void> | void;
  /** Resolves when nothing of the part is left: no timer, no socket, no run. Called only if `start` succeeded. */
  stop?(): Promise<void> | void;
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
export async function startAll(parts: readonly Part[]): Promise<Running> {
  const controller = new AbortController();
  const started: Part[] = [];
  for (const part of parts) {
    try {
      await part.start(controller.signal);
    } catch (cause) {
      controller.abort();
      const failed = new PartFailed(part.name, 'start', cause);
      const errors = await stopInReverse(started);
      throw errors.length === 0 ? failed : new AggregateError([failed, ...errors], failed.message);
    }
    started.push(part);
  }
  let stopping: Promise<void> | undefined;
  const stop = async (): Promise<void> => {
    controller.abort();
    const errors = await stopInReverse(started);
    if (errors.length > 0) {
      throw new AggregateError(errors, errors.map((error) => error.message).join('; '));
    }
  };
  return { signal: controller.signal, stop: () => (stopping ??= stop()) };
}

async function stopInReverse(started: readonly Part[]): Promise<PartFailed[]> {
  const errors: PartFailed[] = [];
  for (const part of started.toReversed()) {
    try {
      await part.stop?.();
    } catch (cause) {
      errors.push(new PartFailed(part.name, 'stop', cause));
    }
  }
  return errors;
}

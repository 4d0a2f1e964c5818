import type { Readable } from 'node:stream';
import type { Clock } from '../runtime/clock.ts';
import { type BodyBudget, bodyLimit } from './body-budget.ts';

/** A body that is not taken; the status is what the sender is answered with. */
export class BodyRefused extends Error {
  readonly statusCode: 408 | 413 | 503;

  constructor(statusCode: 408 | 413 | 503, message: string) {
    super(message);
    this.name = 'BodyRefused';
    this.statusCode = statusCode;
  }
}

/** The API server gives up a review after at most so long (its time-out for our webhooks), and a body is milliseconds. */
const deadlineMs = 3_000;

/** A body in memory. */
export interface ReceivedBody {
  readonly bytes: Buffer;
  /** To be called once, when nothing of the body is needed any more. */
  readonly release: () => void;
}

/**
 * Reads a body whose headers have just come: whole within three seconds, of at most 7 MiB, and only while the budget has room
 * for what arrives. Rejects with `BodyRefused`, and with what the stream throws; nothing stays taken then.
 */
export function receiveBody(
  stream: Readable,
  { budget, clock }: { readonly budget: BodyBudget; readonly clock: Clock },
): Promise<ReceivedBody> {
  const { promise, resolve, reject } = Promise.withResolvers<ReceivedBody>();
  const chunks: Uint8Array[] = [];
  let taken = 0;
  const release = (): void => {
    budget.giveBack(taken);
    taken = 0;
  };
  const refuse = (error: Error): void => {
    end();
    release();
    chunks.length = 0;
    reject(error);
  };
  const onData = (chunk: Uint8Array): void => {
    if (taken + chunk.length > bodyLimit) {
      return refuse(new BodyRefused(413, `a review has at most ${bodyLimit} bytes`));
    }
    if (!budget.take(chunk.length)) {
      return refuse(new BodyRefused(503, 'too many reviews at once'));
    }
    taken += chunk.length;
    chunks.push(chunk);
  };
  const onEnd = (): void => {
    end();
    const [only] = chunks;
    // A usual review comes in one piece.
    const isWhole = chunks.length === 1 && Buffer.isBuffer(only);
    resolve({ bytes: isWhole ? only : Buffer.concat(chunks), release });
  };
  const onClose = (): void => refuse(new BodyRefused(408, 'the connection ended within the body'));
  const timer = clock.after(deadlineMs, () =>
    refuse(new BodyRefused(408, `the body did not come within ${deadlineMs} ms`)),
  );
  const end = (): void => {
    timer.cancel();
    stream.off('data', onData).off('end', onEnd).off('close', onClose).off('error', refuse);
    // What still comes is dropped until the connection is closed.
    stream.on('error', () => undefined);
  };
  stream.on('data', onData).on('end', onEnd).on('close', onClose).on('error', refuse);
  return promise;
}

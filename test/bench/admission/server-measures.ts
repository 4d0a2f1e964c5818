import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { answerParent, argumentOfChild } from './child.ts';

/** What a measured server is started with. */
const serverArgument = Type.Object({
  certFile: Type.String(),
  keyFile: Type.String(),
  /** Which of the workloads the reviews are about. */
  subject: Type.Integer(),
});

export function serverArgumentOfChild() {
  const argument = argumentOfChild();
  if (!Value.Check(serverArgument, argument)) throw new Error('this is started by npm run bench');
  return argument;
}

/** What it says once it listens. */
export const serverHello = Type.Object({ port: Type.Integer() });
/** Processor time spent so far, in microseconds. */
export const cpuAnswer = Type.Object({ cpuMicros: Type.Number() });
/** Milliseconds from the moment a request's headers were read to the moment its answer was handed to the system. */
export const latencyAnswer = Type.Object({ latencies: Type.Array(Type.Number()) });

/**
 * In a server's process: tells its parent the port, and from then on answers `cpu`, `time` (begin to time requests; until
 * then that costs nothing) and `latencies` (since then).
 */
export function answerMeasures(port: number): void {
  const timer = new RequestTimer();
  answerParent({ port }, (question) => {
    if (question === 'time') timer.start();
    if (question === 'latencies') return { latencies: timer.stop() };
    const { user, system } = process.cpuUsage();
    return { cpuMicros: user + system };
  });
}

/** Times requests by Node's own channels, so that it needs nothing of the server. */
class RequestTimer {
  readonly #startedAt = new WeakMap<object, number>();
  #latencies: number[] = [];

  start(): void {
    this.#latencies = [];
    subscribe('http.server.request.start', this.#onStart);
    subscribe('http.server.response.finish', this.#onFinish);
  }

  stop(): number[] {
    unsubscribe('http.server.request.start', this.#onStart);
    unsubscribe('http.server.response.finish', this.#onFinish);
    return this.#latencies;
  }

  readonly #onStart = (message: unknown): void => {
    const request = requestOf(message);
    if (request !== undefined) this.#startedAt.set(request, performance.now());
  };

  readonly #onFinish = (message: unknown): void => {
    const request = requestOf(message);
    const startedAt = request && this.#startedAt.get(request);
    if (startedAt !== undefined) this.#latencies.push(performance.now() - startedAt);
  };
}

function requestOf(message: unknown): object | undefined {
  const isMessage = typeof message === 'object' && message !== null && 'request' in message;
  const request = isMessage ? message.request : undefined;
  return typeof request === 'object' && request !== null ? request : undefined;
}

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/**
 * A process of a benchmark's own: it is asked by messages and answers each with one, so that what it costs can be told from
 * what asking costs.
 */
export class Child implements AsyncDisposable {
  readonly #process: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#process = child;
  }

  /** Starts a script, told `argument`, and resolves with its first message. */
  static async start(script: URL, argument: unknown): Promise<{ child: Child; hello: unknown }> {
    const child = new Child(fork(script, [JSON.stringify(argument)], { stdio: 'inherit' }));
    return { child, hello: await child.#answer() };
  }

  /** Asks a question; one at a time. */
  async ask(question: unknown): Promise<unknown> {
    this.#process.send(question as object);
    return this.#answer();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode !== null || signalCode !== null) return;
    const ended = once(this.#process, 'exit');
    this.#process.disconnect();
    await ended;
  }

  async #answer(): Promise<unknown> {
    const { promise, resolve, reject } = Promise.withResolvers<unknown>();
    const onExit = (): void => reject(new Error(`${this.#process.spawnargs[1]} has ended`));
    this.#process.once('exit', onExit);
    this.#process.once('message', resolve);
    return promise.finally(() => {
      this.#process.off('exit', onExit);
      this.#process.off('message', resolve);
    });
  }
}

/** In the child: says that it is ready, and answers every question from now on. */
export function answerParent(
  hello: object,
  answer: (question: unknown) => object | Promise<object>,
): void {
  const send = (message: object): void => void process.send?.(message);
  process.on('message', (question) => void Promise.resolve(answer(question)).then(send));
  // Whoever asked has gone, however that went.
  process.on('disconnect', () => process.exit());
  send(hello);
}

/** In the child: what `Child.start` was told. */
export function argumentOfChild(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}

import { beforeEach, describe, expect, it } from 'vitest';

import {
  inOrder,
  PartFailed,
  startAll,
  sideBySide,
  type Part,
} from '../../src/runtime/lifecycle.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

let clock: TestClock;
beforeEach(() => void (clock = new TestClock()));

function parts(...faults: string[]) {
  const log: string[] = [];
  const part = (name: string): Part => ({
    name,
    start() {
      log.push(`start ${name}`);
      if (faults.includes(`start ${name}`)) throw new Error('port taken');
    },
    async stop() {
      log.push(`stop ${name}`);
      if (faults.includes(`stop ${name}`)) throw new Error('still busy');
    },
  });
  return { log, parts: [part('a'), part('b'), part('c')] };
}

const forever = (): Promise<void> => new Promise(() => {});

describe('parts that run together', () => {
  it('are stopped one after the other within their times, whatever hangs', async () => {
    const ended: string[] = [];
    const end = (name: string) => (): void => void ended.push(`${name} at ${clock.elapsed()}`);
    const running = await startAll(
      [
        {
          name: 'connection',
          start: () => undefined,
          stop: end('connection'),
          stopWithinMs: 1_000,
        },
        { name: 'caches', start: () => undefined, stop: forever, stopWithinMs: 2_000 },
        sideBySide(
          'admission and controllers',
          [
            { name: 'server', start: () => undefined, stop: end('server'), stopWithinMs: 11_000 },
            inOrder(
              'leading',
              [
                {
                  name: 'events',
                  start: () => undefined,
                  stop: end('events'),
                  stopWithinMs: 4_000,
                },
                {
                  name: 'controllers',
                  start: () => undefined,
                  stop: forever,
                  stopWithinMs: 15_000,
                },
              ],
              clock,
            ),
          ],
          clock,
        ),
      ],
      clock,
    );
    const error = running.stop().catch((reason: unknown) => reason);
    await clock.advanceAsync(17_000);
    // The server is told at once, and nothing waits longer than its time for what hangs.
    expect(ended).toEqual(['server at 0', 'events at 15000', 'connection at 17000']);
    expect(await error).toMatchObject({
      message:
        'admission and controllers did not stop: leading did not stop: controllers did not stop: it took more than 15 s; caches did not stop: it took more than 2 s',
    });
    expect(clock.leftovers).toEqual([]);
  });

  it('start in order and stop in reverse, once', async () => {
    const { log, parts: three } = parts();
    const running = await startAll(three, clock);
    await Promise.all([running.stop(), running.stop()]);
    expect(log).toEqual(['start a', 'start b', 'start c', 'stop c', 'stop b', 'stop a']);
  });

  it('are told to stop by one signal before the first is stopped', async () => {
    const seen: boolean[] = [];
    let signal: AbortSignal | undefined;
    const part: Part = {
      name: 'server',
      start: (given) => void (signal = given),
      stop: () => void seen.push(signal?.aborted ?? false),
    };
    const running = await startAll([part], clock);
    expect(running.signal.aborted).toBe(false);
    await running.stop();
    expect(seen).toEqual([true]);
  });

  it('stop again when a later one cannot start, and say which', async () => {
    const { log, parts: three } = parts('start c');
    const error = await startAll(three, clock).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PartFailed);
    expect(error).toMatchObject({ part: 'c', message: 'c did not start: port taken' });
    expect(log).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
  });

  it('are all stopped even when some fail, and every failure is told', async () => {
    const { log, parts: three } = parts('stop c', 'stop a');
    const running = await startAll(three, clock);
    const error = await running.stop().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      message: 'c did not stop: still busy; a did not stop: still busy',
      errors: [{ part: 'c' }, { part: 'a' }],
    });
    expect(log.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });
});

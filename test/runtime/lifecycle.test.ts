import { describe, expect, it } from 'vitest';

import { PartFailed, startAll, type Part } from '../../src/runtime/lifecycle.ts';

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

describe('parts that run together', () => {
  it('start in order and stop in reverse, once', async () => {
    const { log, parts: three } = parts();
    const running = await startAll(three);
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
    const running = await startAll([part]);
    expect(running.signal.aborted).toBe(false);
    await running.stop();
    expect(seen).toEqual([true]);
  });

  it('stop again when a later one cannot start, and say which', async () => {
    const { log, parts: three } = parts('start c');
    const error = await startAll(three).catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(PartFailed);
    expect(error).toMatchObject({ part: 'c', message: 'c did not start: port taken' });
    expect(log).toEqual(['start a', 'start b', 'start c', 'stop b', 'stop a']);
  });

  it('are all stopped even when some fail, and every failure is told', async () => {
    const { log, parts: three } = parts('stop c', 'stop a');
    const running = await startAll(three);
    const error = await running.stop().catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(AggregateError);
    expect(error).toMatchObject({
      message: 'c did not stop: still busy; a did not stop: still busy',
      errors: [{ part: 'c' }, { part: 'a' }],
    });
    expect(log.slice(3)).toEqual(['stop c', 'stop b', 'stop a']);
  });
});

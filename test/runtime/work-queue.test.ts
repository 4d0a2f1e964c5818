import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { WorkQueue, type Priority } from '../../src/runtime/work-queue.ts';
import { settled, TestClock } from '../support/clock-and-chance/test-clock.ts';

/** A queue whose runs end when the test says so. */
function heldQueue(concurrency = 1, groupOf: (key: string) => string = () => '') {
  const clock = new TestClock();
  const started: string[] = [];
  const ends = new Map<string, PromiseWithResolvers<void>>();
  const failures: string[] = [];
  const queue = new WorkQueue({
    clock,
    concurrency,
    groupOf,
    work(key) {
      started.push(key);
      const end = Promise.withResolvers<void>();
      ends.set(key, end);
      return end.promise;
    },
    retryAfterMs(key, count) {
      failures.push(`${key} ${count}`);
      return 1000 * count;
    },
  });
  const end = async (key: string): Promise<void> => {
    ends.get(key)?.resolve();
    await settled();
  };
  const fail = async (key: string): Promise<void> => {
    ends.get(key)?.reject(new Error('no'));
    await settled();
  };
  return { clock, queue, started, failures, end, fail };
}

describe('the work queue', () => {
  it('works on nothing before it is started', () => {
    const { queue, started } = heldQueue();
    queue.add('a');
    expect(started).toEqual([]);
    queue.start();
    expect(started).toEqual(['a']);
  });

  it('runs a key once however often it was added before the run', async () => {
    const { queue, started, end } = heldQueue();
    queue.add('a');
    queue.add('a');
    queue.start();
    await end('a');
    expect(started).toEqual(['a']);
  });

  it('runs a key again, and never twice at once, when it is added during its run', async () => {
    const { queue, started, end } = heldQueue(4);
    queue.start();
    queue.add('a');
    queue.add('a');
    queue.add('a');
    expect(started).toEqual(['a']);
    expect(queue.depth).toBe(1);
    await end('a');
    expect(started).toEqual(['a', 'a']);
    await end('a');
    expect(queue.size).toBe(0);
  });

  it('takes the groups of keys in turn: ten thousand keys of one delay those of others by one each', async () => {
    const { queue, started, end } = heldQueue(1, (key) => key.slice(0, key.indexOf('/')));
    for (let at = 0; at < 10_000; at += 1) queue.add(`crowd/${at}`);
    for (const key of ['shop/1', 'shop/2', 'bank/1']) queue.add(key);
    queue.start();
    for (let at = 0; at < 6; at += 1) await end(started.at(-1) ?? '');
    expect(started).toEqual([
      'crowd/0',
      'shop/1',
      'bank/1',
      'crowd/1',
      'shop/2',
      'crowd/2',
      'crowd/3',
    ]);
  });

  it('lets what changes go before the initial list in every group', async () => {
    const { queue, started, end } = heldQueue(1, (key) => key.slice(0, key.indexOf('/')));
    queue.add('shop/old', 'initial');
    queue.add('crowd/1');
    queue.add('crowd/2');
    queue.start();
    for (let at = 0; at < 2; at += 1) await end(started.at(-1) ?? '');
    expect(started).toEqual(['crowd/1', 'crowd/2', 'shop/old']);
  });

  it('works on as many keys at once as it may', async () => {
    const { queue, started, end } = heldQueue(2);
    queue.start();
    for (const key of ['a', 'b', 'c']) queue.add(key);
    expect(started).toEqual(['a', 'b']);
    expect([queue.running, queue.depth]).toEqual([2, 1]);
    await end('b');
    expect(started).toEqual(['a', 'b', 'c']);
  });

  it('takes changes before the initial list, also for a key that was in the list first', async () => {
    const { queue, started, end } = heldQueue();
    queue.add('old-1', 'initial');
    queue.add('old-2', 'initial');
    queue.add('new', 'change');
    queue.add('old-2', 'change');
    queue.start();
    for (const key of ['new', 'old-2', 'old-1']) await end(key);
    expect(started).toEqual(['new', 'old-2', 'old-1']);
    expect(queue.size).toBe(0);
  });

  it('keeps a change a change when the initial list names the key too', async () => {
    const { queue, started, end } = heldQueue();
    queue.start();
    queue.add('busy');
    queue.add('a', 'change');
    queue.add('b', 'initial');
    queue.add('a', 'initial');
    await end('busy');
    expect(started).toEqual(['busy', 'a']);
  });

  it('lets the earliest of several delayed adds win', () => {
    const { clock, queue, started } = heldQueue();
    queue.start();
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    clock.advance(199);
    expect(started).toEqual([]);
    clock.advance(1);
    expect(started).toEqual(['a']);
    expect(clock.leftovers).toEqual([]);
  });

  it('answers a delayed add with the run of an earlier immediate one', async () => {
    const { clock, queue, started, end } = heldQueue();
    queue.start();
    queue.addAfter('a', 500);
    queue.add('a');
    await end('a');
    clock.advance(1000);
    expect(started).toEqual(['a']);
    expect(queue.size).toBe(0);
  });

  it('keeps a delayed add made during the run', async () => {
    const { clock, queue, started, end } = heldQueue();
    queue.start();
    queue.add('a');
    queue.addAfter('a', 500);
    await end('a');
    expect(queue.size).toBe(1);
    clock.advance(500);
    expect(started).toEqual(['a', 'a']);
  });

  it('runs a failed key again after a wait that knows how often it failed, and forgets that on success', async () => {
    const { clock, queue, started, failures, end, fail } = heldQueue();
    queue.start();
    queue.add('a');
    await fail('a');
    clock.advance(1000);
    await fail('a');
    clock.advance(1999);
    expect(started).toHaveLength(2);
    clock.advance(1);
    await end('a');
    queue.add('a');
    await fail('a');
    expect(failures).toEqual(['a 1', 'a 2', 'a 1']);
  });

  it('does not wait out the back-off of a key that changed', async () => {
    const { queue, started, fail } = heldQueue();
    queue.start();
    queue.add('a');
    await fail('a');
    queue.add('a');
    expect(started).toEqual(['a', 'a']);
  });

  it('shuts down by ending what runs and dropping what waits', async () => {
    const { clock, queue, started, end } = heldQueue();
    queue.start();
    for (const key of ['a', 'b']) queue.add(key);
    queue.add('a');
    queue.addAfter('c', 10);
    let down = false;
    const shutdown = queue.shutdown().then(() => (down = true));
    await settled();
    expect(down).toBe(false);
    queue.add('d');
    await end('a');
    await shutdown;
    expect(started).toEqual(['a']);
    expect([queue.size, clock.leftovers]).toEqual([0, []]);
  });

  it('refuses a concurrency of nothing', () => {
    const options = { clock: new TestClock(), work: async () => {}, retryAfterMs: () => 1 };
    expect(() => new WorkQueue({ ...options, concurrency: 0 })).toThrow('at least 1, not 0');
  });
});

type Step =
  | { do: 'add'; key: string; priority: Priority }
  | { do: 'addAfter'; key: string; ms: number }
  | { do: 'advance'; ms: number }
  | { do: 'end'; nth: number; ok: boolean };

const keys = fc.constantFrom('a', 'b', 'c', 'd');
const step: fc.Arbitrary<Step> = fc.oneof(
  fc.record({
    do: fc.constant('add' as const),
    key: keys,
    priority: fc.constantFrom('change' as const, 'initial' as const),
  }),
  fc.record({
    do: fc.constant('addAfter' as const),
    key: keys,
    ms: fc.integer({ min: 0, max: 50 }),
  }),
  fc.record({ do: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 60 }) }),
  fc.record({ do: fc.constant('end' as const), nth: fc.nat(3), ok: fc.boolean() }),
);

describe('the work queue, whatever happens', () => {
  it('starts a run after the last add of every key, never two of one key, and ends empty', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(step, { maxLength: 60 }),
        fc.integer({ min: 1, max: 3 }),
        async (steps, concurrency) => {
          const clock = new TestClock();
          let moment = 0;
          const lastAdd = new Map<string, number>();
          const lastStart = new Map<string, number>();
          const running: { key: string; end: PromiseWithResolvers<void> }[] = [];
          const queue = new WorkQueue({
            clock,
            concurrency,
            work(key) {
              expect(running.map((run) => run.key)).not.toContain(key);
              expect(running.length).toBeLessThan(concurrency);
              lastStart.set(key, (moment += 1));
              const end = Promise.withResolvers<void>();
              const run = { key, end };
              running.push(run);
              return end.promise.finally(() => running.splice(running.indexOf(run), 1));
            },
            retryAfterMs: () => 5,
          });
          queue.start();
          const added = (key: string): void => void lastAdd.set(key, (moment += 1));
          for (const one of steps) {
            if (one.do === 'add') {
              added(one.key);
              queue.add(one.key, one.priority);
            } else if (one.do === 'addAfter') {
              added(one.key);
              queue.addAfter(one.key, one.ms);
            } else if (one.do === 'advance') {
              clock.advance(one.ms);
            } else {
              const run = running[one.nth];
              if (one.ok) run?.end.resolve();
              else run?.end.reject(new Error('no'));
              await settled();
            }
          }
          while (queue.size > 0) {
            clock.advance(100);
            for (const run of running) run.end.resolve();
            await settled();
          }
          for (const [key, at] of lastAdd) expect(lastStart.get(key)).toBeGreaterThan(at);
          expect(clock.leftovers).toEqual([]);
        },
      ),
    );
  });
});

describe('what a queue tells of itself', () => {
  function observed() {
    const told: string[] = [];
    const clock = new TestClock();
    const ends: PromiseWithResolvers<void>[] = [];
    const queue = new WorkQueue({
      clock,
      concurrency: 1,
      work() {
        const end = Promise.withResolvers<void>();
        ends.push(end);
        return end.promise;
      },
      retryAfterMs: () => 1000,
      observer: {
        added: () => told.push('added'),
        taken: (waitedMs) => told.push(`taken after ${waitedMs}`),
        done: (ms) => told.push(`done in ${ms}`),
        retried: () => told.push('retried'),
      },
    });
    queue.start();
    return { queue, clock, told, ends };
  }

  it('a key that is added twice waits once, and its wait and its work are told', async () => {
    const { queue, clock, told, ends } = observed();
    queue.add('a');
    queue.add('b', 'initial');
    queue.add('b');
    clock.advance(30);
    expect(queue.runningForMs()).toEqual([30]);
    ends[0]?.resolve();
    await settled();
    expect(told).toEqual(['added', 'taken after 0', 'added', 'done in 30', 'taken after 30']);
  });

  it('work that fails is done, and comes again', async () => {
    const { queue, clock, told, ends } = observed();
    queue.add('a');
    ends[0]?.reject(new Error('no'));
    await settled();
    clock.advance(1000);
    expect(told).toEqual([
      'added',
      'taken after 0',
      'retried',
      'done in 0',
      'added',
      'taken after 0',
    ]);
  });
});

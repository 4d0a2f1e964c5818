import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NamespaceKind } from '../../../src/api/builtin.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Condition } from '../../../src/api/object.ts';
import { refOf } from '../../../src/api/object.ts';
import { type SpanRecord, SpansRejected } from '../../../src/api/span.ts';
import { awaitingExport, TraceExport } from '../../../src/controllers/loops/trace-export.ts';
import type { CollectorAddress } from '../../../src/domain/settings/collector-address.ts';
import { aTask, aWorkloadVersion } from '../../support/builders/builders.ts';
import { LogMemory } from '../../support/memory/log-memory.ts';
import { clearWeather, MemoryCaches } from '../../support/memory/memory-caches.ts';
import { type Call, type Fault, MemoryCluster } from '../../support/memory/memory-cluster.ts';
import { MemoryStore } from '../../../src/cli/played/memory-store.ts';
import type { Turns } from '../../../src/controllers/engine/controller-run.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

const collectorAt = (address: string): CollectorAddress => ({
  protocol: 'grpc',
  address,
  secure: false,
});

let clock: TestClock;
let store: MemoryStore;
let log: LogMemory;
let requests: (readonly string[])[];
let opened: string[];
let closed: string[];
let writes: Call[];
let answer: (spans: readonly SpanRecord[], signal: AbortSignal) => Promise<string | undefined>;
let fault: (call: Call) => Fault | undefined;
let collector: CollectorAddress | undefined;
let mayWrite: boolean;
let running: TraceExport;

beforeEach(() => {
  clock = new TestClock();
  store = new MemoryStore(clock);
  store.create(NamespaceKind, { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop' } });
  log = new LogMemory();
  requests = [];
  opened = [];
  closed = [];
  writes = [];
  answer = () => Promise.resolve(undefined);
  fault = () => undefined;
  collector = collectorAt('collector:4317');
  mayWrite = true;
});

afterEach(async () => {
  await running.stop();
  expect(clock.leftovers).toEqual([]);
  expect(closed).toEqual(opened);
});

const noTurns: Turns = { isOver: false, turn: () => Promise.resolve() };

function start(turns = noTurns): TraceExport {
  const kinds = [KeptnAppVersion, KeptnWorkloadVersion, KeptnTask, KeptnEvaluation, KeptnConfig];
  const caches = new MemoryCaches({
    store,
    clock,
    watched: kinds.map((kind) => ({ kind })),
    weather: clearWeather,
    indexes: [...awaitingExport],
  });
  caches.start();
  const cluster = new MemoryCluster({
    store,
    clock,
    fault: (call) => fault(call),
    written: (call) => writes.push(call),
  });
  running = new TraceExport({
    cluster,
    caches,
    clock,
    log,
    random: () => 0,
    mayWrite: () => mayWrite,
    collector: () => collector,
    turns,
    open({ address }) {
      opened.push(address);
      return Promise.resolve({
        export(spans, signal) {
          requests.push(spans.map(({ name }) => name));
          return answer(spans, signal);
        },
        close() {
          closed.push(address);
          return Promise.resolve();
        },
      });
    },
  });
  running.start();
  return running;
}

const pending: Condition = {
  type: 'Exported',
  status: 'False',
  reason: 'Pending',
  message: '',
  lastTransitionTime: '2026-01-01T00:00:00Z',
};

/** A task that ended, while tracing was on unless told otherwise. */
function endTask(name: string, conditions = [pending]): void {
  const {
    uid: _uid,
    resourceVersion: _version,
    ...metadata
  } = aTask({ metadata: { name } }).metadata;
  const task = store.create(KeptnTask, { ...aTask(), metadata });
  store.writeStatus(refOf(KeptnTask, task), undefined, {
    status: 'Succeeded',
    conditions,
  });
}

const exported = (name: string) =>
  store.get(KeptnTask, 'shop', name)?.status?.conditions?.find(({ type }) => type === 'Exported');
const statusMark = (name: string) => exported(name)?.status;
const sent = (): readonly string[] => requests.flat();

describe('what has ended', () => {
  test('while the process was away, and while it runs, is sent together and marked', async () => {
    endTask('before');
    start();
    endTask('one');
    endTask('two');
    await clock.advanceAsync(999);
    expect(requests).toEqual([]);
    await clock.advanceAsync(1);
    expect(requests).toEqual([['before', 'one', 'two']]);
    expect(exported('two')).toMatchObject({ status: 'True', reason: 'Accepted' });
    await clock.advanceAsync(3_600_000);
    expect(requests).toHaveLength(1);
    expect(writes.map(({ verb, name }) => `${verb} ${name}`)).toEqual([
      'writeStatus before',
      'writeStatus one',
      'writeStatus two',
    ]);
  });

  test('while the process was away is gone through in slices', async () => {
    for (const name of ['one', 'two', 'three']) endTask(name);
    let given = 0;
    start({ isOver: true, turn: () => Promise.resolve(void (given += 1)) });
    expect(given).toBe(1);
    await clock.advanceAsync(1_000);
    expect(given).toBe(3);
    expect(requests).toEqual([['one', 'two', 'three']]);
  });

  test('while tracing was off carries no mark, and is left alone', async () => {
    endTask('old', []);
    start();
    await clock.advanceAsync(60_000);
    expect(opened).toEqual([]);
  });

  test('is sent in batches of at most 512 spans', async () => {
    for (let number = 0; number < 1_100; number += 1) endTask(`task-${number}`);
    start();
    await clock.advanceAsync(10_000);
    expect(requests.map((request) => request.length)).toEqual([512, 512, 76]);
    expect(new Set(sent()).size).toBe(1_100);
  });

  test('waits for what its span hangs on', async () => {
    start();
    const version = store.create(KeptnWorkloadVersion, {
      ...aWorkloadVersion(),
      metadata: { name: 'shop-cart-1.0.0', namespace: 'shop' },
    });
    const { apiVersion, kind } = KeptnWorkloadVersion;
    const owner = {
      apiVersion,
      kind,
      name: 'later',
      uid: version.metadata.uid ?? '',
      controller: true,
    };
    const task = store.create(KeptnTask, {
      ...aTask(),
      metadata: { name: 'orphan', namespace: 'shop', ownerReferences: [owner] },
    });
    store.writeStatus(refOf(KeptnTask, task), undefined, {
      status: 'Failed',
      conditions: [pending],
    });
    endTask('other');
    await clock.advanceAsync(120_000);
    expect(sent()).toEqual(['other']);
  });

  test('is sent with all earlier attempts that could not be', async () => {
    const version = store.create(KeptnWorkloadVersion, {
      ...aWorkloadVersion(),
      metadata: { name: 'v', namespace: 'shop' },
    });
    const ref = refOf(KeptnWorkloadVersion, version);
    const over = { attempt: 1, status: 'Deprecated', exported: false } as const;
    store.writeStatus(ref, undefined, { status: 'Progressing', attempt: 2, attempts: [over] });
    start();
    await clock.advanceAsync(1_000);
    expect(sent()).toEqual(['v']);
    const now = store.get(KeptnWorkloadVersion, 'shop', 'v');
    expect(now?.status?.attempts).toEqual([{ ...over, exported: true }]);
    expect(now?.status).not.toHaveProperty('conditions');
  });
});

describe('a collector that does not answer', () => {
  test('is tried again, ever more rarely, and told in the log once; everything arrives when it is back', async () => {
    let isAway = true;
    answer = () => (isAway ? Promise.reject(new Error('no route')) : Promise.resolve(undefined));
    start();
    endTask('one');
    await clock.advanceAsync(1_000);
    endTask('two');
    await clock.advanceAsync(9 * 60_000);
    expect(requests.length).toBeGreaterThan(10);
    expect(requests.length).toBeLessThan(20);
    expect(log.lines.filter(({ level }) => level === 'warn')).toHaveLength(1);
    expect(statusMark('one')).toBe('False');
    isAway = false;
    await clock.advanceAsync(60_000);
    expect(requests.at(-1)).toEqual(['one', 'two']);
    expect([statusMark('one'), statusMark('two')]).toEqual(['True', 'True']);
    expect(log.lines.at(-1)?.message).toBe('the collector takes spans again');
    expect(writes).toHaveLength(2);
  });

  test('does not keep another one waiting that a KeptnConfig names instead', async () => {
    answer = () =>
      collector?.address === 'good:1'
        ? Promise.resolve(undefined)
        : Promise.reject(new Error('no'));
    start();
    endTask('one');
    await clock.advanceAsync(120_000);
    collector = collectorAt('good:1');
    store.create(KeptnConfig, {
      apiVersion: KeptnConfig.apiVersion,
      kind: KeptnConfig.kind,
      metadata: { name: 'config', namespace: 'shop' },
      spec: {},
    });
    await clock.advanceAsync(10);
    expect(opened.at(-1)).toBe('good:1');
    expect(statusMark('one')).toBe('True');
  });
});

describe('a changed setting', () => {
  test('closes the way to the old collector and opens one to the new', async () => {
    start();
    endTask('one');
    await clock.advanceAsync(1_000);
    collector = collectorAt('other:4317');
    endTask('two');
    await clock.advanceAsync(1_000);
    expect(opened).toEqual(['collector:4317', 'other:4317']);
    expect(closed).toEqual(['collector:4317']);
  });

  test('that switches tracing off sends nothing more', async () => {
    start();
    endTask('one');
    await clock.advanceAsync(1_000);
    collector = undefined;
    endTask('two');
    await clock.advanceAsync(60_000);
    expect(sent()).toEqual(['one']);
    expect(closed).toEqual(opened);
  });
});

describe('spans that the collector will never accept', () => {
  test('are found among the others, marked with its words, and not sent again', async () => {
    answer = (spans) =>
      spans.some(({ name }) => name === 'task-5')
        ? Promise.reject(new SpansRejected('too large'))
        : Promise.resolve(undefined);
    for (let number = 0; number < 12; number += 1) endTask(`task-${number}`);
    start();
    await clock.advanceAsync(60_000);
    expect(exported('task-5')).toMatchObject({
      status: 'False',
      reason: 'Rejected',
      message: 'the collector refuses its spans, and they are not sent again: too large',
    });
    const marks = Array.from({ length: 12 }, (_, number) => statusMark(`task-${number}`));
    expect(marks.filter((mark) => mark === 'True')).toHaveLength(11);
    const before = requests.length;
    endTask('later');
    await clock.advanceAsync(60_000);
    expect(requests.slice(before)).toEqual([['later']]);
  });
});

describe('the mark', () => {
  test('is written on the object as it is now, without sending its spans again', async () => {
    start();
    endTask('one');
    answer = () => {
      const now = store.get(KeptnTask, 'shop', 'one');
      store.writeStatus(refOf(KeptnTask, now ?? aTask()), undefined, {
        ...now?.status,
        output: 'new',
      });
      return Promise.resolve(undefined);
    };
    await clock.advanceAsync(60_000);
    expect(requests).toHaveLength(1);
    expect(store.get(KeptnTask, 'shop', 'one')?.status).toMatchObject({ output: 'new' });
    expect(statusMark('one')).toBe('True');
  });

  test('is tried again alone when the API server cannot be reached', async () => {
    let failures = 3;
    fault = ({ verb }) => (verb === 'writeStatus' && failures-- > 0 ? '500' : undefined);
    start();
    endTask('one');
    await clock.advanceAsync(120_000);
    expect(requests).toHaveLength(1);
    expect(statusMark('one')).toBe('True');
  });

  test('that is refused for one object keeps no other from being sent and marked, and is told once', async () => {
    fault = ({ verb, name }) => (verb === 'writeStatus' && name === 'bad' ? '403' : undefined);
    start();
    endTask('bad');
    endTask('good');
    await clock.advanceAsync(30_000);
    endTask('later');
    await clock.advanceAsync(30_000);
    expect([statusMark('good'), statusMark('later'), statusMark('bad')]).toEqual([
      'True',
      'True',
      'False',
    ]);
    expect(requests).toHaveLength(2);
    expect(log.lines.filter(({ message }) => message.includes('marked as exported'))).toHaveLength(
      1,
    );
    fault = () => undefined;
    await clock.advanceAsync(120_000);
    expect(statusMark('bad')).toBe('True');
    expect(requests).toHaveLength(2);
  });

  test('and what is due do not wait for a clock that was set back an hour', async () => {
    start();
    clock.setTimeOfDay(clock.now() - 3_600_000);
    answer = () => Promise.reject(new Error('away'));
    endTask('one');
    await clock.advanceAsync(10_000);
    clock.setTimeOfDay(clock.now() - 3_600_000);
    answer = () => Promise.resolve(undefined);
    await clock.advanceAsync(60_000);
    expect(statusMark('one')).toBe('True');
  });

  test('is not written by a process that no longer leads', async () => {
    start();
    endTask('one');
    mayWrite = false;
    await clock.advanceAsync(10_000);
    expect(writes).toEqual([]);
  });

  test('is not needed where the object has gone in between', async () => {
    start();
    endTask('one');
    answer = () => {
      store.delete({ kind: KeptnTask, namespace: 'shop', name: 'one' });
      return Promise.resolve(undefined);
    };
    await clock.advanceAsync(60_000);
    expect(requests).toHaveLength(1);
  });
});

describe('a stop', () => {
  test('sends and marks what has just ended, so that the next process repeats nothing', async () => {
    const loop = start();
    endTask('one');
    await loop.stop();
    expect(sent()).toEqual(['one']);
    expect(statusMark('one')).toBe('True');
    start();
    await clock.advanceAsync(60_000);
    expect(requests).toHaveLength(1);
  });

  test('waits for a collector for a few seconds and no longer; the next process sends the same', async () => {
    answer = (_, signal) =>
      new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('stopping')), { once: true });
      });
    const loop = start();
    endTask('one');
    await clock.advanceAsync(1_000);
    const stopped = loop.stop();
    await clock.advanceAsync(5_000);
    await stopped;
    expect(statusMark('one')).toBe('False');
    answer = () => Promise.resolve(undefined);
    start();
    await clock.advanceAsync(1_000);
    expect(requests).toEqual([['one'], ['one']]);
  });

  test('does not wait for a collector that has just failed', async () => {
    answer = () => Promise.reject(new Error('no route'));
    const loop = start();
    endTask('one');
    await clock.advanceAsync(1_000);
    await loop.stop();
    expect(requests).toHaveLength(1);
  });
});

import type { EventNote } from '../../../src/api/event-note.ts';
import { beforeEach, describe, expect, it } from 'vitest';

import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { JsonPatchOperation } from '../../../src/api/json-patch.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { cutToBytes } from '../../../src/kubernetes/events/event-series.ts';
import { EventRecorder } from '../../../src/kubernetes/events/events.ts';
import { settled, TestClock } from '../../support/clock-and-chance/test-clock.ts';

type Written = KubernetesObject & { series?: { count: number }; message?: string };

let clock: TestClock;
let created: Written[];
let patched: { name: string; operations: readonly JsonPatchOperation[] }[];
let faults: ClusterError[];
let recorder: EventRecorder;
beforeEach(() => {
  clock = new TestClock();
  created = [];
  patched = [];
  faults = [];
  const meetFault = async (): Promise<void> => {
    const fault = faults.shift();
    if (fault !== undefined) throw fault;
  };
  recorder = new EventRecorder({
    clock,
    random: () => 0,
    instance: 'sluice-0',
    client: {
      async create(_kind, object) {
        await meetFault();
        created.push(object);
        return object;
      },
      async patch(ref, operations) {
        await meetFault();
        patched.push({ name: ref.name, operations });
        return { apiVersion: '', kind: '', metadata: { name: ref.name } };
      },
    },
  });
});

const task = {
  apiVersion: 'lifecycle.keptn.sh/v1',
  kind: 'KeptnTask',
  metadata: { name: 'check', namespace: 'shop', uid: 'u1' },
};
const note: EventNote = {
  about: task,
  type: 'Warning',
  reason: 'TaskFailed',
  message: 'it failed',
};
const failure = (code: number): ClusterError =>
  new ClusterError({ code, reason: 'R', message: 'no' });

describe('a recorded Event', () => {
  it('says what happened to what, when, and who says so', async () => {
    recorder.record({ ...note, annotations: { traceparent: '00-1' } }, 'keptntask-controller');
    await settled();
    expect(created[0]).toMatchObject({
      apiVersion: 'v1',
      kind: 'Event',
      metadata: {
        namespace: 'shop',
        name: expect.stringMatching(/^check\.[0-9a-f]{16}$/u),
        annotations: { traceparent: '00-1' },
      },
      eventTime: '2026-01-01T00:00:00.000000Z',
      reportingComponent: 'keptntask-controller',
      reportingInstance: 'sluice-0',
      type: 'Warning',
      reason: 'TaskFailed',
      action: 'TaskFailed',
      firstTimestamp: '2026-01-01T00:00:00Z',
      lastTimestamp: '2026-01-01T00:00:00Z',
      count: 1,
      message: 'it failed',
      involvedObject: { ...task.metadata, apiVersion: task.apiVersion, kind: task.kind },
    });
    expect(created[0]).not.toHaveProperty('series');
  });

  it('about a cluster-scoped object stands in namespace default', async () => {
    const about = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop', uid: 'n' } };
    recorder.record({ ...note, about, action: 'Enable', reportedBy: 'other' }, 'x');
    await settled();
    expect(created[0]).toMatchObject({
      metadata: { namespace: 'default' },
      action: 'Enable',
      reportingComponent: 'other',
      involvedObject: { kind: 'Namespace', name: 'shop' },
    });
  });

  it('has a message of at most 1,024 bytes, cut between characters', async () => {
    recorder.record({ ...note, message: 'ä'.repeat(600) }, 'x');
    await settled();
    const text = created[0]?.message ?? '';
    expect(Buffer.byteLength(text)).toBeLessThanOrEqual(1024);
    expect(text).toMatch(/^ä{510}…$/u);
    expect(cutToBytes('short', 1024)).toBe('short');
  });
});

describe('the same thing said again', () => {
  it('is one Event with a count, written at most once a minute', async () => {
    for (let index = 0; index < 5; index += 1) {
      recorder.record(note, 'x');
      await clock.advanceAsync(10_000);
    }
    expect([created.length, patched.length]).toEqual([1, 0]);
    await clock.advanceAsync(10_000);
    const series = { count: 5, lastObservedTime: '2026-01-01T00:00:40.000000Z' };
    expect(patched).toEqual([
      {
        name: created[0]?.metadata.name,
        operations: [
          { op: 'add', path: '/firstTimestamp', value: '2026-01-01T00:00:00Z' },
          { op: 'add', path: '/lastTimestamp', value: '2026-01-01T00:00:40Z' },
          { op: 'add', path: '/count', value: 5 },
          { op: 'add', path: '/series', value: series },
        ],
      },
    ]);
    await clock.advanceAsync(600_000);
    expect(patched).toHaveLength(1);
  });

  it('goes along with the first writing when that has not happened yet', async () => {
    recorder.record(note, 'x');
    recorder.record(note, 'x');
    await settled();
    expect(created).toHaveLength(1);
    await recorder.stop();
    expect(created[0]?.series?.count ?? patched.length + 1).toBe(2);
  });

  it('is made anew, with its count, when the Event was deleted meanwhile', async () => {
    recorder.record(note, 'a');
    await settled();
    recorder.record(note, 'a');
    faults = [failure(404)];
    await clock.advanceAsync(60_000);
    expect(patched).toEqual([]);
    expect(created[1]).toMatchObject({ count: 2, series: { count: 2 } });
    expect(created[1]?.metadata.name).toBe(created[0]?.metadata.name);
    recorder.record(note, 'a');
    await clock.advanceAsync(60_000);
    expect(patched).toHaveLength(1);
  });

  it('is written within its minute though the clock was set back an hour', async () => {
    recorder.record(note, 'a');
    await settled();
    clock.setTimeOfDay(clock.now() - 3_600_000);
    recorder.record(note, 'a');
    await clock.advanceAsync(60_000);
    expect(patched).toHaveLength(1);
  });

  it('is a new Event after six minutes', async () => {
    recorder.record(note, 'x');
    await clock.advanceAsync(360_000);
    recorder.record(note, 'x');
    await settled();
    expect(created).toHaveLength(2);
    expect(new Set(created.map(({ metadata }) => metadata.name)).size).toBe(2);
  });

  it('is another Event about another object, or with another message', async () => {
    recorder.record(note, 'x');
    recorder.record({ ...note, message: 'otherwise' }, 'x');
    recorder.record(
      { ...note, about: { ...task, metadata: { ...task.metadata, uid: 'u2' } } },
      'x',
    );
    await settled();
    expect(created).toHaveLength(3);
  });
});

describe('recording', () => {
  it('tries again while the API server is away, and gives up after a while', async () => {
    faults = [failure(0), failure(503)];
    recorder.record(note, 'x');
    await settled();
    await clock.advanceAsync(500);
    await clock.advanceAsync(1000);
    expect(created).toHaveLength(1);
    faults = Array.from({ length: 5 }, () => failure(0));
    recorder.record({ ...note, message: 'lost' }, 'x');
    for (let round = 0; round < 5; round += 1) await clock.advanceAsync(10_000);
    expect(recorder.counts).toMatchObject({ written: 1, dropped: { unavailable: 1 } });
  });

  it('drops at once what the API server refuses', async () => {
    faults = [failure(403)];
    recorder.record(note, 'x');
    await settled();
    expect(recorder.counts.dropped.refused).toBe(1);
    expect(clock.leftovers).toEqual([]);
  });

  it('leaves a Namespace alone that is being deleted, for a minute', async () => {
    const causes = ['NamespaceTerminating'];
    faults = [new ClusterError({ code: 403, reason: 'Forbidden', message: 'no', causes })];
    recorder.record(note, 'x');
    await settled();
    recorder.record({ ...note, message: 'and more' }, 'x');
    recorder.record({ ...note, about: { ...task, metadata: { name: 'a', namespace: 'b' } } }, 'x');
    await settled();
    expect(created.map(({ metadata }) => metadata.namespace)).toEqual(['b']);
    await clock.advanceAsync(60_000);
    recorder.record({ ...note, message: 'it is back' }, 'x');
    await settled();
    expect(created).toHaveLength(2);
  });

  it('takes a name that exists for its own earlier try', async () => {
    faults = [new ClusterError({ code: 409, reason: 'AlreadyExists', message: 'there' })];
    recorder.record(note, 'x');
    await settled();
    expect(recorder.counts).toMatchObject({ written: 1, dropped: { refused: 0 } });
  });

  it('never keeps more than its queue holds', async () => {
    for (let index = 0; index < 6000; index += 1)
      recorder.record({ ...note, message: `m${index}` }, 'x');
    expect(recorder.counts.dropped.queueFull).toBeGreaterThan(900);
    await recorder.stop();
    expect(created.length + recorder.counts.dropped.queueFull).toBe(6000);
  });

  it('writes what waits when it is stopped, repetitions too, and nothing afterwards', async () => {
    recorder.record(note, 'x');
    await settled();
    recorder.record(note, 'x');
    recorder.record({ ...note, message: 'last' }, 'x');
    await recorder.stop();
    expect([created.length, patched.length]).toEqual([2, 1]);
    recorder.record({ ...note, message: 'too late' }, 'x');
    await settled();
    expect(created).toHaveLength(2);
    expect(clock.leftovers).toEqual([]);
  });

  it('stops in time when the API server takes a request and does not answer', async () => {
    const silent = new EventRecorder({
      clock,
      random: () => 0,
      instance: 'sluice-0',
      client: { create: () => new Promise(() => {}), patch: () => new Promise(() => {}) },
    });
    silent.record(note, 'a');
    let isStopped = false;
    void silent.stop(3_000).then(() => (isStopped = true));
    await clock.advanceAsync(3_000);
    expect(isStopped).toBe(true);
  });

  it('stops in time when the API server is away', async () => {
    faults = Array.from({ length: 99 }, () => failure(0));
    recorder.record(note, 'x');
    recorder.record({ ...note, message: 'other' }, 'x');
    await settled();
    const stopped = recorder.stop();
    await clock.advanceAsync(5000);
    await stopped;
    expect(recorder.counts.dropped.stopped).toBe(2);
    expect(clock.leftovers).toEqual([]);
  });
});

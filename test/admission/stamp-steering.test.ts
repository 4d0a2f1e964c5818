import { describe, expect, test } from 'vitest';
import { refuseSteering, stampPause, stampRequests } from '../../src/admission/stamp-steering.ts';
import type { Verdict } from '../../src/admission/verdict.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { parseRequests } from '../../src/api/keptn/steering.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { aTask, aWorkload, aWorkloadVersion } from '../support/builders/builders.ts';
import { admitted, requestFor } from '../support/builders/reviews.ts';

const key = (name: string) => `sluice.keptn.sh/${name}`;
const now = Date.parse('2026-01-01T10:00:00Z');
const nowhere = fixedLookup([]);

type Annotations = Record<string, string>;

const version = (annotations?: Annotations, steering: { id: string }[] = []) =>
  aWorkloadVersion({
    metadata: { ...(annotations && { annotations }) },
    status: {
      steering: steering.map(({ id }) => ({
        id,
        verb: 'retry',
        time: '2026-01-01T09:00:00Z',
        outcome: 'Done',
        reason: 'Retried',
        message: '',
      })),
    },
  });

/** What becomes of the annotations of a version that `user` updates. */
function update(
  to: Annotations | undefined,
  by: { user?: string; uid?: string; from?: KubernetesObject; judge?: typeof stampRequests } = {},
) {
  const { user = 'alice', uid = 'request-1', from = version(), judge = stampRequests } = by;
  const { annotations: _, ...metadata } = from.metadata;
  const object = { ...from, metadata: { ...metadata, ...(to && { annotations: to }) } };
  const request = requestFor(object, {
    uid,
    operation: 'UPDATE',
    oldObject: from,
    userInfo: { username: user },
  });
  const verdict: Verdict = judge(request, nowhere, now);
  return verdict.type === 'denied'
    ? { denied: verdict.message, annotations: annotationsOf(undefined) }
    : { denied: undefined, annotations: annotationsOf(admitted(object, verdict)) };
}

function annotationsOf(object: KubernetesObject | undefined): Annotations {
  return object?.metadata.annotations ?? {};
}

const listed = (annotations: Annotations, verb: string) =>
  parseRequests(annotations[key(`${verb}-requests`)] ?? '[]');

describe('what somebody asks of a version', () => {
  test('is put on the list of its verb with the name and the time that the API server states', () => {
    const { annotations } = update({ [key('retry')]: 'failed' });
    expect(annotations).not.toHaveProperty([key('retry')]);
    expect(listed(annotations, 'retry')).toEqual([
      { id: 'request-1', user: 'alice', time: '2026-01-01T10:00:00Z', value: 'failed' },
    ]);
  });

  test('can be asked twice in the same words, because it does not stay where it was written', () => {
    const first = update({ [key('retry')]: 'failed' }).annotations;
    const second = update(
      { ...first, [key('retry')]: 'failed' },
      { uid: 'request-2', user: 'bob', from: version(first) },
    ).annotations;
    expect(listed(second, 'retry')?.map(({ id, user }) => [id, user])).toEqual([
      ['request-1', 'alice'],
      ['request-2', 'bob'],
    ]);
  });

  test('leaves the list of it once its controller has recorded it', () => {
    const first = update({ [key('retry')]: 'failed' }).annotations;
    const second = update(
      { ...first, [key('retry')]: 'failed' },
      { uid: 'request-2', from: version(first, [{ id: 'request-1' }]) },
    ).annotations;
    expect(listed(second, 'retry')?.map(({ id }) => id)).toEqual(['request-2']);
  });

  test('takes up nothing that somebody else wrote past the admission', () => {
    const from = version({ [key('release')]: 'because' });
    const { annotations } = update(
      { [key('release')]: 'because', [key('abort')]: '' },
      { user: 'bob', from },
    );
    expect(annotations[key('release')]).toBe('because');
    expect(listed(annotations, 'release')).toEqual([]);
    expect(listed(annotations, 'abort')).toMatchObject([{ user: 'bob' }]);
  });
});

describe('a stamp that came along', () => {
  const forged = JSON.stringify([
    { id: 'x', user: 'root', time: '2026-01-01T10:00:00Z', value: 'because', for: '9h' },
  ]);

  test('is undone, also beside a request', () => {
    const alone = update({ team: 'a', [key('release-requests')]: forged });
    expect(alone.annotations).toEqual({ team: 'a' });
    const beside = update({ [key('release-requests')]: forged, [key('release')]: 'hotfix' });
    expect(listed(beside.annotations, 'release')).toMatchObject([{ user: 'alice', for: '1h0m0s' }]);
  });

  test('is undone where it changes or takes off what was asked for before', () => {
    const before = update({ [key('abort')]: 'wrong image' }).annotations;
    const from = version(before);
    expect(update({ [key('abort-requests')]: forged }, { from }).annotations).toEqual(before);
    expect(update(undefined, { from }).annotations).toEqual(before);
  });
});

describe('a request is refused at once', () => {
  test.each([
    [{ release: '  ' }, 'sluice.keptn.sh/release]: is empty: write why'],
    [{ release: 'x', 'release-for': 'soon' }, '"soon" is no duration'],
    [{ release: 'x', 'release-for': '0s' }, 'must be more than 0 and at most 720h0m0s'],
    [{ release: 'x', 'release-for': '721h' }, 'must be more than 0 and at most 720h0m0s'],
    [{ 'release-for': '1h' }, 'releases nothing by itself'],
    [{ retry: '' }, 'sluice.keptn.sh/retry]: is empty: write "failed"'],
    [{ abort: 'x'.repeat(513) }, 'is longer than 512 characters'],
  ])('%o', (asked, message) => {
    const annotations = Object.fromEntries(
      Object.entries(asked).map(([name, value]) => [key(name), value]),
    );
    expect(update(annotations).denied).toContain(message);
  });

  test('beyond sixteen that wait', () => {
    const waiting = Array.from({ length: 16 }, (_, index) => ({
      id: `${index}`,
      user: 'alice',
      time: '2026-01-01T10:00:00Z',
      value: 'failed',
    }));
    const annotations = { [key('retry-requests')]: JSON.stringify(waiting) };
    const { denied } = update(
      { ...annotations, [key('retry')]: 'failed' },
      { from: version(annotations) },
    );
    expect(denied).toContain('16 requests wait to be carried out');
  });
});

describe('a pause', () => {
  const judge = stampPause;
  const workload = (annotations?: Annotations) =>
    aWorkload({ metadata: { ...(annotations && { annotations }) } });
  const stamp = JSON.stringify({ user: 'alice', time: '2026-01-01T10:00:00Z' });

  test('carries who made it and when, until it ends', () => {
    const paused = update({ [key('paused')]: 'true' }, { judge, from: workload() }).annotations;
    expect(paused).toEqual({ [key('paused')]: 'true', [key('paused-by')]: stamp });
    expect(
      update({ [key('paused-by')]: stamp }, { judge, from: workload(paused) }).annotations,
    ).toEqual({});
  });

  test('keeps its first stamp when somebody changes another annotation, or the stamp', () => {
    const paused = { [key('paused')]: 'true', [key('paused-by')]: stamp };
    const by = { judge, from: workload(paused), user: 'bob' };
    expect(update({ ...paused, [key('paused-by')]: '{}' }, by).annotations).toEqual(paused);
  });

  test('is all that a workload is steered by', () => {
    const { denied } = update({ [key('retry')]: 'failed' }, { judge, from: workload() });
    expect(denied).toContain('is read on versions only: write it on its version');
  });
});

test('steering a task does nothing, and says what to steer in its place', () => {
  const owner = { apiVersion: 'lifecycle.keptn.sh/v1', kind: 'KeptnWorkloadVersion', uid: 'u' };
  const from = aTask({ metadata: { ownerReferences: [{ ...owner, name: 'shop-cart-1.0.0' }] } });
  const judge = (request: Parameters<typeof refuseSteering>[0]) => refuseSteering(request);
  expect(update({ [key('retry')]: 'failed' }, { judge, from }).denied).toContain(
    'write it on KeptnWorkloadVersion shop-cart-1.0.0',
  );
});

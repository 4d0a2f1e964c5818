import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { beforeEach, describe, expect, it } from 'vitest';

import { JobKind, PodKind, type Pod } from '../../../src/api/builtin.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import type { Feed } from '../../../src/kubernetes/cache/feed.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

const watched = 'sluice.keptn.sh/watched';
const task = 'sluice.keptn.sh/task';

let clock: TestClock;
let caches: ObjectCaches;
let told: string[];
beforeEach(() => {
  clock = new TestClock();
  caches = new ObjectCaches({
    clock,
    indexes: [
      { kind: PodKind, name: 'phase', values: (one) => [(one as Pod).status?.phase ?? ''] },
    ],
  });
  told = [];
  caches.subscribe(PodKind, ({ type, object, previous, initial }) => {
    const from = previous === undefined ? '' : ` from ${previous.metadata.resourceVersion}`;
    told.push(
      `${initial === true ? 'initial ' : ''}${type} ${object.metadata.name} ${object.metadata.resourceVersion}${from}`,
    );
  });
});

/** Pod `name` at a version; its uid follows its name unless told otherwise. */
function pod(
  name: string,
  version: number,
  more: Partial<Pod['metadata']> & { phase?: string } = {},
): Pod {
  const { phase = 'Pending', ...metadata } = more;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      namespace: 'shop',
      uid: `uid-${name}`,
      ...metadata,
      name,
      resourceVersion: String(version),
    },
    status: { phase },
  };
}

function list(feed: Feed, version: number, ...pods: Pod[]): boolean {
  feed.listing();
  for (const one of pods) feed.listed(one);
  return feed.listComplete(String(version));
}

const version = (name: string): string | undefined =>
  caches.get(PodKind, 'shop', name)?.metadata.resourceVersion;

describe('what a feed brings', () => {
  it('is found by address, namespace, owner and index', () => {
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'rs' };
    list(
      caches.feed(PodKind),
      5,
      pod('a', 1, { ownerReferences: [owner] }),
      pod('b', 2, { namespace: 'other', phase: 'Running' }),
    );
    const names = (pods: readonly Pod[]): string[] => pods.map(({ metadata }) => metadata.name);
    expect(names(caches.list(PodKind))).toEqual(['a', 'b']);
    expect(names(caches.list(PodKind, 'other'))).toEqual(['b']);
    expect(names(caches.byOwner(PodKind, 'rs'))).toEqual(['a']);
    expect(names(caches.byIndex({ kind: PodKind, name: 'phase' }, 'Running'))).toEqual(['b']);
    expect(caches.get(PodKind, 'other', 'a')).toBeUndefined();
    expect(caches.list(JobKind)).toEqual([]);
  });

  it('is told once per change, in order, and as initial only in the first list', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    feed.changed(pod('a', 6));
    feed.changed(pod('a', 6));
    feed.deleted(pod('a', 7));
    list(feed, 9, pod('b', 8));
    expect(told).toEqual(['initial added a 1', 'modified a 6 from 1', 'deleted a 7', 'added b 8']);
  });

  it('moves in the indexes when it changes', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1), pod('b', 2));
    feed.changed(pod('a', 6, { phase: 'Running' }));
    expect(caches.byIndex({ kind: PodKind, name: 'phase' }, 'Pending')).toHaveLength(1);
    expect(caches.byIndex({ kind: PodKind, name: 'phase' }, 'Running')).toHaveLength(1);
    feed.deleted(pod('a', 7, { phase: 'Running' }));
    expect(caches.byIndex({ kind: PodKind, name: 'phase' }, 'Running')).toEqual([]);
  });

  it('is told as deleted when a later list does not show it', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1), pod('b', 2));
    list(feed, 9, pod('b', 2));
    expect(told.slice(2)).toEqual(['deleted a 1']);
  });

  it('is another object when its uid is another, though it has the name', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    list(feed, 9, pod('a', 8, { uid: 'second' }));
    expect(told.slice(1)).toEqual(['deleted a 1', 'added a 8']);
  });

  it('is not undone by the late end of an earlier object of its name', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    caches.observe(PodKind, pod('a', 8, { uid: 'second' }));
    feed.deleted(pod('a', 7));
    feed.changed(pod('a', 8, { uid: 'second' }));
    expect(version('a')).toBe('8');
  });

  it('is let go and brought anew when time has gone back', () => {
    const feed = caches.feed(PodKind);
    list(feed, 500, pod('a', 400), pod('b', 450));
    expect(list(feed, 300, pod('a', 200))).toBe(false);
    expect(caches.list(PodKind)).toEqual([]);
    expect(list(feed, 300, pod('a', 200))).toBe(true);
    expect([version('a'), version('b')]).toEqual(['200', undefined]);
  });
});

describe('what the API server answered us', () => {
  it('is there before the watch brings it, and the watch then changes nothing', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5);
    caches.observe(PodKind, pod('a', 6));
    feed.changed(pod('a', 6));
    expect(told).toEqual(['added a 6']);
  });

  it('is not undone by older events of the watch', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    caches.observe(PodKind, pod('a', 9));
    feed.changed(pod('a', 7));
    feed.deleted(pod('a', 8));
    expect(version('a')).toBe('9');
  });

  it('does not undo what is newer', () => {
    const feed = caches.feed(PodKind);
    list(feed, 9, pod('a', 8));
    caches.observe(PodKind, pod('a', 7));
    expect(version('a')).toBe('8');
  });

  it('does not bring back what the watch has already seen end', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 4));
    feed.deleted(pod('a', 6));
    caches.observe(PodKind, pod('a', 4));
    expect(version('a')).toBeUndefined();
  });

  it('survives a list that was taken before it', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5);
    feed.listing();
    caches.observe(PodKind, pod('a', 8));
    feed.listComplete('7');
    expect(version('a')).toBe('8');
    list(feed, 9);
    expect(version('a')).toBeUndefined();
  });

  it('counts when it came last, if versions say nothing', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    const odd = pod('a', 1);
    odd.metadata.resourceVersion = 'abc';
    caches.observe(PodKind, odd);
    expect(version('a')).toBe('abc');
    feed.changed(pod('a', 2));
    expect(version('a')).toBe('2');
  });

  it('removes what it says is gone, until a live read shows it again', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 4));
    caches.forget({ kind: PodKind, namespace: 'shop', name: 'a' });
    caches.forget({ kind: PodKind, namespace: 'shop', name: 'a' });
    expect(told.slice(1)).toEqual(['deleted a 4']);
    caches.observe(PodKind, pod('a', 4));
    expect(version('a')).toBe('4');
  });

  it('is there before anything was listed', () => {
    const feed = caches.feed(PodKind);
    caches.observe(PodKind, pod('a', 4));
    expect(version('a')).toBe('4');
    list(feed, 9, pod('a', 4));
    expect(told).toEqual(['added a 4']);
  });
});

describe('a kind of which only some objects are watched', () => {
  let gated: Feed;
  let jobs: Feed;
  beforeEach(() => {
    gated = caches.feed(PodKind, { labelSelector: watched });
    jobs = caches.feed(PodKind, { labelSelector: `${task}=a` });
    list(gated, 5);
    list(jobs, 5);
  });

  it('loses an object when it leaves the selector', () => {
    gated.changed(pod('a', 6, { labels: { [watched]: '' } }));
    gated.deleted(pod('a', 7, { labels: { [watched]: '' } }));
    expect(version('a')).toBeUndefined();
  });

  it('keeps an object that leaves one selector and is still in another', () => {
    const both = { [watched]: '', [task]: 'a' };
    gated.changed(pod('a', 6, { labels: both }));
    jobs.changed(pod('a', 6, { labels: both }));
    gated.deleted(pod('a', 7, { labels: both }));
    jobs.changed(pod('a', 7, { labels: { [task]: 'a' } }));
    expect(version('a')).toBe('7');
    list(gated, 8);
    expect(version('a')).toBe('7');
    jobs.deleted(pod('a', 9));
    expect(version('a')).toBeUndefined();
  });

  it('takes in an observed object that a selector selects, and the watch lets it go', () => {
    caches.observe(PodKind, pod('a', 6, { labels: { [watched]: '' } }));
    expect(told).toEqual(['added a 6']);
    clock.advance(60_000);
    expect(version('a')).toBe('6');
    gated.deleted(pod('a', 7));
    expect(version('a')).toBeUndefined();
  });

  it('follows a cached object out of its selector until the watch lets it go', () => {
    gated.changed(pod('a', 6, { labels: { [watched]: '' } }));
    caches.observe(PodKind, pod('a', 7));
    expect(told.at(-1)).toBe('modified a 7 from 6');
    gated.deleted(pod('a', 7, { labels: { [watched]: '' } }));
    expect([version('a'), told.at(-1)]).toEqual([undefined, 'deleted a 7']);
  });

  it('shows an observed object that no selector selects for a while, and tells nobody', () => {
    caches.observe(PodKind, pod('a', 6));
    expect(version('a')).toBe('6');
    expect(caches.list(PodKind, 'shop')).toHaveLength(1);
    expect(caches.byIndex({ kind: PodKind, name: 'phase' }, 'Pending')).toHaveLength(1);
    clock.advance(29_999);
    caches.observe(PodKind, pod('b', 8));
    expect(version('a')).toBe('6');
    clock.advance(1);
    expect([version('a'), version('b')]).toEqual([undefined, '8']);
    expect(caches.list(PodKind)).toHaveLength(1);
    expect(told).toEqual([]);
  });

  it('takes a guest for its own when it comes to be selected', () => {
    caches.observe(PodKind, pod('a', 6));
    gated.changed(pod('a', 7, { labels: { [watched]: '' } }));
    clock.advance(60_000);
    expect(version('a')).toBe('7');
    expect(caches.list(PodKind)).toHaveLength(1);
  });

  it('forgets a guest that is gone', () => {
    caches.observe(PodKind, pod('a', 6));
    caches.forget({ kind: PodKind, namespace: 'shop', name: 'a' });
    expect(version('a')).toBeUndefined();
  });

  it('forgets a guest of which a watch tells later that it is gone, and not one that was read after that', () => {
    caches.observe(PodKind, pod('a', 6));
    gated.deleted(pod('a', 7));
    expect(version('a')).toBeUndefined();
    caches.observe(PodKind, pod('b', 9));
    gated.deleted(pod('b', 8));
    expect(version('b')).toBe('9');
  });

  it('cannot judge a field selector, so what it leaves out stays a guest', () => {
    const one = caches.feed(JobKind, { fieldSelector: 'metadata.name=a' });
    list(one, 5);
    caches.observe(JobKind, { ...pod('a', 6), apiVersion: 'batch/v1', kind: 'Job' });
    clock.advance(30_000);
    expect(caches.list(JobKind)).toEqual([]);
  });
});

describe('being synced', () => {
  it('waits for the first list of every feed of the kinds named', async () => {
    const [pods, jobs] = [caches.feed(PodKind), caches.feed(JobKind)];
    expect(caches.unsynced()).toEqual(['v1/Pod', 'batch/v1/Job']);
    pods.listing();
    expect(caches.isSynced(PodKind)).toBe(false);
    pods.listComplete('5');
    expect([caches.isSynced(PodKind), caches.isSynced()]).toEqual([true, false]);
    await caches.synced(PodKind);
    jobs.kindAbsent(false);
    expect(caches.isSynced()).toBe(false);
    jobs.kindAbsent(true);
    expect(caches.isSynced()).toBe(true);
    await caches.synced();
    expect(caches.unsynced()).toEqual([]);
  });

  it('a kind that has to be there and is not served is missing until it is listed again', () => {
    const [pods, jobs] = [caches.feed(PodKind), caches.feed(JobKind)];
    let again = 0;
    const stop = caches.whenServedAgain(() => (again += 1));
    list(pods, 5, pod('a', 1));
    jobs.listing();
    jobs.listComplete('5');
    jobs.kindAbsent(true);
    expect([caches.isMissing(), caches.missing()]).toEqual([false, []]);
    pods.kindAbsent(false);
    expect([caches.isMissing(PodKind), caches.isMissing(JobKind)]).toEqual([true, false]);
    expect([caches.missing(), caches.isSynced(PodKind), again]).toEqual([['v1/Pod'], true, 0]);
    pods.listing();
    pods.listComplete('9');
    expect([caches.isMissing(), again]).toEqual([false, 1]);
    stop();
    pods.kindAbsent(false);
    pods.listComplete('12');
    expect(again).toBe(1);
  });

  it('a kind that ceased to exist has no objects', () => {
    const feed = caches.feed(PodKind);
    list(feed, 5, pod('a', 1));
    feed.kindAbsent(true);
    expect(told.at(-1)).toBe('deleted a 1');
  });
});

describe('a listener that throws', () => {
  it('keeps neither others nor the watch from going on, and is told of', () => {
    const lines: string[] = [];
    const log = { ...silentLog, warn: (_: object, line: string) => void lines.push(line) };
    const own = new ObjectCaches({ clock, log });
    const seen: string[] = [];
    own.subscribe(PodKind, () => {
      throw new Error('defect');
    });
    own.subscribe(PodKind, ({ object }) => void seen.push(object.metadata.name));
    list(own.feed(PodKind), 5, pod('a', 1), pod('b', 2));
    expect(seen).toEqual(['a', 'b']);
    expect(lines).toEqual(['a listener of the cache failed', 'a listener of the cache failed']);
  });
});

describe('memory', () => {
  it('gives back old objects as they were put in, though it keeps few of them whole', () => {
    const feed = caches.feed(PodKind);
    feed.listing();
    for (let index = 0; index < 3000; index += 1) {
      feed.listed(pod(`p${index}`, index + 1, { labels: { nth: String(index) } }));
    }
    feed.listComplete('9000');
    for (let index = 0; index < 3000; index += 1) {
      expect(caches.get(PodKind, 'shop', `p${index}`)).toEqual(
        pod(`p${index}`, index + 1, { labels: { nth: String(index) } }),
      );
    }
  });
});

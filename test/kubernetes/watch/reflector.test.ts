import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  ConfigMapKind,
  ConfigMapMetadataKind,
  PodKind,
  RolloutKind,
  type ConfigMap,
  type Pod,
} from '../../../src/api/builtin.ts';
import type { Kind } from '../../../src/api/object.ts';
import type { Watching } from '../../../src/kubernetes/watch/watch-all.ts';
import { AdapterRig, namespaced } from '../../support/memory/adapter-rig.ts';
import type { SeenRequest } from '../../support/api-server/fake-api-server.ts';

const DefinitionKind: Kind = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

let rig: AdapterRig;
beforeEach(async () => void (rig = await AdapterRig.start(ConfigMapKind, PodKind)));
afterEach(() => rig[Symbol.asyncDispose]());

const isList = (request: SeenRequest): boolean =>
  request.path.endsWith('/configmaps') && !request.isWatch;
const isWatch = (request: SeenRequest): boolean =>
  request.path.endsWith('/configmaps') && request.isWatch;
const lists = (): number => rig.server.count(isList);
const watches = (): number => rig.server.count(isWatch);

function create(name: string, data: Record<string, string> = {}): ConfigMap {
  return rig.server.store.create(ConfigMapKind, namespaced(name, { data }, ConfigMapKind));
}

const cached = (): string[] =>
  caches()
    .map(({ metadata }) => metadata.name)
    .toSorted();
const caches = (): readonly ConfigMap[] => rig.caches.list(ConfigMapKind);

const until = (condition: () => void): Promise<void> =>
  vi.waitFor(condition, { interval: 2, timeout: 5000 });

/** Waits for the state and then lets its back-off pass. */
async function waitOut(watching: Watching): Promise<number> {
  const waited = await vi.waitFor(
    () => {
      const state = watching.reports()[0]?.state;
      if (state?.at !== 'waiting' || !rig.clock.leftovers.includes(state.forMs))
        throw new Error('not waiting');
      return state.forMs;
    },
    { interval: 2 },
  );
  rig.clock.advance(waited);
  return waited;
}

async function openWatch() {
  await until(() => expect(rig.server.watches(ConfigMapKind)).toHaveLength(1));
  const [watch] = rig.server.watches(ConfigMapKind);
  if (watch === undefined) throw new Error('no watch');
  return watch;
}

async function start(): Promise<Watching> {
  const watching = rig.watch({ kind: ConfigMapKind });
  await rig.caches.synced();
  await openWatch();
  return watching;
}

describe('a reflector', () => {
  it('lists in pages of one moment, and watches from there', async () => {
    for (let index = 0; index < 600; index += 1) create(`c${index}`);
    await start();
    expect(caches()).toHaveLength(600);
    expect(rig.server.requests.filter(isList).map(({ query }) => query.get('limit'))).toEqual([
      '500',
      '500',
    ]);
    create('late');
    await until(() => expect(cached()).toContain('late'));
    expect(lists()).toBe(2);
  });

  it('asks for bookmarks and an end after five to ten minutes', async () => {
    await start();
    const query = rig.server.requests.find(isWatch)?.query;
    expect(query?.get('allowWatchBookmarks')).toBe('true');
    expect(query?.get('timeoutSeconds')).toBe('300');
  });

  it('follows what is created, changed and deleted', async () => {
    create('a');
    await start();
    const ref = { kind: ConfigMapKind, namespace: 'shop', name: 'a' };
    rig.server.store.patch(ref, [{ op: 'add', path: '/data', value: { x: '1' } }]);
    await until(() => expect(caches()[0]?.content).toEqual({ hasOtherKeys: true }));
    rig.server.store.delete(ref);
    await until(() => expect(cached()).toEqual([]));
  });

  it('goes on at the newest version when the server ends the watch, bookmarks included', async () => {
    create('a');
    await start();
    const watch = await openWatch();
    watch.bookmark('4711');
    watch.end();
    await until(() => expect(watches()).toBe(2));
    const last = rig.server.requests.findLast(isWatch);
    expect(last?.query.get('resourceVersion')).toBe('4711');
    expect(lists()).toBe(1);
  });

  it('loses nothing when the connection breaks in mid-line', async () => {
    const watching = await start();
    create('a');
    await until(() => expect(cached()).toEqual(['a']));
    const watch = await openWatch();
    watch.fallSilent();
    watch.send('{"type":"ADDED","object":{"metadata":{"na');
    create('b');
    watch.reset();
    expect(await waitOut(watching)).toBe(800);
    await until(() => expect(cached()).toEqual(['a', 'b']));
    expect(lists()).toBe(1);
  });

  it('notices a connection that hangs, by the bookmarks that do not come', async () => {
    await start();
    const watch = await openWatch();
    watch.fallSilent();
    create('a');
    rig.clock.advance(89_999);
    expect(watches()).toBe(1);
    rig.clock.advance(1);
    await until(() => expect(cached()).toEqual(['a']));
    expect(watches()).toBe(2);
    expect(lists()).toBe(1);
  });

  it('stays on a quiet connection as long as bookmarks come', async () => {
    create('a');
    await start();
    const watch = await openWatch();
    for (let minute = 1; minute <= 30; minute += 1) {
      watch.bookmark(String(1000 + minute));
      await until(() => expect(rig.caches.isSynced()).toBe(true));
      // The bookmark is on its way through a real socket; a second one proves that the first has arrived.
      create(`m${minute}`);
      await until(() => expect(cached()).toContain(`m${minute}`));
      rig.clock.advance(60_000);
    }
    expect([lists(), watches()]).toEqual([1, 1]);
  });

  it.each(['status', 'event'] as const)(
    'lists anew when its version is too old, told by %s',
    async (expiredAs) => {
      create('gone');
      await start();
      const watch = await openWatch();
      watch.fallSilent();
      rig.server.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'gone' });
      create('new');
      rig.server.forgottenBefore = 1_000_000;
      rig.server.expiredAs = expiredAs;
      rig.clock.advance(1000);
      watch.end();
      await until(() => expect(cached()).toEqual(['new']));
      expect(lists()).toBe(2);
    },
  );

  it('does not list again and again when even a fresh version is too old', async () => {
    rig.server.forgottenBefore = 1_000_000;
    const watching = rig.watch({ kind: ConfigMapKind });
    const waits: number[] = [];
    for (let round = 0; round < 4; round += 1) waits.push(await waitOut(watching));
    expect(waits).toEqual([1600, 3200, 6400, 12_800]);
    expect(lists()).toBeLessThanOrEqual(6);
  });

  it('begins a list anew when it outlives its snapshot', async () => {
    for (let index = 0; index < 600; index += 1) create(`c${index}`);
    rig.server.fail((request) => isList(request) && request.query.has('continue'), {
      answer: 410,
      body: '{"kind":"Status","code":410,"reason":"Expired","message":"too old"}',
    });
    const watching = rig.watch({ kind: ConfigMapKind });
    await waitOut(watching);
    await rig.caches.synced();
    expect(caches()).toHaveLength(600);
  });

  it.each([500, 504])('watches on after an ERROR event of %i', async (code) => {
    const watching = await start();
    const watch = await openWatch();
    watch.event('ERROR', { kind: 'Status', code, reason: 'InternalError', message: 'etcd' });
    watch.end();
    expect(await waitOut(watching)).toBe(800);
    create('a');
    await until(() => expect(cached()).toEqual(['a']));
    expect(lists()).toBe(1);
  });

  it('stays away as long as the server asks', async () => {
    rig.server.fail(isList, { answer: 429, headers: { 'retry-after': '60' } });
    rig.server.fail(isWatch, { answer: 429, headers: { 'retry-after': '7' } });
    const watching = rig.watch({ kind: ConfigMapKind });
    expect(await waitOut(watching)).toBe(60_000);
    expect(await waitOut(watching)).toBe(7000);
    await openWatch();
  });

  it('comes back after ever longer waits, never longer than 30 seconds, and starts small again after success', async () => {
    const watching = await start();
    const watch = await openWatch();
    rig.server.fail(isWatch, { answer: 500 }, 8);
    rig.clock.advance(1000);
    watch.end();
    const waits: number[] = [];
    for (let round = 0; round < 8; round += 1) waits.push(await waitOut(watching));
    expect(waits).toEqual([800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000]);
    const next = await openWatch();
    create('a');
    await until(() => expect(cached()).toEqual(['a']));
    next.reset();
    expect(await waitOut(watching)).toBe(800);
  });

  it('takes a page of HTML for a failure, not for a watch', async () => {
    rig.server.fail(isWatch, { answer: 200, body: '<html>\n</html>\n' });
    const watching = rig.watch({ kind: ConfigMapKind });
    expect(await waitOut(watching)).toBe(800);
    await openWatch();
  });

  it('does not open a watch that ends at once again and again', async () => {
    rig.server.fail(isWatch, { answer: 200, body: '' }, 3);
    const watching = rig.watch({ kind: ConfigMapKind });
    const waits: number[] = [];
    for (let round = 0; round < 3; round += 1) waits.push(await waitOut(watching));
    expect(waits).toEqual([800, 1600, 3200]);
  });

  it('finds what happened while the API server was down, five seconds after it is back at the latest', async () => {
    create('gone');
    const watching = await start();
    await rig.server.down();
    rig.server.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'gone' });
    create('new');
    for (let round = 0; round < 5; round += 1) await waitOut(watching);
    await until(() => expect(rig.clock.leftovers).toContain(5_000));
    await rig.server.up();
    rig.clock.advance(5_000);
    await until(() => expect(cached()).toEqual(['new']));
    expect(lists()).toBe(1);
  });

  it('goes on with other kinds while one is forbidden, and takes that up again when it is not', async () => {
    rig.server.fail(isList, { answer: 403 }, 3);
    const watching = rig.watch({ kind: ConfigMapKind }, { kind: PodKind });
    await rig.caches.synced(PodKind);
    expect(await waitOut(watching)).toBe(800);
    expect(watching.reports()[0]?.state).toMatchObject({ failed: { code: 403 } });
    expect(rig.caches.unsynced()).toEqual(['v1/ConfigMap']);
    for (let round = 0; round < 2; round += 1) await waitOut(watching);
    await rig.caches.synced();
  });

  it('leaves no timer and no watch behind when it is stopped', async () => {
    const watching = await start();
    await watching.stop();
    await until(() => expect(rig.server.watches()).toEqual([]));
    expect(rig.clock.leftovers).toEqual([]);
  });

  it('stops while it waits', async () => {
    rig.server.fail(isList, { answer: 403 }, 9);
    const watching = rig.watch({ kind: ConfigMapKind });
    await until(() => expect(watching.reports()[0]?.state.at).toBe('waiting'));
    await watching.stop();
    expect(rig.clock.leftovers).toEqual([]);
  });
});

describe('several reflectors of one kind', () => {
  it('feed one cache with what their selectors select', async () => {
    const pod = (name: string, labels: Record<string, string>): Pod =>
      rig.server.store.create(PodKind, namespaced(name, { metadata: { labels } }, PodKind));
    pod('gated', { watched: '' });
    pod('job', { task: 't' });
    pod('neither', {});
    rig.watch(
      { kind: PodKind, labelSelector: 'watched' },
      { kind: PodKind, labelSelector: 'task' },
    );
    await rig.caches.synced();
    const names = (): string[] =>
      rig.caches
        .list(PodKind)
        .map(({ metadata }) => metadata.name)
        .toSorted();
    expect(names()).toEqual(['gated', 'job']);
    await until(() => expect(rig.server.watches(PodKind)).toHaveLength(2));
    rig.server.store.patch({ kind: PodKind, namespace: 'shop', name: 'gated' }, [
      { op: 'remove', path: '/metadata/labels/watched' },
    ]);
    rig.server.store.patch({ kind: PodKind, namespace: 'shop', name: 'neither' }, [
      { op: 'add', path: '/metadata/labels', value: { watched: '' } },
    ]);
    await until(() => expect(names()).toEqual(['job', 'neither']));
  });
});

describe('the metadata view of a kind', () => {
  it('is listed and watched without the content of the objects, into a cache of its own', async () => {
    create('a', { large: 'x' });
    rig.watch({ kind: ConfigMapMetadataKind }, { kind: ConfigMapKind, labelSelector: 'made=here' });
    await rig.caches.synced();
    create('b', { large: 'x' });
    const names = (): string[] =>
      rig.caches.list(ConfigMapMetadataKind, 'shop').map(({ metadata }) => metadata.name);
    await until(() => expect(names()).toEqual(['a', 'b']));
    expect(rig.caches.get(ConfigMapMetadataKind, 'shop', 'b')).not.toHaveProperty('data');
    expect(rig.caches.list(ConfigMapKind)).toEqual([]);
    const asked = rig.server.requests
      .filter((request) => isList(request) || isWatch(request))
      .filter(({ query }) => !query.has('labelSelector'))
      .map(({ headers }) => headers.accept);
    expect(asked).toEqual([
      'application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1,application/json',
      'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1,application/json',
    ]);
  });
});

describe('a kind that does not exist yet', () => {
  const isRollouts = ({ path }: SeenRequest): boolean => path.endsWith('/rollouts');
  const definition = (): void => {
    rig.server.store.create(DefinitionKind, namespaced('rollouts.argoproj.io', {}, DefinitionKind));
  };

  it('counts as known when it is optional, and is watched from the moment its definition is served', async () => {
    rig.server.serve(DefinitionKind);
    rig.watch({ kind: RolloutKind, optional: true });
    await rig.caches.synced();
    await until(() => expect(rig.server.watches(DefinitionKind)).toHaveLength(1));
    rig.server.serve(RolloutKind);
    rig.server.store.create(RolloutKind, namespaced('r', { spec: {} }, RolloutKind));
    definition();
    await until(() => expect(rig.caches.list(RolloutKind)).toHaveLength(1));
    expect(rig.server.count(isRollouts)).toBeLessThanOrEqual(3);
  });

  it('is not known when it is required', async () => {
    rig.server.serve(DefinitionKind);
    const watching = rig.watch({ kind: RolloutKind });
    await until(() => expect(watching.reports()[0]?.state.at).toBe('kindAbsent'));
    expect(rig.caches.isSynced()).toBe(false);
  });

  it('is asked for after ever longer waits while its definition is there and not served', async () => {
    rig.server.serve(DefinitionKind);
    definition();
    rig.watch({ kind: RolloutKind, optional: true });
    for (const wait of [200, 400, 800]) {
      await until(() => expect(rig.clock.leftovers).toContain(wait));
      rig.clock.advance(wait);
    }
    await until(() => expect(rig.clock.leftovers).toContain(1600));
    rig.server.serve(RolloutKind);
    rig.clock.advance(1600);
    await until(() => expect(rig.server.watches(RolloutKind)).toHaveLength(1));
  });

  it('is asked for every half minute where definitions may not be watched', async () => {
    rig.watch({ kind: RolloutKind, optional: true });
    await until(() => expect(rig.clock.leftovers).toContain(30_000));
    rig.server.serve(RolloutKind);
    rig.clock.advance(30_000);
    await until(() => expect(rig.server.watches(RolloutKind)).toHaveLength(1));
  });

  it('is named once when it has to be there and its definition goes, and once when it is back', async () => {
    rig.server.serve(DefinitionKind);
    rig.server.serve(RolloutKind);
    rig.watch({ kind: RolloutKind });
    await rig.caches.synced();
    await until(() => expect(rig.server.watches(RolloutKind)).toHaveLength(1));
    rig.server.unserve(RolloutKind);
    rig.server.watches(RolloutKind)[0]?.reset();
    for (const wait of [800, 1600]) {
      await until(() => expect(rig.clock.leftovers).toContain(wait));
      rig.clock.advance(wait);
    }
    await until(() => expect(rig.caches.missing()).toEqual(['argoproj.io/v1alpha1/Rollout']));
    const missing = (): string[] => rig.warnings.filter((line) => line.includes('not serve'));
    expect(missing()).toEqual([
      'the API server does not serve rollouts: is CustomResourceDefinition rollouts.argoproj.io missing? What needs it waits until it is there; "sluice install" makes it again',
    ]);
    rig.server.serve(RolloutKind);
    definition();
    await until(() => expect(rig.caches.isMissing()).toBe(false));
    expect(missing()).toHaveLength(1);
    expect(rig.warnings.at(-1)).toBe('the API server serves rollouts again');
  });

  it('loses its objects when its definition goes', async () => {
    rig.server.serve(RolloutKind);
    rig.server.store.create(RolloutKind, namespaced('r', { spec: {} }, RolloutKind));
    rig.watch({ kind: RolloutKind, optional: true });
    await rig.caches.synced();
    await until(() => expect(rig.server.watches(RolloutKind)).toHaveLength(1));
    rig.server.unserve(RolloutKind);
    rig.server.watches(RolloutKind)[0]?.reset();
    for (const wait of [800, 1600]) {
      await until(() => expect(rig.clock.leftovers).toContain(wait));
      rig.clock.advance(wait);
    }
    await until(() => expect(rig.caches.list(RolloutKind)).toEqual([]));
  });
});

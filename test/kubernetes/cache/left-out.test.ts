import { afterEach, describe, expect, it, vi } from 'vitest';
import { RolloutKind } from '../../../src/api/builtin.ts';
import { ownKinds } from '../../../src/api/keptn/registry.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import { tellLeftOut } from '../../../src/controllers/loops/left-out-objects.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { templateDigest } from '../../../src/kubernetes/projection/template-digest.ts';
import { AdapterRig, namespaced } from '../../support/memory/adapter-rig.ts';
import { nested } from '../../support/builders/nested.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

let rig: AdapterRig | undefined;
afterEach(() => rig?.[Symbol.asyncDispose]());

const until = (condition: () => void): Promise<void> =>
  vi.waitFor(condition, { interval: 2, timeout: 5000 });

const objectOf = (kind: Kind, name: string, spec: object = {}): KubernetesObject =>
  Object.assign(namespaced(name, {}, kind), { spec });

const kinds = ownKinds.map((kind): [string, Kind] => [kind.kind, kind]);

const deep = { container: nested(100) };
const why = 'is nested deeper than 64 levels';

const namesIn = (caches: ObjectCaches, kind: Kind): string[] =>
  caches
    .list(kind)
    .map(({ metadata }) => metadata.name)
    .toSorted();

describe.each(kinds)('a %s that is too deep', (_, kind) => {
  it('is left out of the list alone, and comes in once it is flat', async () => {
    rig = await AdapterRig.start(kind);
    const { store } = rig.server;
    store.create(kind, objectOf(kind, 'a'));
    const hostile = store.create(kind, objectOf(kind, 'b-hostile', deep));
    store.create(kind, objectOf(kind, 'c'));
    rig.watch({ kind });
    await rig.caches.synced();
    expect(namesIn(rig.caches, kind)).toEqual(['a', 'c']);
    expect(rig.caches.leftOut.objects()).toMatchObject([
      { object: { kind: kind.kind, metadata: { name: 'b-hostile', namespace: 'shop' } }, why },
    ]);
    store.update(kind, {
      ...hostile,
      ...objectOf(kind, 'b-hostile'),
      metadata: hostile.metadata,
    });
    const { caches } = rig;
    await until(() => expect(namesIn(caches, kind)).toEqual(['a', 'b-hostile', 'c']));
    expect(caches.leftOut.objects()).toEqual([]);
  });

  it('stops no watch, and what was cached of it goes', async () => {
    rig = await AdapterRig.start(kind);
    const { caches, server } = rig;
    const before = server.store.create(kind, objectOf(kind, 'a'));
    rig.watch({ kind });
    await caches.synced();
    server.store.update(kind, {
      ...before,
      ...objectOf(kind, 'a', deep),
      metadata: before.metadata,
    });
    server.store.create(kind, objectOf(kind, 'b'));
    await until(() => expect(namesIn(caches, kind)).toEqual(['b']));
    expect(caches.leftOut.counts().get(kind.kind)).toBe(1);
    server.store.delete({ kind, namespace: 'shop', name: 'a' });
    await until(() => expect(caches.leftOut.objects()).toEqual([]));
    // One watch served all of it.
    expect(server.count(({ isWatch, path }) => isWatch && path.endsWith(kind.plural))).toBe(1);
  });

  it('that is read live is the only thing that cannot be read', async () => {
    rig = await AdapterRig.start(kind);
    rig.server.store.create(kind, objectOf(kind, 'a', deep));
    await expect(rig.client.get({ kind, namespace: 'shop', name: 'a' })).rejects.toThrow(
      `${kind.kind} a ${why}`,
    );
  });
});

describe.each(kinds)('a %s for which', (_, kind) => {
  const hostile = {
    ...objectOf(kind, 'hostile'),
    metadata: { name: 'hostile', namespace: 'shop' },
  };
  const version = (one: KubernetesObject, resourceVersion: string): KubernetesObject => ({
    ...one,
    metadata: { ...one.metadata, uid: one.metadata.name, resourceVersion },
  });

  it('an index throws is left out alone', () => {
    const values = ({ metadata: { name } }: KubernetesObject): string[] => {
      if (name === 'hostile') throw new TypeError('no such field');
      return [name];
    };
    const caches = new ObjectCaches({
      clock: new TestClock(),
      indexes: [{ kind, name: 'by', values }],
    });
    const feed = caches.feed(kind);
    const heard: string[] = [];
    caches.subscribe(kind, ({ object }) => void heard.push(object.metadata.name));
    feed.listing();
    for (const name of ['a', 'hostile', 'z']) feed.listed(version(objectOf(kind, name), '1'));
    expect(feed.listComplete('2')).toBe(true);
    feed.changed(version(hostile, '3'));
    feed.changed(version(objectOf(kind, 'last'), '4'));
    expect(namesIn(caches, kind)).toEqual(['a', 'last', 'z']);
    expect(caches.byIndex({ kind: kind, name: 'by' }, 'z')).toHaveLength(1);
    expect(heard).toEqual(['a', 'z', 'last']);
    expect(caches.leftOut.objects().map((one) => one.why)).toEqual([
      'cannot be read: no such field',
    ]);
  });

  it('packing throws is left out alone, and what was cached of it goes', () => {
    const caches = new ObjectCaches({ clock: new TestClock() });
    const feed = caches.feed(kind);
    feed.listing();
    feed.listed(version(hostile, '1'));
    feed.listComplete('2');
    feed.changed(version(objectOf(kind, 'hostile', nested(10_000)), '3'));
    feed.changed(version(objectOf(kind, 'last'), '4'));
    expect(namesIn(caches, kind)).toEqual(['last']);
    expect(caches.leftOut.objects()).toHaveLength(1);
  });
});

it('what is left out is told with an Event on each object, also what was so before', () => {
  const [kind] = ownKinds;
  if (kind === undefined) throw new Error('no kind');
  const caches = new ObjectCaches({ clock: new TestClock() });
  const notes: string[] = [];
  const head = (name: string) => ({ namespace: 'shop', name, uid: `uid-${name}` });
  caches.leftOut.add(kind, head('early'), new Error('why'));
  const stop = tellLeftOut(caches.leftOut, {
    record: ({ about, reason, message }) =>
      void notes.push(`${about.metadata.name} ${reason}: ${message}`),
  });
  caches.leftOut.add(kind, head('late'), new Error('why'));
  caches.leftOut.add(kind, head('late'), new Error('why'));
  stop();
  caches.leftOut.add(kind, head('unheard'), new Error('why'));
  const text = (name: string) =>
    `${name} LeftOut: ${kind.kind} ${name} cannot be read: why. It is left out: whatever names it waits as if it did not exist`;
  expect(notes).toEqual([text('early'), text('late')]);
});

it.each(['objects', 'lists'] as const)('a template of ten thousand %s has a digest', (what) => {
  const template = (levels: number) => ({ spec: { containers: [], x: nested(levels, what) } });
  expect(templateDigest(template(10_000))).toHaveLength(22);
  expect(templateDigest(template(10_000))).not.toBe(templateDigest(template(10_001)));
});

it('a Rollout with a template of ten thousand levels is projected like any other', () => {
  const rollout = { ...objectOf(RolloutKind, 'r', { template: { spec: nested(10_000) } }) };
  expect(project(RolloutKind, rollout)?.metadata.name).toBe('r');
});

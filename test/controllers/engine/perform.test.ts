import { beforeEach, describe, expect, it } from 'vitest';

import { ConfigMapKind } from '../../../src/api/builtin.ts';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { Change } from '../../../src/controllers/engine/effect-target.ts';
import { perform } from '../../../src/controllers/engine/perform.ts';
import { configMap, controlledBy, MemoryRig } from '../../support/memory/memory-rig.ts';

// As kube-apiserver 1.36.3 words it.
const invalid = new ClusterError({
  code: 422,
  reason: 'Invalid',
  message: 'ConfigMap "child" is invalid: data[a b]: Invalid value: "a b"',
});

let rig: MemoryRig;
beforeEach(() => {
  rig = new MemoryRig();
});

const ref = { kind: ConfigMapKind, namespace: 'shop', name: 'child' };

function performed(change: Change) {
  const { cluster, live } = rig;
  const kindOf = ({ kind }: { kind: string }) => (kind === 'ConfigMap' ? ConfigMapKind : undefined);
  return perform(change, { cluster, live, kindOf });
}

function creation(more: Parameters<typeof configMap>[1] = {}): Change {
  return { type: 'create', kind: ConfigMapKind, object: configMap('child', more) };
}

describe('creating', () => {
  it('puts what the API server answered into the caches at once', async () => {
    rig.blind();
    expect(await performed(creation())).toEqual({ type: 'done' });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')).toEqual(rig.stored('child'));
  });

  it('adopts what an earlier try of the same owner has made', async () => {
    const ownerReferences = [controlledBy('parent', 'uid-1')];
    rig.blind();
    rig.given('child', { ownerReferences });
    expect(await performed(creation({ ownerReferences }))).toEqual({ type: 'done' });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')).toEqual(rig.stored('child'));
  });

  it('lets the decision see what exists when the object to create has no controlling owner', async () => {
    rig.blind();
    rig.given('child', { labels: { made: 'by somebody' } });
    expect(await performed(creation())).toEqual({ type: 'done' });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')?.metadata.labels).toEqual({
      made: 'by somebody',
    });
  });

  it.each([
    ['has no owner', []],
    ['has an owner of a kind nobody watches', [{ ...controlledBy('x', 'uid-2'), kind: 'Shop' }]],
  ])('is refused as NameTaken when what exists %s', async (_, ownerReferences) => {
    rig.given('child', { ownerReferences });
    expect(
      await performed(creation({ ownerReferences: [controlledBy('parent', 'uid-1')] })),
    ).toMatchObject({
      type: 'refused',
      refusal: { reason: 'NameTaken', message: 'configmaps "child" already exists' },
    });
  });

  it('is refused as NameTaken when what exists has another owner that is there', async () => {
    const other = rig.given('other');
    const uid = other.metadata.uid ?? '';
    rig.given('child', { ownerReferences: [controlledBy('other', uid)] });
    expect(
      await performed(creation({ ownerReferences: [controlledBy('parent', 'uid-1')] })),
    ).toMatchObject({ type: 'refused', refusal: { reason: 'NameTaken' } });
  });

  it('waits as Terminating when what exists belongs to an owner that is gone, or made anew', async () => {
    rig.given('parent');
    rig.given('child', { ownerReferences: [controlledBy('parent', 'an earlier parent')] });
    expect(
      await performed(creation({ ownerReferences: [controlledBy('parent', 'uid-1')] })),
    ).toMatchObject({ type: 'refused', refusal: { reason: 'Terminating' } });
  });

  it('waits as Terminating when what exists is being deleted, ours or not', async () => {
    const ownerReferences = [controlledBy('parent', 'uid-1')];
    rig.given('child', { ownerReferences, finalizers: ['test/held'] });
    rig.store.delete(ref);
    expect(await performed(creation({ ownerReferences }))).toMatchObject({
      type: 'refused',
      refusal: { reason: 'Terminating' },
    });
    expect(await performed(creation())).toMatchObject({ refusal: { reason: 'Terminating' } });
  });

  it.each([
    ['403', 'Forbidden'],
    ['429', 'Unavailable'],
    ['500', 'Unavailable'],
    ['409', 'Unavailable'],
    ['lost-before', 'Unavailable'],
  ] as const)('that fails with %s is refused as %s', async (fault, reason) => {
    rig.fault = () => fault;
    expect(await performed(creation())).toMatchObject({ type: 'refused', refusal: { reason } });
  });

  it('in a namespace that is not there is refused as NotFound', async () => {
    const object = configMap('child', { namespace: 'nowhere' });
    expect(await performed({ type: 'create', kind: ConfigMapKind, object })).toMatchObject({
      refusal: { reason: 'NotFound', message: 'namespaces "nowhere" not found' },
    });
  });

  it('passes on how long the API server wants to be left alone', async () => {
    rig.fault = () => '429';
    expect(await performed(creation())).toMatchObject({ retryAfterMs: 1_000 });
  });
});

describe('patching', () => {
  const label = (value: string) =>
    ({ op: 'add', path: '/metadata/labels', value: { label: value } }) as const;
  const uidIs = (value: string | undefined) =>
    ({ op: 'test', path: '/metadata/uid', value }) as const;

  it('moves on when a test fails: the caches know the object as it is', async () => {
    rig.blind();
    rig.given('child');
    const operations = [uidIs('somebody else'), label('x')];
    expect(await performed({ type: 'patch', ref, operations })).toEqual({ type: 'moved' });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')).toEqual(rig.stored('child'));
    expect(rig.stored('child')?.metadata.labels).toBeUndefined();
  });

  it('is refused when the API server does not like the result', async () => {
    rig.given('child');
    rig.cluster.patch = () => Promise.reject(invalid);
    expect(await performed({ type: 'patch', ref, operations: [label('x')] })).toMatchObject({
      type: 'refused',
      refusal: { reason: 'Invalid', message: invalid.message },
    });
  });

  it('of an object that is gone is refused, and the caches know that it is gone', async () => {
    rig.given('child');
    rig.blind();
    rig.store.delete(ref);
    expect(await performed({ type: 'patch', ref, operations: [label('x')] })).toMatchObject({
      refusal: { reason: 'NotFound' },
    });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')).toBeUndefined();
  });

  it('is done when the object is gone, or another, and that was to be the end of it', async () => {
    const first = rig.given('child');
    const operations = [uidIs(first.metadata.uid), label('x')];
    const change = { type: 'patch', ref, operations, goneIsDone: true } as const;
    rig.store.delete(ref);
    expect(await performed(change)).toEqual({ type: 'done' });
    rig.given('child');
    expect(await performed(change)).toEqual({ type: 'done' });
    expect(rig.stored('child')?.metadata.labels).toBeUndefined();
  });

  it('moves on when it is the very object and another test failed, even if gone would be done', async () => {
    const child = rig.given('child');
    const wrong = { op: 'test', path: '/metadata/name', value: 'x' } as const;
    const operations = [uidIs(child.metadata.uid), wrong, label('x')];
    expect(await performed({ type: 'patch', ref, operations, goneIsDone: true })).toEqual({
      type: 'moved',
    });
  });
});

describe('deleting', () => {
  it('removes the very object, and the caches know', async () => {
    const { uid = '' } = rig.given('child').metadata;
    rig.blind();
    expect(await performed({ type: 'delete', ref, uid })).toEqual({ type: 'done' });
    expect(rig.caches.get(ConfigMapKind, 'shop', 'child')).toBeUndefined();
  });

  it('is done when the object is gone, or another has its name, which stays', async () => {
    expect(await performed({ type: 'delete', ref, uid: 'gone' })).toEqual({ type: 'done' });
    rig.given('child');
    expect(await performed({ type: 'delete', ref, uid: 'gone' })).toEqual({ type: 'done' });
    expect(rig.stored('child')).toBeDefined();
  });

  it('moves on when the object has changed since', async () => {
    const { uid = '' } = rig.given('child').metadata;
    expect(await performed({ type: 'delete', ref, uid, resourceVersion: '0' })).toEqual({
      type: 'moved',
    });
    expect(rig.stored('child')).toBeDefined();
  });

  it('of an object with a finalizer is done when it is being deleted', async () => {
    const { uid = '' } = rig.given('child', { finalizers: ['test/held'] }).metadata;
    rig.blind();
    expect(await performed({ type: 'delete', ref, uid })).toEqual({ type: 'done' });
    const cached = rig.caches.get(ConfigMapKind, 'shop', 'child');
    expect(cached?.metadata.deletionTimestamp).toBeDefined();
  });
});

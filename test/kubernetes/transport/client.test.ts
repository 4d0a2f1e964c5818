import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import {
  ConfigMapKind,
  NamespaceKind,
  RolloutKind,
  type ConfigMap,
} from '../../../src/api/builtin.ts';
import { refOf } from '../../../src/api/object.ts';
import { collectionPath, objectPath } from '../../../src/kubernetes/wire/resource-path.ts';
import { AdapterRig, namespaced } from '../../support/memory/adapter-rig.ts';
import type { SeenRequest } from '../../support/api-server/fake-api-server.ts';

let rig: AdapterRig;
beforeEach(async () => void (rig = await AdapterRig.start(ConfigMapKind)));
afterEach(() => rig[Symbol.asyncDispose]());

const configMap = (name: string, data: Record<string, string> = {}): ConfigMap =>
  namespaced(name, { data, metadata: { labels: { made: 'here' } } }, ConfigMapKind);
const a = { kind: ConfigMapKind, namespace: 'shop', name: 'a' };

describe('the client', () => {
  it('reads one object, and nothing where there is none', async () => {
    await rig.client.create(ConfigMapKind, configMap('a', { x: '1' }));
    expect(await rig.client.get(a)).toMatchObject({
      kind: 'ConfigMap',
      content: { hasOtherKeys: true },
    });
    expect(await rig.client.get({ ...a, name: 'b' })).toBeUndefined();
    expect(
      await rig.client.get({ kind: RolloutKind, namespace: 'shop', name: 'r' }),
    ).toBeUndefined();
  });

  it('reads cluster-scoped objects', async () => {
    expect(await rig.client.get({ kind: NamespaceKind, name: 'shop' })).toMatchObject({
      kind: 'Namespace',
    });
  });

  it('lists what a selector selects, all pages of it', async () => {
    for (let index = 0; index < 1200; index += 1)
      rig.server.store.create(ConfigMapKind, configMap(`c${index}`));
    rig.server.store.create(ConfigMapKind, namespaced('other', {}, ConfigMapKind));
    const found = await rig.client.list(ConfigMapKind, 'shop', 'made=here');
    expect(found).toHaveLength(1200);
    expect(found[0]).toMatchObject({ apiVersion: 'v1', kind: 'ConfigMap' });
  });

  it('lists all namespaces where none is given', async () => {
    rig.server.store.create(ConfigMapKind, configMap('a'));
    const other = { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'other' } };
    rig.server.store.create(NamespaceKind, other);
    const elsewhere = configMap('b');
    rig.server.store.create(ConfigMapKind, {
      ...elsewhere,
      metadata: { ...elsewhere.metadata, namespace: 'other' },
    });
    expect(await rig.client.list(ConfigMapKind, undefined, '')).toHaveLength(2);
    expect(await rig.client.list(ConfigMapKind, 'other', '')).toHaveLength(1);
  });

  it('lists anew when a list outlives its snapshot', async () => {
    for (let index = 0; index < 1200; index += 1)
      rig.server.store.create(ConfigMapKind, configMap(`c${index}`));
    rig.server.fail(({ query }) => query.has('continue'), { answer: 410 });
    expect(await rig.client.list(ConfigMapKind, 'shop', '')).toHaveLength(1200);
  });

  it('writes a status on the version it was decided on, and on no other', async () => {
    const made = await rig.client.create(ConfigMapKind, configMap('a'));
    const version = made.metadata.resourceVersion ?? '';
    const written = await rig.client.writeStatus(a, version, { phase: 'Done' });
    expect(rig.server.store.get(ConfigMapKind, 'shop', 'a')).toMatchObject({
      status: { phase: 'Done' },
    });
    expect(written.metadata.resourceVersion).not.toBe(version);
    await expect(rig.client.writeStatus(a, version, {})).rejects.toMatchObject({
      code: 409,
      reason: 'Conflict',
    });
    const { path, headers, body } = rig.server.requests.at(-1) ?? ({} as SeenRequest);
    expect(path).toBe('/api/v1/namespaces/shop/configmaps/a/status');
    expect(headers['content-type']).toBe('application/json-patch+json');
    expect(body).toEqual([
      { op: 'replace', path: '/metadata/resourceVersion', value: version },
      { op: 'add', path: '/status', value: {} },
    ]);
  });

  it('patches, and says when a test of the patch fails', async () => {
    await rig.client.create(ConfigMapKind, configMap('a'));
    const patched = await rig.client.patch(a, [{ op: 'add', path: '/data/y', value: '2' }]);
    expect(patched).toMatchObject({ content: { hasOtherKeys: true } });
    expect(rig.server.store.get(ConfigMapKind, 'shop', 'a')?.data).toEqual({ y: '2' });
    const test = rig.client.patch(a, [{ op: 'test', path: '/metadata/uid', value: 'other' }]);
    await expect(test).rejects.toMatchObject({ code: 422 });
  });

  it('deletes only the object that was meant', async () => {
    const { metadata } = await rig.client.create(ConfigMapKind, configMap('a'));
    await expect(rig.client.delete(a, { uid: 'other' })).rejects.toMatchObject({ code: 409 });
    const { uid = '', resourceVersion = '' } = metadata;
    await rig.client.delete(a, { uid, resourceVersion, propagation: 'Foreground' });
    expect(rig.server.requests.at(-1)?.body).toMatchObject({
      kind: 'DeleteOptions',
      preconditions: { uid, resourceVersion },
      propagationPolicy: 'Foreground',
    });
    await expect(rig.client.delete(a, { uid })).rejects.toMatchObject({
      code: 404,
      reason: 'NotFound',
    });
  });

  it('says that a name is taken', async () => {
    await rig.client.create(ConfigMapKind, configMap('a'));
    const again = rig.client.create(ConfigMapKind, configMap('a'));
    await expect(again).rejects.toMatchObject({ code: 409, reason: 'AlreadyExists' });
  });

  it('installs what is not there and replaces what is', async () => {
    await rig.client.createOrReplace(ConfigMapKind, configMap('a', { x: '1' }));
    await rig.client.createOrReplace(ConfigMapKind, configMap('a', { x: '2' }));
    expect(rig.server.store.get(ConfigMapKind, 'shop', 'a')?.data).toEqual({ x: '2' });
  });

  it('installs in spite of someone who does the same at the same moment', async () => {
    const isCreation = ({ method }: SeenRequest): boolean => method === 'POST';
    rig.server.beforeAnswer = async (request) => {
      if (isCreation(request) && rig.server.count(isCreation) === 1) {
        rig.server.store.create(ConfigMapKind, configMap('a', { x: 'theirs' }));
      }
    };
    await rig.client.createOrReplace(ConfigMapKind, configMap('a', { x: 'ours' }));
    expect(rig.server.store.get(ConfigMapKind, 'shop', 'a')?.data).toEqual({ x: 'ours' });
  });

  it('takes an answer that is no object for no answer', async () => {
    rig.server.fail(() => true, { answer: 200, body: '[]' });
    await expect(rig.client.patch(a, [])).rejects.toMatchObject({ code: 0, reason: 'Unavailable' });
    rig.server.fail(() => true, { answer: 200, body: '{"items":[{}]}' });
    const visit = { next: undefined, begin: () => undefined, each: () => {} };
    const read = rig.client.visitPage(ConfigMapKind, {}, visit);
    // A read is repeated.
    await vi.waitFor(() => expect(rig.clock.leftovers).toContain(100), { interval: 2 });
    rig.clock.advance(100);
    expect(await read).toMatchObject({ next: undefined });
  });
});

describe('an address', () => {
  it('is built from kind, namespace and name', () => {
    expect(objectPath(refOf(ConfigMapKind, configMap('a')))).toBe(
      '/api/v1/namespaces/shop/configmaps/a',
    );
    expect(objectPath({ kind: RolloutKind, namespace: 'shop', name: 'r' }, 'status')).toBe(
      '/apis/argoproj.io/v1alpha1/namespaces/shop/rollouts/r/status',
    );
    expect(
      collectionPath(ConfigMapKind, undefined, { labelSelector: 'a in (b,c)', limit: 5 }),
    ).toBe('/api/v1/configmaps?labelSelector=a+in+%28b%2Cc%29&limit=5');
    expect(collectionPath(NamespaceKind, 'shop')).toBe('/api/v1/namespaces');
  });

  it('stays within its kind and namespace, whatever a name says', () => {
    expect(objectPath({ ...a, name: '../secrets/x?y#z' })).toBe(
      '/api/v1/namespaces/shop/configmaps/..%2Fsecrets%2Fx%3Fy%23z',
    );
    for (const name of ['', '.', '..']) {
      expect(() => objectPath({ ...a, name })).toThrow('is not a name');
      expect(() => objectPath({ ...a, namespace: name })).toThrow(TypeError);
    }
    expect(() => objectPath({ kind: ConfigMapKind, name: 'a' })).toThrow('needs a namespace');
  });
});

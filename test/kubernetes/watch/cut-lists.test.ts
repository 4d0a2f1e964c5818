import fc from 'fast-check';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';

import { ConfigMapKind } from '../../../src/api/builtin.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { watchAll } from '../../../src/kubernetes/watch/watch-all.ts';
import { AdapterRig, namespaced, requestTimeoutMs } from '../../support/memory/adapter-rig.ts';
import type { SeenRequest } from '../../support/api-server/fake-api-server.ts';

let rig: AdapterRig;
beforeAll(async () => void (rig = await AdapterRig.start(ConfigMapKind)));
afterAll(() => rig[Symbol.asyncDispose]());

const name = fc.integer({ min: 0, max: 7 }).map((number) => `config-${number}`);
const isList = ({ method, path, isWatch }: SeenRequest): boolean =>
  method === 'GET' && path.endsWith('/configmaps') && !isWatch;
const ref = (of: string) => ({ kind: ConfigMapKind, namespace: 'shop', name: of });

function stored(): (string | undefined)[] {
  return rig.server.store.list(ConfigMapKind).map(identity).toSorted();
}

function identity({ metadata }: { metadata: { uid?: string; resourceVersion?: string } }): string {
  return `${metadata.uid} ${metadata.resourceVersion}`;
}

/** Waits for what is to come, and lets back-offs pass meanwhile. */
async function passing(condition: () => boolean): Promise<void> {
  await vi.waitFor(
    () => {
      const [next = Infinity] = rig.clock.leftovers;
      if (next < 5_000) rig.clock.advance(next);
      expect(condition()).toBe(true);
    },
    { interval: 1, timeout: 5_000 },
  );
}

/** What happens before a list request is answered, and where its answer breaks off. */
const moment = fc.record({
  cutAfter: fc.option(fc.nat(900), { nil: Infinity }),
  deleted: fc.array(name, { maxLength: 2 }),
  created: fc.array(name, { maxLength: 1 }),
});

it('the cache equals the server wherever lists break off, and whatever is deleted or made meanwhile', async () => {
  expect(requestTimeoutMs).toBeGreaterThan(5_000);
  const property = fc.asyncProperty(
    fc.uniqueArray(name, { maxLength: 8 }),
    fc.array(moment, { minLength: 1, maxLength: 6 }),
    fc.integer({ min: 1, max: 4 }),
    async (there, moments, pageLimit) => {
      const { server, client, transport, clock } = rig;
      for (const { metadata } of server.store.list(ConfigMapKind))
        server.store.delete(ref(metadata.name));
      for (const one of there)
        server.store.create(ConfigMapKind, namespaced(one, {}, ConfigMapKind));
      server.pageLimit = pageLimit;
      const coming = [...moments];
      server.beforeAnswer = (request) => {
        const next = isList(request) ? coming.shift() : undefined;
        if (next === undefined) return undefined;
        if (next.cutAfter < Infinity)
          server.fail((one) => one === request, { cutAfter: next.cutAfter });
        for (const one of next.deleted) {
          if (server.store.get(ConfigMapKind, 'shop', one) !== undefined)
            server.store.delete(ref(one));
        }
        for (const one of next.created) {
          if (server.store.get(ConfigMapKind, 'shop', one) !== undefined) continue;
          server.store.create(ConfigMapKind, namespaced(one, {}, ConfigMapKind));
        }
        return undefined;
      };
      const caches = new ObjectCaches({ clock });
      const cluster = { client, transport, clock, random: () => 0, log: silentLog };
      const watching = watchAll([{ kind: ConfigMapKind }], caches, cluster);
      try {
        await passing(() => caches.isSynced(ConfigMapKind));
        const cached = (): string[] => caches.list(ConfigMapKind).map(identity).toSorted();
        await passing(() => JSON.stringify(cached()) === JSON.stringify(stored()));
      } finally {
        await watching.stop();
      }
    },
  );
  await fc.assert(property, { numRuns: Number(process.env['SLUICE_CUTS'] ?? 60) });
}, 60_000);

it('a list that is asked for alone shows nothing that was deleted while its first page was read twice', async () => {
  const { server, client } = rig;
  for (const { metadata } of server.store.list(ConfigMapKind))
    server.store.delete(ref(metadata.name));
  for (const one of ['a', 'b', 'c'])
    server.store.create(ConfigMapKind, namespaced(one, {}, ConfigMapKind));
  let lists = 0;
  server.pageLimit = 2;
  server.beforeAnswer = (request) => {
    lists += 1;
    if (lists === 1) server.fail((one) => one === request, { cutAfter: 350 });
    if (lists === 2) server.store.delete(ref('a'));
    return undefined;
  };
  const listed = client.list(ConfigMapKind, 'shop', '');
  await passing(() => lists >= 2);
  expect((await listed).map(({ metadata }) => metadata.name)).toEqual(['b', 'c']);
});

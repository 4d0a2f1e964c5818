import { expect, it, vi } from 'vitest';

import { ConfigMapKind } from '../../../src/api/builtin.ts';
import { LeaseKind } from '../../../src/kubernetes/lease/lease-record.ts';
import { LeaderElection } from '../../../src/kubernetes/lease/lease.ts';
import { AdapterRig, namespaced } from '../../support/memory/adapter-rig.ts';

const retryMs = 2_000;
/** Not a multiple of anything the election waits for, so that its timers can be told from this one. */
const writeMs = 10_007;
const versions = 50;
const minutes = 5;

it('leadership is kept for five minutes while every write takes ten seconds and fifty versions are in flight', async () => {
  await using rig = await AdapterRig.start(ConfigMapKind, LeaseKind);
  const { clock, client, server } = rig;
  server.beforeAnswer = ({ method, path }) =>
    method === 'GET' || path.includes('/leases')
      ? undefined
      : new Promise((resolve) => void clock.after(writeMs, resolve));
  const terms: string[] = [];
  const stopping = new AbortController();
  const election = new LeaderElection({
    client,
    clock,
    random: () => 0,
    namespace: 'shop',
    name: 'sluice',
    identity: 'a',
    async onLeading(signal) {
      terms.push('leads');
      await Promise.all(
        Array.from({ length: versions }, async (_, version) => {
          for (let write = 0; !signal.aborted; write += 1) {
            const name = `version-${version}-${write}`;
            // Given up when its connection does not come in time: what matters is that it is asked for.
            await client
              .create(ConfigMapKind, namespaced(name, {}, ConfigMapKind), { signal })
              .catch(() => undefined);
          }
        }),
      );
      terms.push('ends');
    },
  });
  const done = election.run(stopping.signal);
  const renewed = (): Promise<void> =>
    vi.waitFor(() => expect(clock.leftovers).toContain(retryMs), { interval: 1, timeout: 4_000 });
  await renewed();
  for (let ms = 0; ms < minutes * 60_000; ms += retryMs) {
    clock.advance(retryMs);
    await renewed();
    expect(election.isLeader).toBe(true);
  }
  expect(terms).toEqual(['leads']);
  const renewals = server.count(
    ({ method, path }) => method === 'PATCH' && path.includes('/leases'),
  );
  expect(renewals).toBe((minutes * 60_000) / retryMs);
  stopping.abort();
  await done;
  expect(terms).toEqual(['leads', 'ends']);
});

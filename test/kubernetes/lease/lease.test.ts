import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { beforeEach, describe, expect, it } from 'vitest';

import { NamespaceKind } from '../../../src/api/builtin.ts';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import { heldBy, LeaseKind } from '../../../src/kubernetes/lease/lease-record.ts';
import { LeaderElection, type LeaseLimits } from '../../../src/kubernetes/lease/lease.ts';
import { namespaced } from '../../support/memory/adapter-rig.ts';
import { MemoryStore } from '../../../src/cli/played/memory-store.ts';
import { settled, TestClock } from '../../support/clock-and-chance/test-clock.ts';

let clock: TestClock;
let store: MemoryStore;
let log: string[];
beforeEach(() => {
  clock = new TestClock();
  store = new MemoryStore(clock);
  store.create(NamespaceKind, namespaced('shop', {}, NamespaceKind));
  log = [];
});

/** A process that stands for election; `reach` says whether its requests arrive. */
function candidate(identity: string, own: TestClock = clock) {
  const net = { isUp: true, hangs: false };
  const limits: LeaseLimits[] = [];
  const ask = async <T>(given: LeaseLimits, answer: () => T): Promise<T> => {
    limits.push(given);
    if (net.hangs) await unanswered(own, given);
    if (!net.isUp) throw new ClusterError({ code: 0, reason: 'Unavailable', message: 'down' });
    return answer();
  };
  const told: { message: string; fields: object }[] = [];
  const tell = (fields: object, message: string): void => {
    if (!message.includes('leading')) told.push({ message, fields });
  };
  const work = { ends: true };
  const election = new LeaderElection({
    clock: own,
    random: () => 0,
    namespace: 'shop',
    name: 'sluice',
    identity,
    log: { ...silentLog, info: tell, warn: tell },
    client: {
      get: (ref, given) => ask(given, () => store.get(ref.kind, ref.namespace, ref.name)),
      create: (kind, object, given) => ask(given, () => store.create(kind, object)),
      patch: (ref, operations, given) => ask(given, () => conditional(ref, operations)),
    },
    async onLeading(signal) {
      log.push(`${identity} leads`);
      await new Promise<void>((resolve) => signal.addEventListener('abort', () => resolve()));
      log.push(`${identity} ends`);
      if (!work.ends) await new Promise(() => {});
    },
  });
  const stopping = new AbortController();
  const done = election.run(stopping.signal);
  const stop = async (): Promise<void> => {
    stopping.abort();
    await settled();
  };
  return { election, net, work, stop, done, limits, told };
}

/** A request that is never answered: it ends, failing, in its time or when its caller gives up. */
function unanswered(own: TestClock, { timeoutMs, signal }: LeaseLimits): Promise<never> {
  return new Promise((_resolve, reject) => {
    const fail = (): void => {
      timer.cancel();
      reject(new Error('given up'));
    };
    const timer = own.after(timeoutMs, fail);
    signal?.addEventListener('abort', fail, { once: true });
  });
}

// The version in a patch is its condition, as the real API server treats it.
function conditional(...[ref, operations]: Parameters<MemoryStore['patch']>) {
  const stored = store.get(ref.kind, ref.namespace, ref.name);
  const wanted = operations.find(({ path }) => path === '/metadata/resourceVersion');
  if (wanted?.op === 'replace' && wanted.value !== stored?.metadata.resourceVersion) {
    throw new ClusterError({ code: 409, reason: 'Conflict', message: 'modified' });
  }
  return store.patch(ref, operations);
}

/** A clock whose timers are late, as those of a process that was stopped for a while. */
class SleepyClock extends TestClock {
  sleptMs = 0;

  override elapsed(): number {
    return super.elapsed() + this.sleptMs;
  }
}

const holder = (): string | undefined =>
  store.get(LeaseKind, 'shop', 'sluice')?.spec?.holderIdentity;
const transitions = (): number | undefined =>
  store.get(LeaseKind, 'shop', 'sluice')?.spec?.leaseTransitions;

describe('leader election', () => {
  it('makes the first one leader and keeps it there', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    await clock.advanceAsync(60_000);
    expect(log).toEqual(['a leads']);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
    expect([holder(), b.election.leader]).toEqual(['a', 'a']);
    expect(transitions()).toBe(0);
  });

  it('hands over within one try when the leader is stopped, after its work has ended', async () => {
    const a = candidate('a');
    await clock.advanceAsync(1000);
    candidate('b');
    await clock.advanceAsync(3000);
    await a.stop();
    await a.done;
    expect(holder()).toBe('');
    await clock.advanceAsync(2000);
    expect(log).toEqual(['a leads', 'a ends', 'b leads']);
    expect(transitions()).toBe(1);
  });

  it('does not let the lease go while work is running', async () => {
    const a = candidate('a');
    a.work.ends = false;
    await clock.advanceAsync(1000);
    await a.stop();
    await clock.advanceAsync(5000);
    expect(holder()).toBe('a');
  });

  it('passes on 15 seconds after the last renewal of a leader that died', async () => {
    const a = candidate('a');
    await clock.advanceAsync(1000);
    candidate('b');
    await clock.advanceAsync(10_000);
    a.net.hangs = true;
    await clock.advanceAsync(13_000);
    expect(holder()).toBe('a');
    await clock.advanceAsync(6000);
    expect(holder()).toBe('b');
    expect(transitions()).toBe(1);
  });

  it('ends leading ten seconds after the last renewal, before anyone else begins', async () => {
    const a = candidate('a');
    const b = candidate('b');
    await clock.advanceAsync(10_000);
    a.net.isUp = false;
    await clock.advanceAsync(9000);
    expect(a.election.isLeader).toBe(true);
    await clock.advanceAsync(20_000);
    expect(log).toEqual(['a leads', 'a ends', 'b leads']);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([false, true]);
  });

  it('outlives a short absence of the API server', async () => {
    const a = candidate('a');
    await clock.advanceAsync(10_000);
    a.net.isUp = false;
    await clock.advanceAsync(7000);
    a.net.isUp = true;
    await clock.advanceAsync(60_000);
    expect(log).toEqual(['a leads']);
    expect(a.election.isLeader).toBe(true);
  });

  it('knows that it is over when the process slept, before any timer has noticed', async () => {
    const own = new SleepyClock();
    const a = candidate('a', own);
    await own.advanceAsync(1000);
    expect(a.election.isLeader).toBe(true);
    own.sleptMs = 60_000;
    expect(a.election.isLeader).toBe(false);
    await own.advanceAsync(2000);
    expect(log.slice(0, 2)).toEqual(['a leads', 'a ends']);
  });

  it('does not mind clocks that differ or jump', async () => {
    const [early, late] = [new TestClock(0), new TestClock(Date.UTC(2040, 0, 1))];
    const a = candidate('a', early);
    await settled();
    const b = candidate('b', late);
    for (let second = 0; second < 60; second += 1) {
      await early.advanceAsync(1000);
      await late.advanceAsync(1000);
      if (second === 30) late.setTimeOfDay(Date.UTC(2050, 0, 1));
    }
    expect(log).toEqual(['a leads']);
    expect([a.election.isLeader, b.election.isLeader]).toEqual([true, false]);
  });

  it('ends leading at once when somebody has taken the lease', async () => {
    const a = candidate('a');
    await clock.advanceAsync(3000);
    const ref = { kind: LeaseKind, namespace: 'shop', name: 'sluice' };
    store.patch(ref, [{ op: 'replace', path: '/spec/holderIdentity', value: 'thief' }]);
    await clock.advanceAsync(4000);
    expect(log).toEqual(['a leads', 'a ends']);
    expect(a.election.isLeader).toBe(false);
    expect(holder()).toBe('thief');
  });

  it('makes a lease that was deleted anew and goes on', async () => {
    candidate('a');
    await clock.advanceAsync(3000);
    store.delete({ kind: LeaseKind, namespace: 'shop', name: 'sluice' });
    await clock.advanceAsync(5000);
    expect(holder()).toBe('a');
    expect(log).toEqual(['a leads']);
  });

  it('asks for nothing but urgently, and for a lease that lasts as long as its holder counts on it', async () => {
    const a = candidate('a');
    await clock.advanceAsync(5000);
    expect(a.limits.every(({ isUrgent }) => isUrgent)).toBe(true);
    const writer = { identity: 'a', nowMs: 0, leaseMs: 15_400 };
    expect(heldBy(writer).leaseDurationSeconds).toBe(16);
  });

  it('is stopped at once while it stands and is not answered', async () => {
    const a = candidate('a');
    a.net.hangs = true;
    await clock.advanceAsync(500);
    await a.stop();
    await a.done;
    expect(clock.leftovers).toEqual([]);
  });

  it('is stopped within four seconds while it leads and is not answered', async () => {
    const a = candidate('a');
    await clock.advanceAsync(1000);
    a.net.hangs = true;
    await clock.advanceAsync(1500); // a renewal is under way
    await a.stop();
    let isDone = false;
    void a.done.then(() => (isDone = true));
    await clock.advanceAsync(1900);
    expect([log, isDone]).toEqual([['a leads', 'a ends'], false]);
    await clock.advanceAsync(100);
    expect(isDone).toBe(false); // letting go is under way
    await clock.advanceAsync(2000);
    expect(isDone).toBe(true);
    expect(clock.leftovers).toEqual([]);
  });

  it('says who leads and since when, on every replica', async () => {
    const [a, b] = [candidate('a'), candidate('b')];
    await clock.advanceAsync(5_000);
    expect(a.election.state).toBe('this process leads since 2026-01-01T00:00:00.000000Z');
    expect(b.election.state).toBe('a leads since 2026-01-01T00:00:00.000000Z');
    expect(b.told).toEqual([
      { message: 'leader', fields: { leader: 'a', since: '2026-01-01T00:00:00.000000Z' } },
    ]);
  });

  it('warns by name, again every few minutes, while the lease cannot be asked about', async () => {
    const a = candidate('a');
    a.net.isUp = false;
    await clock.advanceAsync(28_000);
    expect(a.told).toEqual([]);
    await clock.advanceAsync(9 * 60_000);
    expect(a.told).toMatchObject([
      { fields: { lease: 'shop/sluice', error: 'down', forSeconds: 30 } },
      { fields: { lease: 'shop/sluice', error: 'down', forSeconds: 330 } },
    ]);
    expect(a.election.state).toBe('the Lease shop/sluice gives no answer: down');
    a.net.isUp = true;
    await clock.advanceAsync(5_000);
    expect(a.election.isLeader).toBe(true);
  });

  it('stands again after it was lost', async () => {
    const a = candidate('a');
    await clock.advanceAsync(3000);
    a.net.isUp = false;
    await clock.advanceAsync(20_000);
    a.net.isUp = true;
    await clock.advanceAsync(20_000);
    expect(log).toEqual(['a leads', 'a ends', 'a leads']);
  });

  it('ends, and leaves nothing behind, when its work fails', async () => {
    const stopping = new AbortController();
    let rounds = 0;
    const election = new LeaderElection({
      clock,
      random: () => 0,
      namespace: 'shop',
      name: 'sluice',
      identity: 'a',
      client: {
        get: async (ref) => store.get(ref.kind, ref.namespace, ref.name),
        create: async (kind, object) => store.create(kind, object),
        patch: async (ref, operations) => store.patch(ref, operations),
      },
      async onLeading() {
        rounds += 1;
        throw new Error('cannot start');
      },
    });
    const done = election.run(stopping.signal);
    await clock.advanceAsync(7000);
    expect(rounds).toBeGreaterThan(1);
    stopping.abort();
    await done;
    expect(clock.leftovers).toEqual([]);
  });

  it('refuses times that would let two lead', () => {
    const options = { clock, random: () => 0, namespace: 'shop', name: 's', identity: 'a' };
    const client = {
      get: async () => undefined,
      create: async () => lease,
      patch: async () => lease,
    };
    const lease = namespaced('s', {}, LeaseKind);
    const times = { leaseMs: 5000, renewDeadlineMs: 10_000 };
    const make = (): LeaderElection =>
      new LeaderElection({ ...options, client, times, onLeading: async () => {} });
    expect(make).toThrow('must fall in this order, not 5000, 10000, 2000 ms');
  });
});

import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { getEventListeners } from 'node:events';
import { beforeEach, describe, expect, it } from 'vitest';

import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { ConfigMap } from '../../../src/api/builtin.ts';
import { ConfigMapKind } from '../../../src/api/builtin.ts';
import type { Turns } from '../../../src/controllers/engine/controller-run.ts';
import type { Caches } from '../../../src/controllers/engine/cluster.ts';
import type { Controller } from '../../../src/controllers/engine/controller.ts';
import { watch } from '../../../src/controllers/engine/controller.ts';
import { Engine } from '../../../src/controllers/engine/engine.ts';
import type { Plan } from '../../../src/domain/plan.ts';
import { configMap, MemoryRig } from '../../support/memory/memory-rig.ts';
import { settled } from '../../support/clock-and-chance/test-clock.ts';

let rig: MemoryRig;
let complaints: { fields: object; message: string }[];
let outcomes: string[];
let abort: AbortController;
beforeEach(() => {
  rig = new MemoryRig();
  complaints = [];
  outcomes = [];
  abort = new AbortController();
});

const noTurns: Turns = { isOver: false, turn: () => Promise.resolve() };

function engineOf(
  controllers: readonly Controller[],
  mayWrite: () => boolean = () => true,
  { turns = noTurns, caches = rig.caches }: { turns?: Turns; caches?: Caches } = {},
): Engine {
  const { cluster, events, clock } = rig;
  const complain = (fields: object, message: string): void =>
    void complaints.push({ fields, message });
  return new Engine(controllers, {
    cluster,
    caches,
    events,
    clock,
    mayWrite,
    log: { ...silentLog, warn: complain, error: complain },
    metrics: {
      reconciled: (name, outcome) => void outcomes.push(`${name} ${outcome}`),
      leftOut: (name, kind) => void outcomes.push(`${name} leaves out a ${kind}`),
      queue: () => undefined,
    },
    random: () => 0,
    turns,
  });
}

/** A controller of the ConfigMaps whose names begin with the prefix; notes what it decides on. */
function controller(
  prefix: string,
  decide: (object: ConfigMap) => Plan,
  more: Partial<Controller<ConfigMap>> = {},
): Controller<ConfigMap> & { readonly decided: string[] } {
  const decided: string[] = [];
  return {
    name: prefix,
    watches: [
      watch(ConfigMapKind, ({ metadata }) => (metadata.name.startsWith(prefix) ? [metadata] : [])),
    ],
    gather: ({ namespace, name }, world) => world.get(ConfigMapKind, namespace, name),
    decide: (object) => {
      decided.push(object.metadata.name);
      return decide(object);
    },
    ...more,
    decided,
  };
}

describe('the engine', () => {
  it('decides on everything cached when it starts, what changes meanwhile first', async () => {
    for (const name of ['a1', 'a2', 'a3']) rig.given(name);
    const all = controller('a', () => ({}), { workers: 1 });
    engineOf([all]).start(abort.signal);
    rig.given('a4');
    await settled();
    expect(all.decided).toEqual(['a1', 'a4', 'a2', 'a3']);
  });

  it('wakes by its starting points alone where a controller states some, and by all watches afterwards', async () => {
    rig.given('a-open');
    rig.given('a-over', { labels: { over: 'yes' } });
    const all = controller('a', () => ({}), {
      startingPoints: [
        watch(ConfigMapKind, ({ metadata }) =>
          metadata.labels?.['over'] === undefined ? [metadata] : [],
        ),
      ],
    });
    engineOf([all]).start(abort.signal);
    await settled();
    expect(all.decided).toEqual(['a-open']);
    rig.store.update(ConfigMapKind, configMap('a-over', { labels: { over: 'still' } }));
    await settled();
    expect(all.decided).toContain('a-over');
  });

  it('gives the event loop its turns while it starts, and between reconciles that wait for nothing', async () => {
    const names = Array.from({ length: 20 }, (_, index) => `a${index}`);
    for (const name of names) rig.given(name);
    const decidedAtTurn: number[] = [];
    let turns = 0;
    const all = controller('a', () => {
      decidedAtTurn.push(turns);
      return {};
    });
    const turn = async (): Promise<void> => {
      await settled();
      turns += 1;
    };
    engineOf([all], undefined, { turns: { isOver: true, turn } }).start(abort.signal);
    expect(all.decided).toEqual([]);
    while (all.decided.length < names.length) await settled();
    // The walk has a turn after each object, and each reconcile waits for one.
    expect(new Set(decidedAtTurn).size).toBeGreaterThan(names.length / 2);
  });

  it.each([
    { over: 'lost', leads: false, withinMs: 0 },
    { over: 'being handed over', leads: true, withinMs: 5_000 },
  ])(
    'gives up what is on its way when leadership is $over, within $withinMs ms, reads too',
    async ({ leads, withinMs }) => {
      rig.latencyMs = 60_000;
      rig.given('a1');
      rig.given('a2');
      let mayWrite = true;
      const all = controller('a', ({ metadata: { name } }) =>
        name === 'a1'
          ? { look: [{ kind: ConfigMapKind, namespace: 'shop', name }] }
          : { effects: [{ type: 'create', kind: ConfigMapKind, object: configMap('b') }] },
      );
      const engine = engineOf([all], () => mayWrite);
      engine.start(abort.signal);
      await settled();
      expect(rig.calls).toEqual(['get ConfigMap a1', 'create ConfigMap b']);
      mayWrite = leads;
      abort.abort();
      await rig.clock.advanceAsync(withinMs);
      expect(engine.load.running).toBe(0);
      expect(complaints).toEqual([]);
      expect(outcomes).toEqual(['a fenced', 'a fenced']);
    },
  );

  it('tries a refused change again in its time though the clock was set back an hour', async () => {
    rig.given('a');
    let refusals = 0;
    rig.fault = ({ verb }) => {
      if (verb !== 'create') return undefined;
      refusals += 1;
      return '403';
    };
    const all = controller('a', () => ({
      effects: [{ type: 'create', kind: ConfigMapKind, object: configMap('b') }],
    }));
    engineOf([all]).start(abort.signal);
    await rig.clock.advanceAsync(60_000);
    const before = refusals;
    rig.clock.setTimeOfDay(rig.clock.now() - 3_600_000);
    await rig.clock.advanceAsync(600_000);
    expect(refusals).toBeGreaterThan(before);
  });

  it('tells every decision how the clock was set since the engine started', async () => {
    const seen: unknown[] = [];
    const one: Controller<ConfigMap> = {
      ...controller('a', () => ({})),
      gather(key, world) {
        seen.push(world.clockSteps);
        return world.get(ConfigMapKind, key.namespace ?? '', key.name);
      },
    };
    engineOf([one]).start(abort.signal);
    rig.given('a-1');
    await settled();
    const fromMs = rig.clock.now();
    rig.clock.setTimeOfDay(fromMs + 3_600_000);
    rig.given('a-2');
    await settled();
    expect(seen).toEqual([[], [{ fromMs, toMs: fromMs + 3_600_000 }]]);
  });

  it('ends in the middle of its start, and wakes nothing any more', async () => {
    for (const name of ['a1', 'a2', 'a3']) rig.given(name);
    const all = controller('a', () => ({}));
    const engine = engineOf([all], undefined, { turns: { isOver: true, turn: settled } });
    engine.start(abort.signal);
    await engine.stop();
    for (let turn = 0; turn < 10; turn += 1) await settled();
    expect(all.decided).not.toContain('a2');
  });

  it('decides nothing while a kind that is watched for it is not served', async () => {
    rig.given('a1');
    const all = controller('a', () => ({}));
    let isMissing = true;
    const { caches: own } = rig;
    const caches: Caches = {
      get: (kind, namespace, name) => own.get(kind, namespace, name),
      list: (kind, namespace) => own.list(kind, namespace),
      walk: (kind) => own.walk(kind),
      byIndex: (index, value) => own.byIndex(index, value),
      byOwner: (kind, uid) => own.byOwner(kind, uid),
      observe: (kind, object) => own.observe(kind, object),
      forget: (ref) => own.forget(ref),
      subscribe: (kind, listener) => own.subscribe(kind, listener),
      isMissing: () => isMissing,
    };
    const engine = engineOf([all], undefined, { caches });
    engine.start(abort.signal);
    await settled();
    expect(all.decided).toEqual([]);
    await engine.stop();
    isMissing = false;
    engine.start(abort.signal);
    await settled();
    expect(all.decided).toEqual(['a1']);
  });

  it('rests after a plan that says so: the next key waits, and what follows it is woken as ever', async () => {
    for (const name of ['a1', 'a2', 'a3']) rig.given(name);
    const slow = controller('a', () => ({ restMs: 1_000 }), { workers: 1 });
    engineOf([slow]).start(abort.signal);
    await settled();
    expect(slow.decided).toEqual(['a1']);
    await rig.clock.advanceAsync(1_000);
    expect(slow.decided).toEqual(['a1', 'a2']);
    await rig.clock.advanceAsync(5_000);
    expect(slow.decided).toEqual(['a1', 'a2', 'a3']);
  });

  it('wakes what an object was about before as well as what it is about now', async () => {
    const about = controller('group', () => ({}), {
      watches: [
        watch(ConfigMapKind, ({ metadata: { namespace = '', labels } }) =>
          labels?.['group'] === undefined ? [] : [{ namespace, name: labels['group'] }],
        ),
      ],
    });
    rig.given('group-1');
    rig.given('group-2');
    rig.given('member', { labels: { group: 'group-1' } });
    engineOf([about]).start(abort.signal);
    await settled();
    about.decided.length = 0;
    rig.store.update(ConfigMapKind, configMap('member', { labels: { group: 'group-2' } }));
    await settled();
    expect(about.decided.toSorted()).toEqual(['group-1', 'group-2']);
  });

  it('wakes for what a watch asks for: any change, one of the spec, or that an object comes and goes', async () => {
    const wakes = [undefined, 'spec', 'existence'] as const;
    const all = wakes.map((wake) => {
      const name = `woken by ${wake ?? 'any'}`;
      rig.given(name);
      const keys = ({ metadata }: ConfigMap) =>
        metadata.name === 'member' ? [{ namespace: 'shop', name }] : [];
      return controller(name, () => ({}), { watches: [watch(ConfigMapKind, keys, wake)] });
    });
    const woken = async (): Promise<readonly boolean[]> => {
      await settled();
      return all.map(({ decided }) => decided.splice(0).length > 0);
    };
    rig.given('member');
    engineOf(all).start(abort.signal);
    expect(await woken()).toEqual([true, true, false]);
    rig.store.update(ConfigMapKind, configMap('member', { labels: { a: 'b' } }));
    expect(await woken()).toEqual([true, false, false]);
    rig.store.update(ConfigMapKind, { ...configMap('member'), data: { a: 'b' } });
    expect(await woken()).toEqual([true, true, false]);
    rig.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'member' });
    expect(await woken()).toEqual([true, true, true]);
    rig.given('member');
    expect(await woken()).toEqual([true, true, true]);
  });

  it('wakes for a change of what a watch says that it reads, and for no other', async () => {
    rig.given('woken');
    const one = controller('reading', () => ({}), {
      watches: [
        watch(
          ConfigMapKind,
          ({ metadata }) =>
            metadata.name === 'member' ? [{ namespace: 'shop', name: 'woken' }] : [],
          { reads: ({ metadata }) => metadata.labels?.['read'] },
        ),
      ],
    });
    rig.given('member');
    engineOf([one]).start(abort.signal);
    const woken = async (): Promise<boolean> => {
      await settled();
      return one.decided.splice(0).length > 0;
    };
    expect(await woken()).toBe(true);
    rig.store.update(ConfigMapKind, { ...configMap('member'), data: { a: 'b' } });
    expect(await woken()).toBe(false);
    rig.store.update(ConfigMapKind, configMap('member', { labels: { read: 'yes' } }));
    expect(await woken()).toBe(true);
    rig.store.update(ConfigMapKind, configMap('member', { labels: { read: 'yes', other: 'no' } }));
    expect(await woken()).toBe(false);
    rig.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'member' });
    expect(await woken()).toBe(true);
  });

  it('wakes other controllers with its own writes at once, though the watch is silent', async () => {
    rig.given('a');
    rig.blind();
    const first = controller('a', () => {
      const exists = rig.caches.get(ConfigMapKind, 'shop', 'b') !== undefined;
      return exists
        ? {}
        : { effects: [{ type: 'create', kind: ConfigMapKind, object: configMap('b') }] };
    });
    const second = controller('b', () => ({}));
    engineOf([first, second]).start(abort.signal);
    await settled(); // and no time passes
    expect(second.decided).toEqual(['b']);
  });

  it('goes on with other keys when a decision throws, says so, and tries again ever later', async () => {
    let isBroken = true;
    const fragile = controller('a', ({ metadata }) => {
      if (metadata.name === 'a1' && isBroken) throw new Error('boom');
      return {};
    });
    rig.given('a1');
    rig.given('a2');
    engineOf([fragile]).start(abort.signal);
    await settled();
    expect(fragile.decided).toEqual(['a1', 'a2']);
    expect(complaints).toMatchObject([
      { message: 'the decision failed', fields: { controller: 'a', key: 'shop/a1', failures: 1 } },
    ]);
    expect(outcomes).toEqual(['a defect', 'a settled']);
    await rig.clock.advanceAsync(5 + 10 + 20);
    expect(complaints).toHaveLength(4);
    // The same words each time, of which the recorder makes one Event.
    const told = rig.notes.map(({ about, reason, message, by }) =>
      [by, about.kind, about.metadata.name, reason, message].join(' '),
    );
    expect(told).toEqual(
      Array.from(
        { length: 4 },
        () =>
          'a ConfigMap a1 DecisionFailed The controller a cannot decide on ConfigMap a1, by a fault of Sluice: boom. It tries again, ever less often; until it succeeds, nothing that waits for this goes on',
      ),
    );
    isBroken = false;
    await rig.clock.advanceAsync(40);
    expect(outcomes.at(-1)).toBe('a settled');
    await rig.clock.advanceAsync(3_600_000);
    expect(complaints).toHaveLength(4);
    expect(rig.notes).toHaveLength(4);
  });

  it('survives a watch whose keys cannot be computed', async () => {
    const fragile = controller('a', () => ({}), {
      watches: [
        watch(ConfigMapKind, ({ metadata }) => {
          if (metadata.name === 'bad') throw new Error('boom');
          return [metadata];
        }),
      ],
    });
    rig.given('bad');
    rig.given('good');
    engineOf([fragile]).start(abort.signal);
    await settled();
    expect(fragile.decided).toEqual(['good']);
    expect(complaints).toMatchObject([{ fields: { object: 'bad' } }]);
    expect(outcomes).toContain('a leaves out a ConfigMap');
    expect(rig.notes).toMatchObject([
      { about: { metadata: { name: 'bad' } }, type: 'Warning', reason: 'LeftOut', by: 'a' },
    ]);
  });

  it('decides again when the plan said so', async () => {
    const patient = controller('a', () => ({ wakeAfterMs: 1_000 }));
    rig.given('a');
    engineOf([patient]).start(abort.signal);
    await rig.clock.advanceAsync(999);
    expect(patient.decided).toHaveLength(1);
    await rig.clock.advanceAsync(1);
    expect(patient.decided).toHaveLength(2);
  });

  it('does not come back before the API server wants it to', async () => {
    rig.fault = () => '429';
    const reader = controller('a', ({ metadata }) => ({
      look: [{ kind: ConfigMapKind, namespace: 'shop', name: metadata.name }],
    }));
    rig.given('a');
    engineOf([reader]).start(abort.signal);
    await rig.clock.advanceAsync(999);
    expect(rig.calls).toHaveLength(1);
    expect(outcomes).toEqual(['a unavailable']);
    await rig.clock.advanceAsync(1);
    expect(rig.calls).toHaveLength(2);
  });

  it('says when a decision does not settle and leaves it alone for a while', async () => {
    let number = 0;
    const restless = controller('a', () => {
      number += 1;
      const object = configMap(`c${number}`);
      return { effects: [{ type: 'create', kind: ConfigMapKind, object }] };
    });
    rig.given('a');
    engineOf([restless]).start(abort.signal);
    await settled();
    expect(number).toBe(12);
    expect(complaints).toMatchObject([
      { message: 'the decision does not settle', fields: { key: 'shop/a' } },
    ]);
    await rig.clock.advanceAsync(5);
    expect(number).toBe(24);
  });

  it('writes nothing and keeps quiet once it may not write', async () => {
    const writer = controller('a', () => ({
      effects: [{ type: 'create', kind: ConfigMapKind, object: configMap('b') }],
    }));
    rig.given('a');
    engineOf([writer], () => false).start(abort.signal);
    await rig.clock.advanceAsync(3_600_000);
    expect(rig.calls).toEqual([]);
    expect(new Set(outcomes)).toEqual(new Set(['a fenced']));
    expect(complaints).toEqual([]);
  });

  it('forgets nothing while it may not write for a moment: a renewal of the lease was late', async () => {
    const writer = controller('a', ({ content }) =>
      content === undefined
        ? {
            effects: [
              {
                type: 'patch',
                ref: { kind: ConfigMapKind, namespace: 'shop', name: 'a' },
                operations: [{ op: 'add', path: '/data', value: {} }],
              },
            ],
          }
        : {},
    );
    rig.given('a');
    let mayWrite = false;
    engineOf([writer], () => mayWrite).start(abort.signal);
    await settled();
    mayWrite = true;
    await rig.clock.advanceAsync(1_000);
    expect(rig.calls).toEqual(['patch ConfigMap a']);
  });
});

describe('stopping the engine', () => {
  it('lets what is in flight end, takes up nothing new, and leaves no timer behind', async () => {
    const slow = controller(
      'a',
      ({ metadata, content }) => {
        if (content !== undefined) return { wakeAfterMs: 1_000 };
        const { name } = metadata;
        const operations = [{ op: 'add', path: '/data', value: {} }] as const;
        return {
          effects: [
            { type: 'patch', ref: { kind: ConfigMapKind, namespace: 'shop', name }, operations },
          ],
        };
      },
      { workers: 1 },
    );
    rig.given('a1');
    rig.given('a2');
    rig.latencyMs = 50;
    const engine = engineOf([slow]);
    engine.start(abort.signal);
    await settled();
    const stopped = engine.stop();
    await rig.clock.advanceAsync(100);
    await stopped;
    rig.given('a3');
    await settled();
    expect(rig.calls).toEqual(['patch ConfigMap a1']);
    expect(rig.clock.leftovers).toEqual([]);
    expect(engine.load).toEqual({ waiting: 0, running: 0 });
  });

  it('does not wait for ever: what hangs can write nothing afterwards', async () => {
    const hanging = controller('a', () => {
      if (rig.calls.length === 0)
        return { look: [{ kind: ConfigMapKind, namespace: 'shop', name: 'a' }] };
      return { effects: [{ type: 'create', kind: ConfigMapKind, object: configMap('b') }] };
    });
    rig.given('a');
    rig.latencyMs = 60_000;
    const engine = engineOf([hanging]);
    engine.start(abort.signal);
    await settled();
    const stopped = engine.stop();
    await rig.clock.advanceAsync(5_000);
    await stopped;
    await rig.clock.advanceAsync(3_600_000);
    expect(rig.stored('b')).toBeUndefined();
    expect(outcomes).toEqual(['a fenced']);
  });

  it('happens by the signal, and the engine can be started again', async () => {
    const all = controller('a', () => ({}));
    rig.given('a');
    const engine = engineOf([all]);
    engine.start(abort.signal);
    await settled();
    abort.abort();
    await settled();
    rig.given('a-unheard');
    await settled();
    expect(all.decided).toEqual(['a']);
    engine.start(new AbortController().signal);
    await settled();
    expect(all.decided).toEqual(['a', 'a', 'a-unheard']);
  });

  it('leaves nothing that listens to the signal, however often it is started again', async () => {
    const engine = engineOf([]);
    for (let time = 0; time < 3; time += 1) {
      engine.start(abort.signal);
      await engine.stop();
    }
    expect(getEventListeners(abort.signal, 'abort')).toEqual([]);
  });

  it('is not confused by a failure that ends after it', async () => {
    let fail = (): void => {};
    const reader = controller('a', ({ metadata }) => ({
      look: [{ kind: ConfigMapKind, namespace: 'shop', name: metadata.name }],
    }));
    rig.given('a');
    rig.cluster.get = () =>
      new Promise((_, reject) => {
        fail = () => reject(new ClusterError({ code: 500, reason: 'InternalError', message: 'x' }));
      });
    const engine = engineOf([reader]);
    engine.start(abort.signal);
    await settled();
    const stopped = engine.stop();
    fail();
    await stopped;
    expect(rig.clock.leftovers).toEqual([]);
  });
});

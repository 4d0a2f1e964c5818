import { beforeEach, describe, expect, it } from 'vitest';

import type { ConfigMap } from '../../../src/api/builtin.ts';
import { ConfigMapKind } from '../../../src/api/builtin.ts';
import type { Controller } from '../../../src/controllers/engine/controller.ts';
import { FreshAnswers } from '../../../src/controllers/engine/fresh-answers.ts';
import { KeyMemory } from '../../../src/controllers/engine/key-memory.ts';
import { reconcile } from '../../../src/controllers/engine/reconcile.ts';
import type { World } from '../../../src/domain/lookup.ts';
import type { Effect, Plan } from '../../../src/domain/plan.ts';
import { ClockWatch } from '../../../src/runtime/clock-watch.ts';
import { configMap, MemoryRig } from '../../support/memory/memory-rig.ts';

let rig: MemoryRig;
let memory: KeyMemory;
beforeEach(() => {
  rig = new MemoryRig();
  memory = new KeyMemory();
});

interface Seen {
  readonly world: World;
  readonly parent: ConfigMap;
  readonly child: ConfigMap | undefined;
}

const childRef = { kind: ConfigMapKind, namespace: 'shop', name: 'child' };
const createChild: Effect = { type: 'create', kind: ConfigMapKind, object: configMap('child') };

function controllerOf(decide: (seen: Seen) => Plan): Controller<Seen> {
  return {
    name: 'test',
    watches: [],
    gather(_, world) {
      const parent = world.get(ConfigMapKind, 'shop', 'parent');
      if (parent === undefined) return undefined;
      return { world, parent, child: world.get(ConfigMapKind, 'shop', 'child') };
    },
    decide,
  };
}

function run(decide: (seen: Seen) => Plan) {
  const { cluster, caches, events, clock } = rig;
  const key = { namespace: 'shop', name: 'parent' };
  const clockWatch = new ClockWatch(clock);
  const by = {
    cluster,
    unhurried: cluster,
    fresh: new FreshAnswers(clock),
    caches,
    events,
    clock,
    clockWatch,
    memory,
    kindOf: () => undefined,
  };
  return reconcile(controllerOf(decide), key, by);
}

function statusOf(parent: ConfigMap, to: unknown): NonNullable<Plan['status']> {
  return {
    ref: { kind: ConfigMapKind, namespace: 'shop', name: 'parent' },
    resourceVersion: parent.metadata.resourceVersion ?? '',
    from: undefined,
    to,
  };
}

describe('a reconcile', () => {
  it('looks, then acts, then stores the status, then records Events, then does what follows', async () => {
    rig.given('parent');
    const order = (): string[] => [...rig.calls, ...rig.notes.map(({ reason }) => reason)];
    let beforeAfterwards: string[] = [];
    const ended = await run(({ world, parent, child }) => {
      if (world.live(childRef) === 'unread') return { look: [childRef], effects: [createChild] };
      if (child === undefined) return { effects: [createChild], status: statusOf(parent, 'early') };
      rig.fault = ({ verb }) => {
        if (verb === 'patch') beforeAfterwards = order();
        return undefined;
      };
      return {
        status: statusOf(parent, { child: child.metadata.uid }),
        events: [{ about: parent, type: 'Normal', reason: 'ChildMade', message: '' }],
        afterwards: [
          { type: 'patch', ref: childRef, operations: [{ op: 'add', path: '/data', value: {} }] },
        ],
        wakeAfterMs: 7,
      };
    });
    expect(rig.calls).toEqual([
      'get ConfigMap child',
      'create ConfigMap child',
      'writeStatus ConfigMap parent',
      'patch ConfigMap child',
    ]);
    expect(beforeAfterwards).toContain('ChildMade');
    expect(rig.notes).toMatchObject([{ reason: 'ChildMade', by: 'test' }]);
    expect(ended).toEqual({ outcome: 'settled', waiting: [], wakeAfterMs: 7 });
  });

  it('of an object that is gone ends there', async () => {
    expect(await run(() => ({ effects: [createChild] }))).toEqual({ outcome: 'gone' });
    expect(rig.calls).toEqual([]);
  });

  it('neither writes a status that says what is stored already nor records its Events', async () => {
    rig.given('parent');
    await run(({ parent }) => ({
      status: { ...statusOf(parent, { b: 2, a: 1, c: undefined }), from: { a: 1, b: 2 } },
      events: [{ about: parent, type: 'Normal', reason: 'Changed', message: '' }],
    }));
    expect(rig.calls).toEqual([]);
    expect(rig.notes).toEqual([]);
  });

  it('records an Event effect once, however often the decision is made', async () => {
    rig.given('parent');
    await run(({ parent, child }) => {
      const note = { about: parent, type: 'Normal', reason: 'Seen', message: '' } as const;
      const effects: Effect[] = [{ type: 'event', note }];
      return { effects: child === undefined ? [...effects, createChild] : effects };
    });
    expect(rig.notes).toHaveLength(1);
  });

  it('does nothing on an object that is no longer as it was gathered: it decides anew on the live one', async () => {
    rig.given('parent');
    rig.blind();
    rig.store.patch({ kind: ConfigMapKind, namespace: 'shop', name: 'parent' }, [
      { op: 'add', path: '/metadata/labels', value: { stop: 'yes' } },
    ]);
    await run(({ parent }) => ({
      effects: parent.metadata.labels?.['stop'] === 'yes' ? [] : [createChild],
      onlyIfCurrent: {
        kind: ConfigMapKind,
        namespace: 'shop',
        name: 'parent',
        resourceVersion: parent.metadata.resourceVersion ?? '',
      },
    }));
    expect(rig.calls).toEqual(['get ConfigMap parent']);
    expect(rig.stored('child')).toBeUndefined();
  });

  it('reads an object it must be sure of once, not before every effect', async () => {
    rig.given('parent');
    await run(({ parent, world }) => {
      const missing = ['a', 'b', 'c'].find((name) => !world.get(ConfigMapKind, 'shop', name));
      if (missing === undefined) return {};
      const object = configMap(missing);
      const { resourceVersion = '' } = parent.metadata;
      return {
        effects: [{ type: 'create', kind: ConfigMapKind, object }],
        onlyIfCurrent: { kind: ConfigMapKind, namespace: 'shop', name: 'parent', resourceVersion },
      };
    });
    expect(rig.calls.filter((call) => call === 'get ConfigMap parent')).toHaveLength(1);
  });

  it('decides anew when its status meets a newer object', async () => {
    rig.given('parent');
    rig.blind();
    rig.store.patch({ kind: ConfigMapKind, namespace: 'shop', name: 'parent' }, [
      { op: 'add', path: '/metadata/labels', value: { colour: 'green' } },
    ]);
    await run(({ parent }) => ({
      status: statusOf(parent, { colour: parent.metadata.labels?.['colour'] }),
    }));
    expect(rig.stored('parent')).toMatchObject({ status: { colour: 'green' } });
    expect(rig.calls).toEqual([
      'writeStatus ConfigMap parent',
      'get ConfigMap parent',
      'writeStatus ConfigMap parent',
    ]);
  });

  it('shows a refusal to the decision, says so in the status, and does not try again', async () => {
    rig.given('parent');
    rig.fault = ({ verb, name }) => (verb === 'create' && name === 'child' ? '403' : undefined);
    const decide = ({ parent, world }: Seen): Plan => ({
      effects: [createChild, { type: 'create', kind: ConfigMapKind, object: configMap('other') }],
      status: statusOf(parent, { why: world.refusal(childRef)?.reason }),
    });
    const ended = await run((seen) => {
      const { effects = [], ...plan } = decide(seen);
      const isOther = (effect: Effect): boolean => effect !== createChild;
      const otherExists = seen.world.get(ConfigMapKind, 'shop', 'other') !== undefined;
      return { ...plan, effects: effects.filter((e) => !(isOther(e) && otherExists)) };
    });
    expect(rig.stored('other')).toBeDefined(); // what follows a refused effect is still done
    expect(rig.stored('parent')).toMatchObject({ status: { why: 'Forbidden' } });
    expect(rig.calls.filter((call) => call === 'create ConfigMap child')).toHaveLength(1);
    expect(ended).toMatchObject({ outcome: 'settled', waiting: [createChild] });
  });

  it('tries a refused change again before its time only if the change or what is in its way is another', async () => {
    rig.given('parent');
    rig.fault = ({ verb }) => (verb === 'create' ? '403' : undefined);
    let object = configMap('child');
    const decide = (): Plan => ({ effects: [{ type: 'create', kind: ConfigMapKind, object }] });
    const tries = (): number => rig.calls.filter((call) => call.startsWith('create')).length;
    const runAndSettle = async (): Promise<number> => {
      await run(decide);
      memory.settle(rig.clock.elapsed(), 60_000);
      return tries();
    };
    expect(await runAndSettle()).toBe(1);
    expect(await runAndSettle()).toBe(1);
    object = configMap('child', { labels: { repaired: 'yes' } });
    expect(await runAndSettle()).toBe(2);
    rig.given('child');
    expect(await runAndSettle()).toBe(3);
    rig.clock.advance(60_000);
    expect(await runAndSettle()).toBe(4);
  });

  it('forgets a refusal once a change of that object succeeds', async () => {
    rig.given('parent');
    rig.fault = ({ verb }) => (verb === 'create' ? '500' : undefined);
    const seen: (string | undefined)[] = [];
    const decide = ({ world, child }: Seen): Plan => {
      seen.push(world.refusal(childRef)?.reason);
      return child === undefined ? { effects: [createChild] } : {};
    };
    await run(decide);
    memory.settle(rig.clock.elapsed(), 0);
    rig.fault = () => undefined;
    await run(decide);
    expect(seen).toEqual([undefined, 'Unavailable', 'Unavailable', undefined]);
    expect(memory.isEmpty()).toBe(true);
  });

  it('goes on under another name when the first is taken', async () => {
    rig.given('parent');
    rig.given('child');
    const ownerReferences = [
      { apiVersion: 'v1', kind: 'ConfigMap', name: 'parent', uid: 'u', controller: true },
    ];
    const named = (name: string) => configMap(name, { ownerReferences });
    await run(({ world }) => {
      if (world.get(ConfigMapKind, 'shop', 'child-1') !== undefined) return {};
      const name = world.refusal(childRef)?.reason === 'NameTaken' ? 'child-1' : 'child';
      return { effects: [{ type: 'create', kind: ConfigMapKind, object: named(name) }] };
    });
    expect(rig.stored('child-1')).toBeDefined();
  });

  it('gives up on a decision that asks for something new in every round', async () => {
    rig.given('parent');
    let number = 0;
    const ended = await run(() => {
      number += 1;
      return {
        effects: [{ type: 'create', kind: ConfigMapKind, object: configMap(`c${number}`) }],
      };
    });
    expect(ended).toEqual({ outcome: 'unsettled' });
    expect(number).toBe(12);
  });

  it('creates different objects at once, and everything else one after the other', async () => {
    rig.given('parent');
    rig.given('x');
    rig.given('y');
    const names = ['a', 'b', 'c'];
    rig.latencyMs = 10;
    const times: Record<string, number[]> = { create: [], patch: [] };
    rig.fault = ({ verb }) => void times[verb]?.push(rig.clock.elapsed());
    const ended = run(({ world }) => {
      const missing = names.filter((name) => !world.get(ConfigMapKind, 'shop', name));
      if (missing.length === 0) return {};
      return {
        effects: [
          ...missing.map((name): Effect => ({
            type: 'create',
            kind: ConfigMapKind,
            object: configMap(name),
          })),
          ...['x', 'y'].map((name): Effect => ({
            type: 'patch',
            ref: { kind: ConfigMapKind, namespace: 'shop', name },
            operations: [{ op: 'add', path: '/data', value: {} }],
          })),
        ],
      };
    });
    await rig.clock.advanceAsync(1_000);
    expect(await ended).toMatchObject({ outcome: 'settled' });
    expect(new Set(times['create']).size).toBe(1);
    expect(new Set(times['patch']).size).toBe(2);
  });
});

describe('a live list', () => {
  const look = { kind: ConfigMapKind, namespace: 'shop', labelSelector: 'app=shop' };

  it('brings what the cache does not know and drops what is not there any more', async () => {
    rig.given('parent');
    rig.given('gone', { labels: { app: 'shop' } });
    rig.given('relabelled', { labels: { app: 'shop' } });
    rig.blind();
    rig.given('new', { labels: { app: 'shop' } });
    rig.store.delete({ kind: ConfigMapKind, namespace: 'shop', name: 'gone' });
    rig.store.update(ConfigMapKind, configMap('relabelled', { labels: { app: 'store' } }));
    let names: string[] = [];
    await run(({ world }) => {
      if (!world.listed(look.kind, look.namespace, look.labelSelector)) return { look: [look] };
      names = world.list(ConfigMapKind, 'shop').map(({ metadata }) => metadata.name);
      return {};
    });
    expect(names.toSorted()).toEqual(['new', 'parent', 'relabelled']);
    expect(rig.caches.get(ConfigMapKind, 'shop', 'relabelled')?.metadata.labels).toEqual({
      app: 'store',
    });
  });
});

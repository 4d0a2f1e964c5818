import { describe, expect, it } from 'vitest';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { allControllers } from '../../src/process/controllers.ts';
import { configFrom } from '../../src/config/config.ts';
import type { Controller, Key, Watch } from '../../src/controllers/engine/controller.ts';
import { standardObjects } from '../support/builders/builders.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { allIndexes } from '../support/memory/all-indexes.ts';

/** One object by which something of ours throws: whatever its kind and whatever throws, every other object is worked with. */

const name = 'hostile';

type Stage = 'index' | 'keys' | 'gather' | 'decide';

const stages: readonly Stage[] = ['index', 'keys', 'gather', 'decide'];

const cases = ownKinds.flatMap((kind) =>
  stages.map((stage): [string, Stage, Kind] => [kind.kind, stage, kind]),
);

/** What was decided on, of everything but the hostile object and what was made for it. */
const decidedWithout = new Map<Kind, readonly string[]>();

describe.each(cases)('a %s by which Sluice throws (%s)', (_, stage, kind) => {
  it('keeps no other object from being decided on, and is told', async () => {
    if (!decidedWithout.has(kind)) {
      const undisturbed = await run(kind, undefined);
      expect(undisturbed.onHostile).not.toEqual([]);
      decidedWithout.set(kind, undisturbed.onOthers);
    }
    const { simulation, onOthers, onHostile } = await run(kind, stage);
    expect(onOthers).toEqual(decidedWithout.get(kind));
    // The caches leave it out: nothing knows of it, and that it is so is told by them (left-out.test.ts).
    if (stage === 'index') {
      expect(onHostile).toEqual([]);
      return;
    }
    const told = simulation.notes.filter(({ message }) => message.includes('boom'));
    const reasons = new Set(told.map(({ reason }) => reason));
    const complaints = simulation.complaints.filter((one) => one.includes('boom'));
    expect(reasons).toEqual(new Set([stage === 'keys' ? 'LeftOut' : 'DecisionFailed']));
    expect(told.every(({ about }) => about.metadata.name === name)).toBe(true);
    expect(complaints).not.toEqual([]);
    // Ever less often, but for the tries that a change brings about.
    const tries = Map.groupBy(told, ({ message }) => message);
    expect(Math.max(...tries.values().map((same) => same.length))).toBeLessThan(40);
  });
});

interface Run {
  readonly simulation: Simulation;
  /** Controllers and keys, each once, sorted. */
  readonly onOthers: readonly string[];
  readonly onHostile: readonly string[];
}

/** A minute with the standard objects and, of one kind, one more by which a stage throws. */
async function run(kind: Kind, stage: Stage | undefined): Promise<Run> {
  const decided = new Set<string>();
  const index = {
    kind,
    name: 'throwing',
    values: ({ metadata }: KubernetesObject): string[] =>
      stage === 'index' ? boomFor(metadata) : [],
  };
  const simulation = sluice({
    seed: 1,
    controllers: allControllers(config).map((one) => throwing(one, { kind, stage, decided })),
    indexes: [...allIndexes, index],
  });
  await simulation.explained(async () => {
    simulation.start();
    simulation.apply(...standardObjects.map((object) => plain(object)));
    const [like] = standardObjects.filter((object) => object.kind === kind.kind);
    if (like === undefined) throw new Error(`no standard ${kind.kind}`);
    simulation.apply(plain(like, name));
    await simulation.pass(60_000);
  });
  const [onHostile, onOthers] = [true, false].map((isHostile) =>
    [...decided].filter((one) => one.includes(name) === isHostile).toSorted(),
  );
  return { simulation, onOthers: onOthers ?? [], onHostile: onHostile ?? [] };
}

const config = configFrom({ flags: new Map(), env: {} });

/** As a user writes it: what the API server fills in is left out. */
function plain(object: KubernetesObject & { spec?: unknown }, as?: string): KubernetesObject {
  const { apiVersion, kind, spec, metadata } = object;
  const at = { namespace: metadata.namespace ?? 'shop', name: as ?? metadata.name };
  return Object.assign({ apiVersion, kind, metadata: at }, { spec });
}

function boomFor(metadata: { readonly name: string }): never[] {
  if (metadata.name === name) throw new TypeError('boom');
  return [];
}

interface Seen {
  readonly key: Key;
  readonly seen: unknown;
}

/** The controller, throwing at one stage for the hostile object of a kind; notes what it has decided on. */
function throwing(
  controller: Controller,
  how: { readonly kind: Kind; readonly stage: Stage | undefined; readonly decided: Set<string> },
): Controller {
  const { kind, stage, decided } = how;
  const isOwn = controller.watches[0]?.kind === kind;
  const onWatch = (one: Watch): Watch => ({
    ...one,
    keys(object, lookup) {
      if (stage === 'keys' && one.kind === kind) boomFor(object.metadata);
      return one.keys(object, lookup);
    },
  });
  const own: Controller<Seen> = {
    ...controller,
    watches: controller.watches.map(onWatch),
    gather(key, world) {
      if (stage === 'gather' && isOwn) boomFor(key);
      const seen = controller.gather(key, world);
      return seen === undefined ? undefined : { key, seen };
    },
    decide({ key, seen }) {
      if (stage === 'decide' && isOwn) boomFor(key);
      const plan = controller.decide(seen);
      // Names of Pods end at random.
      const { namespace = '' } = key;
      const called = controller.name === 'pod-gate' ? key.name.replace(/-\w+$/u, '') : key.name;
      decided.add(`${controller.name} ${namespace}/${called}`);
      return plan;
    },
  };
  return own;
}

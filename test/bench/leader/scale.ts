import { setTimeout as sleep } from 'node:timers/promises';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { configFrom } from '../../../src/config/config.ts';
import { noMetrics } from '../../../src/controllers/engine/engine-metrics.ts';
import { Engine } from '../../../src/controllers/engine/engine.ts';
import type { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { allControllers } from '../../../src/process/controllers.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Slices } from '../../../src/runtime/slices.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { atMost, type Measurements } from '../figure.ts';
import { cachesWithHistory } from './history.ts';
import { versionsPerWorkload } from './history-objects.ts';
import { PromptCluster } from './prompt-cluster.ts';

const workloads = 5_000;
const versions = workloads * versionsPerWorkload;
const definitions = 1_000;
const empty = 'the same in a cluster without any';

/** Whether cost grows with what changes, and not with what there is. */
export const scale: Benchmark = {
  name: 'scale',
  description: `${versions} finished versions at rest, and ${definitions} definitions changed at once, in this process`,
  figures: [
    {
      key: 'scale-rest-requests',
      target: 'T13',
      quantity: `API requests at rest, ${versions} finished versions and ${versions * 2} tasks`,
      unit: '',
      limit: atMost(0, 'count'),
    },
    {
      key: 'scale-rest-decisions',
      target: 'T13',
      quantity: 'the same: decisions at rest',
      unit: '',
      limit: atMost(0, 'count'),
    },
    {
      key: 'scale-rest-cpu',
      target: 'T13',
      quantity: 'the same: CPU for each second at rest',
      unit: 'ms',
      baseline: empty,
    },
    {
      key: 'scale-definitions-decisions',
      quantity: `decisions for each of ${definitions} KeptnTaskDefinitions changed at once, of all controllers`,
      unit: '',
      limit: atMost(4, 'count'),
    },
    {
      key: 'scale-definitions-requests',
      quantity: 'API requests for each of them: its status says that it was observed',
      unit: '',
      limit: atMost(1, 'count'),
    },
    {
      key: 'scale-definitions-cpu',
      quantity: `CPU for all ${definitions}`,
      unit: 'ms',
      baseline: empty,
    },
  ],
  run: measure,
};

interface Cost {
  readonly requests: number;
  readonly decisions: number;
  readonly cpuMs: number;
}

async function measure(bench: Bench): Promise<Measurements> {
  const none = await costs(bench, 0);
  const full = await costs(bench, bench.isQuick ? workloads / 10 : workloads);
  return {
    'scale-rest-requests': { value: full.atRest.requests },
    'scale-rest-decisions': { value: full.atRest.decisions },
    'scale-rest-cpu': { value: full.atRest.cpuMs, baseline: none.atRest.cpuMs },
    'scale-definitions-decisions': { value: full.changed.decisions / definitions },
    'scale-definitions-requests': { value: full.changed.requests / definitions },
    'scale-definitions-cpu': { value: full.changed.cpuMs, baseline: none.changed.cpuMs },
  };
}

/** What a leader costs in a cluster with the history of so many workloads: each second at rest, and when definitions change. */
async function costs(bench: Bench, amount: number): Promise<{ atRest: Cost; changed: Cost }> {
  bench.progress(`${amount * versionsPerWorkload} finished versions`);
  const caches = cachesWithHistory({ workloads: amount });
  const feed = caches.feed(KeptnTaskDefinition);
  feed.listing();
  for (const one of written(1)) feed.listed(one);
  feed.listComplete('1');
  const leader = new Leader(caches);
  const stopping = new AbortController();
  leader.engine.start(stopping.signal);
  await leader.untilQuiet();
  const seconds = bench.isQuick ? 2 : 10;
  const rest = await leader.costOf(() => sleep(seconds * 1_000, undefined, bench));
  const changed = await leader.costOf(async () => {
    for (const one of written(2)) feed.changed(one);
    await leader.untilQuiet();
  });
  if (changed.decisions < definitions) throw new Error('the changes did not reach the controllers');
  stopping.abort();
  await leader.engine.stop();
  return { atRest: { ...rest, cpuMs: rest.cpuMs / seconds }, changed };
}

/** The controllers of a leader, on caches that nothing else feeds. */
class Leader {
  readonly engine: Engine;
  readonly #cluster: PromptCluster;
  #decisions = 0;

  constructor(caches: ObjectCaches) {
    this.#cluster = new PromptCluster(caches);
    this.engine = new Engine(allControllers(configFrom({ flags: new Map(), env: {} })), {
      cluster: this.#cluster,
      caches,
      events: { record: () => undefined },
      clock: systemClock,
      log: silentLog,
      metrics: { ...noMetrics, reconciled: () => void (this.#decisions += 1) },
      random: Math.random,
      turns: new Slices(),
    });
  }

  /** Resolves when nothing has waited or run for a moment. */
  async untilQuiet(): Promise<void> {
    const { engine } = this;
    for (let quiet = 0; quiet < 10; quiet += 1) {
      await sleep(20);
      if (engine.isStarting || engine.load.waiting + engine.load.running > 0) quiet = 0;
    }
  }

  async costOf(happens: () => Promise<unknown>): Promise<Cost> {
    const [requests, decisions, cpu] = [
      this.#cluster.requests,
      this.#decisions,
      process.cpuUsage(),
    ];
    await happens();
    const { user, system } = process.cpuUsage(cpu);
    return {
      requests: this.#cluster.requests - requests,
      decisions: this.#decisions - decisions,
      cpuMs: (user + system) / 1_000,
    };
  }
}

/** As one that `kubectl apply` changes: its image is another one in each generation. */
function definition(at: number, generation: number) {
  const name = `definition-${at}`;
  return {
    apiVersion: KeptnTaskDefinition.apiVersion,
    kind: KeptnTaskDefinition.kind,
    metadata: {
      name,
      namespace: `team-${at % 50}`,
      uid: name,
      resourceVersion: String(generation * 1_000_000 + at),
      generation,
    },
    spec: { container: { name: 'main', image: `registry.example.com/check:${generation}` } },
  };
}

/** All of them, as the caches hold them. */
function written(generation: number): readonly KubernetesObject[] {
  return Array.from({ length: definitions }, (_, at) =>
    project(KeptnTaskDefinition, definition(at, generation)),
  ).filter((one) => one !== undefined);
}

import { silentLog } from '../../../src/kubernetes/wire/silent-log.ts';
import { setTimeout as sleep } from 'node:timers/promises';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { allControllers } from '../../../src/process/controllers.ts';
import { configFrom } from '../../../src/config/config.ts';
import { Engine } from '../../../src/controllers/engine/engine.ts';
import { MetricLoop } from '../../../src/controllers/loops/metric-loop.ts';
import { noMetrics } from '../../../src/controllers/engine/engine-metrics.ts';
import { TraceExport } from '../../../src/controllers/loops/trace-export.ts';
import { type LeaseClient, LeaderElection } from '../../../src/kubernetes/lease/lease.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { Slices } from '../../../src/runtime/slices.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { atMost, type Measurements } from '../figure.ts';
import { cachesWithHistory } from './history.ts';
import { PromptCluster, refuse } from './prompt-cluster.ts';
import { versionsPerWorkload } from './history-objects.ts';
import { StallProbe } from './stall-probe.ts';

const workloads = 2_000;
const versions = workloads * versionsPerWorkload;
const retryMs = 200;

/** What becoming leader costs in a cluster full of history: how long everything else in the process has to wait. */
export const leaderStart: Benchmark = {
  name: 'leader-start',
  description: 'becoming leader with the history of a large cluster, in this process',
  figures: [
    {
      key: 'leader-start-stall',
      target: 'T9',
      quantity: `longest event-loop stall of a leader's start, ${versions} versions, ${versions * 2} tasks, ${versions} ReplicaSets, ${workloads} metrics`,
      unit: 'ms',
      limit: atMost(30, 'time', 'ms'),
    },
    {
      key: 'leader-start-own-stall',
      target: 'T9',
      quantity: 'the same in CPU time: what of it other processes did not cause',
      unit: 'ms',
      limit: atMost(30, 'time', 'ms'),
    },
    {
      key: 'leader-first-renewal',
      target: 'T13',
      quantity: `Lease taken → renewed for the first time; due after ${retryMs} ms`,
      unit: 'ms',
      limit: atMost(retryMs + 100, 'time', 'ms'),
    },
    {
      key: 'leader-start-time',
      target: 'T13',
      quantity: "a leader's start → every key has been decided on",
      unit: 'ms',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const caches = cachesWithHistory({ workloads: bench.isQuick ? workloads / 10 : workloads });
  const config = configFrom({ flags: new Map(), env: {} });
  const cluster = new PromptCluster(caches);
  let reconciles = 0;
  const turns = new Slices();
  const engine = new Engine(allControllers(config), {
    cluster,
    caches,
    events: { record: () => undefined },
    clock: systemClock,
    log: { ...silentLog, warn: complain(bench), error: complain(bench) },
    metrics: { ...noMetrics, reconciled: () => void (reconciles += 1) },
    random: Math.random,
    turns,
  });
  const by = { cluster, caches, clock: systemClock, random: Math.random, turns };
  const log = { ...silentLog, warn: complain(bench), error: complain(bench) };
  const metrics = new MetricLoop({
    ...by,
    source: { query: () => Promise.resolve(['1']) },
    events: { record: () => undefined },
    places: {
      operatorNamespace: config.namespace,
      definitionsNamespace: config.definitionsNamespace,
    },
    log,
  });
  const traces = new TraceExport({
    ...by,
    log,
    // Off: what is measured is what the start goes through, not a collector.
    collector: () => undefined,
    open: () => Promise.reject(new Error('tracing is off')),
  });
  const lease = new TimedLease();
  const stopping = new AbortController();
  // What filling the caches has left is not the start's.
  await sleep(1_000, undefined, { signal: bench.signal });
  const probe = new StallProbe();
  const startedAt = performance.now();
  let doneAt = startedAt;
  const election = new LeaderElection({
    client: lease,
    clock: systemClock,
    random: Math.random,
    namespace: 'keptn-system',
    name: 'sluice',
    identity: 'bench',
    times: { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs },
    async onLeading(signal) {
      engine.start(signal);
      metrics.start();
      traces.start();
      while (engine.isStarting || engine.load.waiting + engine.load.running > 0) await sleep(10);
      doneAt = performance.now();
      while (lease.writes.length < 2) await sleep(10);
      stopping.abort();
      await Promise.all([engine.stop(), metrics.stop(), traces.stop()]);
    },
  });
  await election.run(stopping.signal);
  const longest = probe.stop();
  bench.progress(`${reconciles} reconciles, ${cluster.writes} writes`);
  const [taken = 0, renewed = Infinity] = lease.writes;
  return {
    'leader-start-stall': { value: longest.wallMs },
    'leader-start-own-stall': { value: longest.ownMs },
    'leader-first-renewal': { value: renewed - taken },
    'leader-start-time': { value: doneAt - startedAt },
  };
}

/** A Lease in memory that notes when it was written. */
class TimedLease implements LeaseClient {
  readonly writes: number[] = [];
  #stored: KubernetesObject | undefined;

  get(): Promise<KubernetesObject | undefined> {
    return Promise.resolve(this.#stored);
  }

  create(_kind: unknown, object: KubernetesObject): Promise<KubernetesObject> {
    this.writes.push(performance.now());
    this.#stored = { ...object, metadata: { ...object.metadata, resourceVersion: '1' } };
    return Promise.resolve(this.#stored);
  }

  patch(): Promise<KubernetesObject> {
    this.writes.push(performance.now());
    return this.#stored === undefined ? refuse() : Promise.resolve(this.#stored);
  }
}

function complain(bench: Bench): (fields: object, message: string) => void {
  return (fields, message) => bench.progress(`${message}: ${JSON.stringify(fields)}`);
}

import type { Log } from '../ports/log.ts';
import { lookup } from 'node:dns/promises';
import { type Pod, PodKind } from '../api/builtin.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import type { Kind } from '../api/object.ts';
import type { Config } from '../config/config.ts';
import { BypassedPods, type RunningPods } from '../controllers/loops/bypassed-pods.ts';
import type { EventSink } from '../controllers/engine/cluster.ts';
import { Engine } from '../controllers/engine/engine.ts';
import { HeldPodSweep, type PendingPods } from '../controllers/loops/held-pods.ts';
import { tellLeftOut } from '../controllers/loops/left-out-objects.ts';
import { MetricLoop } from '../controllers/loops/metric-loop.ts';
import { GateWatch } from '../controllers/loops/gate-watch.ts';
import { secretReader } from '../controllers/loops/secret-reader.ts';
import { TraceExport } from '../controllers/loops/trace-export.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import type { ObjectCaches } from '../kubernetes/cache/caches.ts';
import type { Connection } from '../kubernetes/connect.ts';
import type { EventRecorder } from '../kubernetes/events/events.ts';
import { LeaderElection } from '../kubernetes/lease/lease.ts';
import type { WatchReport } from '../kubernetes/watch/watch-all.ts';
import { MetricSources } from '../metrics-providers/sources.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Part } from '../runtime/lifecycle.ts';
import { endsWithin } from '../runtime/ends-within.ts';
import { proxyFor } from '../runtime/proxy.ts';
import { Slices } from '../runtime/slices.ts';
import { sleep } from '../runtime/sleep.ts';
import type { Logger } from '../telemetry/logger.ts';
import { allControllers } from './controllers.ts';
import { decisionsLogged } from './decision-log.ts';
import { followEnds } from './follow-ends.ts';
import { MissingKinds, missingKinds } from './missing-kinds.ts';
import type { ElectionStanding, ProcessMetrics } from './process-metrics.ts';
import type { KeepingTerm } from './certificates.ts';
import { placesOf } from './places.ts';
import { stopTimes } from './stop-times.ts';
import type { Terminal } from './terminal.ts';
import { collectorIn, openExporter } from './tracing.ts';
import { unlessAborted, untilAborted } from './until-aborted.ts';

/** What leading works with. */
export interface LeadershipParts {
  readonly connection: Connection;
  readonly caches: ObjectCaches;
  /** What controllers cannot do without; the other caches are waited for, but not for ever. */
  readonly needed: readonly Kind[];
  /** How the lists and watches fare. */
  readonly reports: () => readonly WatchReport[];
  readonly events: EventRecorder;
  readonly clock: Clock;
  readonly log: Logger;
  /** A log in which an API server that cannot be reached is one line, together with those of other parts. */
  readonly unreachable: (log: Log) => Log;
  readonly config: Config;
  readonly metrics: ProcessMetrics;
  /** Of the process, for the proxies it names. */
  readonly env: Terminal['env'];
  /** Keeps the certificates until its signal is aborted; not given where others do. */
  readonly keepCertificates?: (term: KeepingTerm) => Promise<void>;
}

/** So long a list that is merely slow may take; one that is forbidden never comes. */
const patienceMs = 30_000;

/** The part that stands for election, and what it says of itself. */
export interface Standing extends Part {
  /** Whether controllers run, here or elsewhere, and if not why, in a sentence. */
  readonly state: () => string;
}

/**
 * Stands for election once the caches are filled, and runs engine, metrics, traces and the sweep for held Pods while it leads.
 * When leading ends, everything of it has stopped before the Lease is let go.
 */
export async function leadership(parts: LeadershipParts, identity: string): Promise<Standing> {
  const { connection, clock, config, caches, needed, log } = parts;
  const sources = await metricSources(parts);
  const election = new LeaderElection({
    client: connection.client,
    clock,
    random: Math.random,
    namespace: config.leaseNamespace,
    name: config.leaseName,
    identity,
    times: {
      leaseMs: config.leaseDurationMs,
      renewDeadlineMs: config.leaseRenewDeadlineMs,
      retryMs: config.leaseRetryMs,
    },
    log: parts.unreachable(log.child({ part: 'lease' })),
    onLeading: (signal) => lead(parts, { signal, sources, mayWrite: () => election.isLeader }),
  });
  parts.metrics.ofElection(config.leaseName, () => electionStanding(election, { caches, needed }));
  let standing: Promise<void> = Promise.resolve();
  const stand = async (signal: AbortSignal): Promise<void> => {
    const missing = new MissingKinds({ caches, needed, reports: parts.reports, clock, log });
    missing.watch(signal);
    await withCertificates(parts, signal, () => caches.synced(...needed));
    missing.end();
    await unlessAborted(Promise.race([caches.synced(), sleep(clock, patienceMs, signal)]), signal);
    if (signal.aborted) return;
    const kinds = caches.unsynced();
    if (kinds.length === 0) log.info({}, 'caches are filled');
    else
      log.warn(
        { kinds: kinds.join(', ') },
        'controllers run without these; allow the service account to list them',
      );
    await election.run(signal);
  };
  return {
    name: 'controllers',
    start: (signal) => void (standing = stand(signal)),
    async stop() {
      await standing;
      sources.close();
    },
    stopWithinMs: stopTimes.controllersMs,
    state: () =>
      caches.isSynced(...needed)
        ? election.state
        : `controllers wait for ${missingKinds({ caches, needed, reports: parts.reports })}`,
  };
}

function electionStanding(
  election: LeaderElection,
  { caches, needed }: Pick<LeadershipParts, 'caches' | 'needed'>,
): ElectionStanding {
  const { isLeader, leader, isInTrouble } = election;
  if (!caches.isSynced(...needed)) return { isLeader, leader, blocked: 'KindsMissing' };
  return { isLeader, leader, blocked: isInTrouble ? 'LeaseUnavailable' : undefined };
}

/**
 * Waits for the caches, and keeps the certificates meanwhile although this process does not lead: what is stored in an old version
 * can only be listed once the API server trusts the conversion. Several processes may do so at once; each write is for the
 * objects as they were read.
 */
async function withCertificates(
  { keepCertificates }: LeadershipParts,
  signal: AbortSignal,
  synced: () => Promise<void>,
): Promise<void> {
  const until = new AbortController();
  const either = AbortSignal.any([signal, until.signal]);
  const keeping = keepCertificates?.({ signal: either, mayWrite: () => !either.aborted });
  await unlessAborted(synced(), signal);
  until.abort();
  await keeping;
}

interface Term {
  readonly signal: AbortSignal;
  readonly sources: MetricSources;
  readonly mayWrite: () => boolean;
}

/** One term of leading, from its beginning to the moment at which nothing of it is left. */
async function lead(parts: LeadershipParts, { signal, sources, mayWrite }: Term): Promise<void> {
  const { connection, caches, events, clock, log, config, env } = parts;
  const cluster = connection.client;
  // One for all: what each of them goes through at the start adds up to no longer slice.
  const turns = new Slices();
  const by = { cluster, caches, clock, mayWrite, random: Math.random, turns };
  const logged = toldInLog(events, log.child({ part: 'events' }));
  const gates = new GateWatch({
    caches,
    clock,
    operatorNamespace: config.namespace,
    metrics: parts.metrics.gates,
  });
  const engine = new Engine(allControllers(config), {
    ...by,
    events: logged,
    log: log.child({ part: 'engine' }),
    metrics: parts.metrics.engine,
    onPerformed: (change) => gates.performed(change),
    ...decisionsLogged(config.debugKey, log.child({ part: 'decisions' })),
  });
  const metrics = new MetricLoop({
    ...by,
    source: sources,
    events: logged,
    places: {
      operatorNamespace: config.namespace,
      definitionsNamespace: config.definitionsNamespace,
    },
    log: log.child({ part: 'metrics' }),
  });
  const traces = new TraceExport({
    ...by,
    collector: (seen) => collectorIn(config, seen),
    open: (collector) => openExporter(config, collector, env),
    log: log.child({ part: 'traces' }),
  });
  const sweep = new HeldPodSweep({
    ...by,
    ...placesOf(config),
    cluster: cluster.within({ signal, maySend: mayWrite }),
    lookup: caches,
    pods: podsOf(connection),
    onFailure: ({ error, ...where }) =>
      log.warn(
        { ...where, err: error instanceof Error ? error : undefined },
        where.pod === undefined
          ? 'held Pods of a Namespace could not be looked for; again in a while'
          : 'a held Pod could not be labelled, so nothing releases it; again in a while',
      ),
  });
  const bypassed = new BypassedPods({
    caches,
    events,
    clock,
    pods: podsOf(connection),
    ...placesOf(config),
    onFound: (namespace, count) =>
      log.warn({ namespace, count }, 'Pods run whose version was never judged'),
    onFailure: (namespace, error) =>
      log.warn(
        { namespace, err: error instanceof Error ? error : undefined },
        'Pods that run unjudged could not be looked for',
      ),
  });
  const stopTelling = tellLeftOut(caches.leftOut, events);
  let restarting: Promise<void> = Promise.resolve();
  // What was to be decided meanwhile was not, and what was refused need not wait any longer.
  const restart = async (): Promise<void> => {
    if (signal.aborted || caches.isMissing()) return;
    log.info({}, 'everything is decided anew: all kinds are served again');
    await engine.stop();
    engine.start(signal);
  };
  const stopRestarting = caches.whenServedAgain(() => {
    restarting = restarting.then(restart);
  });
  const keeping = parts.keepCertificates?.({ signal, mayWrite });
  engine.start(signal);
  metrics.start();
  traces.start();
  sweep.start(signal);
  bypassed.start(signal);
  gates.start(signal);
  void followEnds({ caches, recorder: parts.metrics.lifecycle, signal });
  parts.metrics.leads({ engine, gates, bypassed });
  await untilAborted(signal);
  parts.metrics.leadsNoMore();
  stopTelling();
  stopRestarting();
  await restarting;
  await Promise.all([
    keeping,
    engine.stop(),
    endsWithin(metrics.stop(), stopTimes.metricsMs, clock),
  ]);
  // What the engine has just ended is sent as well, while this process may still mark it.
  await endsWithin(traces.stop(), stopTimes.tracesMs, clock);
}

/** What the Events say is logged too: warnings as such, the rest for debugging. */
function toldInLog(events: EventSink, log: Logger): EventSink {
  return {
    record(note, reportedBy) {
      const { kind, metadata } = note.about;
      const fields = {
        kind,
        namespace: metadata.namespace,
        name: metadata.name,
        reason: note.reason,
      };
      if (note.type === 'Warning') log.info(fields, note.message);
      else log.debug(fields, note.message);
      events.record(note, reportedBy);
    },
  };
}

function podsOf({ client }: Connection): PendingPods & RunningPods {
  const isPod = (object: { kind: string }): object is Pod => object.kind === PodKind.kind;
  async function* inPhase(phase: string, namespace: string, signal: AbortSignal) {
    const scope = { namespace, fieldSelector: `status.phase=${phase}` };
    for await (const { items } of client.listPaged(PodKind, scope, signal)) {
      yield items.filter(isPod);
    }
  }
  return {
    pendingPods: (namespace, signal) => inPhase('Pending', namespace, signal),
    runningPods: (namespace, signal) => inPhase('Running', namespace, signal),
  };
}

async function metricSources({
  connection,
  clock,
  config,
  caches,
  env,
}: LeadershipParts): Promise<MetricSources> {
  const { server } = connection;
  const host = server.hostname.replace(/^\[|\]$/gu, '');
  // A name that cannot be resolved now cannot be reached now either; the rule for loopback and link-local stands anyway.
  const addresses = await lookup(host, { all: true }).catch(() => []);
  const port = server.port === '' ? 443 : Number(server.port);
  return new MetricSources({
    policy: {
      allow: new Set(config.allowLoopbackProviders ? ['loopback'] : []),
      allowedHosts: () => settingsFrom(caches.list(KeptnConfig), config.namespace).allowedHosts,
      apiServers: addresses.map(({ address }) => ({ address, port })),
    },
    secrets: secretReader(connection.client),
    clock,
    proxyFor: (url) => proxyFor(url, env),
  });
}

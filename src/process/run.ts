import { randomUUID } from 'node:crypto';
import { webhooks } from '../admission/registry.ts';
import type { Kind } from '../api/object.ts';
import type { Config } from '../config/config.ts';
import { collectorFor } from '../domain/settings/collector.ts';
import { connect, type Connection } from '../kubernetes/connect.ts';
import { ObjectCaches } from '../kubernetes/cache/caches.ts';
import { EventRecorder } from '../kubernetes/events/events.ts';
import { templateDigest } from '../kubernetes/projection/template-digest.ts';
import type { Watching, WatchReport } from '../kubernetes/watch/watch-all.ts';
import { type Clock, systemClock } from '../runtime/clock.ts';
import { shownProxy } from '../runtime/proxy.ts';
import { inOrder, longestStopMs, type Part, sideBySide, startAll } from '../runtime/lifecycle.ts';
import { AdmissionServer } from '../server/admission-server.ts';
import { Certificates } from '../server/certificates.ts';
import type { ServingCertificates } from '../server/serving-certificate.ts';
import { createLogger, type Logger } from '../telemetry/logger.ts';
import { keepCertificates, servedFromSecret } from './certificates.ts';
import { allControllers, indexesOf } from './controllers.ts';
import { leadership, type Standing } from './leadership.ts';
import { placesOf } from './places.ts';
import { processMetrics } from './metrics-part.ts';
import type { ProcessMetrics } from './process-metrics.ts';
import { stopTimes } from './stop-times.ts';
import type { Terminal } from './terminal.ts';
import { openExporter } from './tracing.ts';
import { unreachableOnce } from './unreachable-log.ts';
import { untilAborted } from './until-aborted.ts';
import { userAgent, version } from './version.ts';
import { watchedKinds } from './watched-kinds.ts';
import { defined } from '../api/json.ts';

/**
 * Runs Sluice until it is asked to end: the admission server on every replica, the controllers on the one that holds the
 * Lease. Resolves when everything has stopped in good order; rejects when something cannot start.
 *
 *     connection ─► caches ─► admission server          (ready when the caches it answers from are filled)
 *                        └──► Lease ─► engine, metrics  (when all caches are filled)
 */
export async function run(config: Config, terminal: Terminal): Promise<void> {
  const log = loggerOf(config, terminal);
  terminal.onUncaught((error) => {
    const err = error instanceof Error ? error : new Error(String(error));
    log.error({ err }, 'ending because of an uncaught error');
  });
  const parts = await partsOf(config, { terminal, log });
  const running = await startAll(parts, systemClock);
  const stopsWithinMs = longestStopMs(parts);
  log.info(
    { version, only: config.only, namespace: config.namespace, stopsWithinMs },
    'Sluice has started; /readyz says when it is ready',
  );
  await untilAborted(terminal.stop);
  log.info({}, 'ending');
  await running.stop();
  log.info({}, 'ended');
}

/**
 * What `run --check` does: everything is loaded and put together as far as is possible without a cluster; what exports traces,
 * if the process is given a collector.
 */
export async function checkComposition(config: Config, { env }: Terminal): Promise<void> {
  const { kubeconfig, context } = config;
  if (kubeconfig !== undefined || context !== undefined || env['KUBECONFIG']) {
    // Reads the files; the cluster is not asked.
    const connection = await connect({
      env,
      clock: systemClock,
      version,
      requestTimeoutMs: config.requestTimeoutMs,
      ...defined({ kubeconfig, context }),
    });
    await connection.close();
  }
  const controllers = allControllers(config);
  webhooks({ ...placesOf(config), backstop: config.backstop });
  watchedKinds(config.only, controllers);
  await processMetrics(
    config,
    createLogger({ level: 'silent', format: 'json', write: () => undefined }),
  );
  const collector = collectorFor([], config.namespace, config.otlp);
  if (collector !== undefined) await (await openExporter(config, collector, env)).close();
}

interface Surroundings {
  readonly terminal: Terminal;
  readonly log: Logger;
}

/** The parts in the order in which they start; they stop in the reverse one. */
async function partsOf(config: Config, { terminal, log }: Surroundings): Promise<Part[]> {
  const clock = systemClock;
  const unreachable = unreachableOnce(clock);
  const { kubeconfig, context, only } = config;
  const { metrics, serving } = await processMetrics(config, log);
  const connection = await connect({
    env: terminal.env,
    clock,
    version,
    requestTimeoutMs: config.requestTimeoutMs,
    onAnswer: metrics.onAnswer,
    log: unreachable(log.child({ part: 'cluster' })),
    ...defined({ kubeconfig, context }),
  });
  metrics.ofConnection(connection);
  const { server, proxy } = connection;
  log.info(
    { server: server.href, ...(proxy !== undefined && { proxy: shownProxy(proxy) }), userAgent },
    'this API server is used',
  );
  const controllers = allControllers(config);
  const caches = new ObjectCaches({
    clock,
    indexes: indexesOf(controllers),
    log: log.child({ part: 'caches' }),
  });
  const { watched, forAdmission, forControllers } = watchedKinds(only, controllers);
  const identity = config.identity ?? terminal.processName;

  let watching: Watching | undefined;
  const reports = (): readonly WatchReport[] => watching?.reports() ?? [];
  metrics.ofCaches(caches, reports);
  const parts: Part[] = [
    {
      name: 'connection',
      start: () => undefined,
      stop: () => connection.close(),
      stopWithinMs: stopTimes.connectionMs,
    },
    {
      name: 'caches',
      start: () => void (watching = connection.watchAll(watched, caches)),
      stop: () => watching?.stop(),
      stopWithinMs: stopTimes.cachesMs,
    },
    ...serving,
  ];
  let standing: Standing | undefined;
  let leading: Part | undefined;
  if (only !== 'admission') {
    const events = new EventRecorder({
      client: connection.client,
      clock,
      random: Math.random,
      instance: identity,
      log: log.child({ part: 'events' }),
    });
    metrics.ofEvents(events);
    const needed = forControllers.map(({ kind }) => kind);
    standing = await leadership(
      {
        connection,
        caches,
        needed,
        reports,
        events,
        clock,
        log,
        unreachable,
        config,
        metrics,
        env: terminal.env,
        ...(config.certificates === 'own' && {
          keepCertificates: (term) =>
            keepCertificates(config, { connection, clock, log, events, observer: metrics }, term),
        }),
      },
      `${identity}_${randomUUID().slice(0, 8)}`,
    );
    const telling: Part = {
      name: 'events',
      start: () => undefined,
      stop: () => events.stop(stopTimes.eventsMs - 1_000),
      stopWithinMs: stopTimes.eventsMs,
    };
    leading = inOrder('controllers and their events', [telling, standing], clock);
  }
  const working: Part[] = [];
  if (only !== 'controllers') {
    const kinds = forAdmission.map(({ kind }) => kind);
    const state = standing === undefined ? undefined : standing.state;
    const { certificates, part } = servingCertificates(config, { connection, clock, log });
    metrics.ofCertificate(() => certificates.current);
    if (part !== undefined) parts.push(part);
    const withServer = { log, caches, kinds, metrics, certificates };
    working.push(admissionServer(config, { ...withServer, ...(state && { state }) }));
  }
  if (leading !== undefined) working.push(leading);
  // The server says at once that it is going, however long the controllers take to end.
  return [...parts, sideBySide('admission and controllers', working, clock)];
}

/** Where the serving certificate comes from, and what has to run for it. */
function servingCertificates(
  config: Config,
  by: { readonly connection: Connection; readonly clock: Clock; readonly log: Logger },
): { readonly certificates: ServingCertificates; readonly part?: Part } {
  const log = by.log.child({ part: 'admission' });
  if (config.certificates === 'own') return servedFromSecret(config, { ...by, log });
  const { certFile, keyFile } = config;
  return { certificates: new Certificates({ certFile, keyFile }, { clock: by.clock, log }) };
}

function admissionServer(
  config: Config,
  by: {
    readonly log: Logger;
    readonly caches: ObjectCaches;
    readonly metrics: ProcessMetrics;
    readonly kinds: readonly Kind[];
    readonly certificates: ServingCertificates;
    /** How the controllers of this process stand; not given where there are none. */
    readonly state?: () => string;
  },
): AdmissionServer {
  const { log: base, caches, kinds, metrics, certificates, state } = by;
  const clock = systemClock;
  const log = base.child({ part: 'admission' });
  const { listenAddress, listenPort, probePort, drainMs } = config;
  const { clientCaFile, clientAllowedNames = [] } = config;
  return new AdmissionServer({
    webhooks: webhooks({ ...placesOf(config), backstop: config.backstop, templateDigest }),
    lookup: caches,
    clock,
    metrics: metrics.reviews,
    log,
    certificates,
    listen: { address: listenAddress, port: listenPort },
    drainMs,
    ...defined({ probePort }),
    ...(clientCaFile !== undefined && {
      clients: { caFile: clientCaFile, allowedNames: clientAllowedNames },
    }),
    readiness: [
      {
        name: 'caches',
        problem: () =>
          caches.isSynced(...kinds) ? undefined : `waiting for ${caches.unsynced().join(', ')}`,
        // Pods are held then, as they must be; to answer nothing would refuse those of everybody else as well.
        detail: () => {
          const missing = caches.missing();
          return missing.length === 0
            ? undefined
            : `without ${missing.join(', ')}, which the API server does not serve: what needs them is held until their CustomResourceDefinitions are there again`;
        },
      },
      // Reviews are answered by every replica, so this does not make it unready.
      ...(state === undefined
        ? []
        : [{ name: 'controllers', problem: () => undefined, detail: state }]),
    ],
  });
}

/** Logs go to standard output: it is all that `run` writes there. */
function loggerOf(
  config: Pick<Config, 'logLevel' | 'logFormat'>,
  { log: { write, onLost } }: Pick<Terminal, 'log'>,
): Logger {
  const log = createLogger({ level: config.logLevel, format: config.logFormat, write });
  onLost((lines) =>
    log.warn({ lines }, 'older log lines were left out: what reads the log did not keep up'),
  );
  return log;
}

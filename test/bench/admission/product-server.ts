import { webhooks } from '../../../src/admission/registry.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { AdmissionServer } from '../../../src/server/admission-server.ts';
import { Certificates } from '../../../src/server/certificates.ts';
import { allSeries } from '../../../src/telemetry/metrics/all-series.ts';
import { reviewRecorder } from '../../../src/telemetry/metrics/recorders.ts';
import { MetricRegistry } from '../../../src/telemetry/metrics/registry.ts';
import { createLogger } from '../../../src/telemetry/logger.ts';
import { filledCaches } from './filled-caches.ts';
import { answerMeasures, serverArgumentOfChild } from './server-measures.ts';

/** The admission server as `sluice run` puts it together, on caches that hold a cluster and do not change. */
const { certFile, keyFile } = serverArgumentOfChild();

const log = createLogger({
  level: 'info',
  format: 'json',
  write: (text) => process.stderr.write(text),
});
const server = new AdmissionServer({
  webhooks: webhooks({ operatorNamespace: 'keptn-system' }),
  lookup: filledCaches(),
  clock: systemClock,
  metrics: reviewRecorder(new MetricRegistry(allSeries)),
  log,
  certificates: new Certificates({ certFile, keyFile }, { clock: systemClock, log }),
  listen: { address: '127.0.0.1', port: 0 },
  readiness: [],
});
await server.start();
answerMeasures(server.port);

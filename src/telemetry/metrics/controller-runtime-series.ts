import { counter, gauge, histogram, type Series } from './series.ts';

/**
 * The names and labels of controller-runtime and client-go, so that dashboards and alerts made for operators work.
 * Buckets are fewer than controller-runtime's: quantiles are computed from any.
 */

const reconcileBuckets = [0.001, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
// A review takes fractions of a millisecond and is given up by the API server after three seconds.
const reviewBuckets = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 3];
const queueBuckets = [0.0001, 0.001, 0.01, 0.1, 1, 10, 60, 600];
const requestBuckets = [0.005, 0.025, 0.1, 0.25, 0.5, 1, 2, 4, 8, 15, 30, 60];
const queueLabels = ['name', 'controller'];

export const reconcileTotal = counter(
  'controller_runtime_reconcile_total',
  ['controller', 'result'],
  'Reconciles by how they ended: success, error, or requeue_after (something was refused and is tried again)',
);
export const reconcileErrors = counter(
  'controller_runtime_reconcile_errors_total',
  ['controller'],
  'Reconciles that ended with an error',
);
export const reconcilePanics = counter(
  'controller_runtime_reconcile_panics_total',
  ['controller'],
  'Decisions that threw: a defect of Sluice',
);
export const reconcileTime = histogram(
  'controller_runtime_reconcile_time_seconds',
  ['controller'],
  { help: 'How long a reconcile took', buckets: reconcileBuckets },
);
export const maxConcurrentReconciles = gauge(
  'controller_runtime_max_concurrent_reconciles',
  ['controller'],
  'The most reconciles at once',
);
export const activeWorkers = gauge(
  'controller_runtime_active_workers',
  ['controller'],
  'Reconciles that run now',
);
export const webhookRequests = counter(
  'controller_runtime_webhook_requests_total',
  ['webhook', 'code'],
  'Requests of the API server by path and HTTP status code',
);
export const webhookLatency = histogram('controller_runtime_webhook_latency_seconds', ['webhook'], {
  help: 'How long a request took, from its first byte to the end of its answer',
  buckets: reviewBuckets,
});
export const webhookPanics = counter(
  'controller_runtime_webhook_panics_total',
  [],
  'Reviews by which Sluice threw: a defect of Sluice, answered with 500',
);
export const queueDepth = gauge(
  'workqueue_depth',
  queueLabels,
  'Keys that wait to be worked on now',
);
export const queueAdds = counter('workqueue_adds_total', queueLabels, 'Keys added to the queue');
export const queueRetries = counter(
  'workqueue_retries_total',
  queueLabels,
  'Keys that are worked on again because they failed',
);
export const queueWait = histogram('workqueue_queue_duration_seconds', queueLabels, {
  help: 'How long a key waited before it was worked on',
  buckets: queueBuckets,
});
export const queueWork = histogram('workqueue_work_duration_seconds', queueLabels, {
  help: 'How long a key was worked on',
  buckets: queueBuckets,
});
export const queueUnfinished = gauge(
  'workqueue_unfinished_work_seconds',
  queueLabels,
  'How long the keys that are worked on now have been, added up',
);
export const queueLongest = gauge(
  'workqueue_longest_running_processor_seconds',
  queueLabels,
  'How long the key has been worked on that takes longest',
);
export const restRequests = counter(
  'rest_client_requests_total',
  ['code', 'method', 'host'],
  'Requests to the API server; code is the HTTP status, or <error> when no answer came',
);
export const restDuration = histogram('rest_client_request_duration_seconds', ['verb', 'host'], {
  help: 'How long the API server took to begin its answer, the wait for a connection included',
  buckets: requestBuckets,
});
export const leaderStatus = gauge(
  'leader_election_master_status',
  ['name'],
  '1 on the replica that holds the Lease of this name, 0 on the others',
);
export const controllerRuntimeSeries: readonly Series[] = [
  reconcileTotal,
  reconcileErrors,
  reconcilePanics,
  reconcileTime,
  maxConcurrentReconciles,
  activeWorkers,
  webhookRequests,
  webhookLatency,
  webhookPanics,
  queueDepth,
  queueAdds,
  queueRetries,
  queueWait,
  queueWork,
  queueUnfinished,
  queueLongest,
  restRequests,
  restDuration,
  leaderStatus,
];

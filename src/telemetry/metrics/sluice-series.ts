import { counter, gauge, histogram, type Series } from './series.ts';

/** What Sluice alone can tell. Every label has few values: none names a Namespace, an object or a user. */

const gateWaitBuckets = [1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 14_400, 86_400];
const removalBuckets = [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60];
const checkBuckets = [0.5, 1, 2.5, 5, 10, 30, 60, 120, 300, 600, 1800, 3600];

export const buildInfo = gauge('sluice_build_info', ['version'], 'Always 1; the version that runs');
export const leaderInfo = gauge(
  'sluice_leader_info',
  ['identity'],
  'Always 1; the process that holds the Lease as this replica has last seen it. No series: no process leads',
);
export const controllersRunning = gauge(
  'sluice_controllers_running',
  [],
  '1 while the controllers run on this replica, 0 while they do not',
);
export const controllersBlocked = gauge(
  'sluice_controllers_blocked',
  ['reason'],
  '1 while the controllers cannot start on this replica: KindsMissing (kinds they need cannot be listed; readyz names them), LeaseUnavailable (the Lease cannot be read or written)',
);
export const gateWait = histogram('sluice_gate_wait_seconds', [], {
  help: 'How long a Pod was held: from its creation until its gate was removed',
  buckets: gateWaitBuckets,
});
export const gateRemoval = histogram('sluice_gate_removal_seconds', [], {
  help: 'How long a gate stayed although the Pod might start: from when its version was Released, or from when the Pod was first seen if that was later, until the gate was removed',
  buckets: removalBuckets,
});
export const heldPods = gauge(
  'sluice_held_pods',
  ['reason'],
  'Pods that the gate holds now, by why: VersionUnknown, ChecksRunning, NeedsHelp, ChecksFailed, Superseded, Releasing',
);
export const heldPodsOldest = gauge(
  'sluice_held_pods_oldest_seconds',
  ['reason'],
  'How long the Pod has been held that has been held longest for this reason',
);
export const bypassedPods = gauge(
  'sluice_bypassed_pods',
  [],
  'Annotated Pods that run although their version was never judged, as found by the last look (every ten minutes)',
);
export const wouldBlock = counter(
  'sluice_would_block_total',
  ['kind'],
  'Versions that a failed check, or an application that did not come, would have held in mode block (condition WouldBlock); each is counted once',
);
export const tasksEnded = counter(
  'sluice_tasks_total',
  ['type', 'result'],
  'KeptnTasks that have ended, by type of check (pre, post, promotion, on-success, on-failure) and result (Succeeded, Failed, Warning, Deprecated)',
);
export const taskDuration = histogram('sluice_task_duration_seconds', ['type', 'result'], {
  help: 'How long a KeptnTask took',
  buckets: checkBuckets,
});
export const evaluationsEnded = counter(
  'sluice_evaluations_total',
  ['type', 'result'],
  'KeptnEvaluations that have ended, by type of check (pre-eval, post-eval) and result',
);
export const evaluationDuration = histogram(
  'sluice_evaluation_duration_seconds',
  ['type', 'result'],
  { help: 'How long a KeptnEvaluation took', buckets: checkBuckets },
);
export const reviews = counter(
  'sluice_reviews_total',
  ['webhook', 'outcome'],
  'Reviews by webhook and outcome: allowed, patched, denied, converted, unconvertible, bad-review, fault',
);
export const reconciles = counter(
  'sluice_reconciles_total',
  ['controller', 'outcome'],
  'Reconciles by outcome: settled, gone, refused, unavailable, unsettled, defect, fenced',
);
export const leftOutByController = counter(
  'sluice_objects_left_out_total',
  ['controller', 'kind'],
  'Objects for which a controller could not compute what to wake: a defect of Sluice; the object has the Event LeftOut',
);
export const unreadableObjects = counter(
  'sluice_objects_unreadable_total',
  ['kind'],
  'Times an object could not be taken into the cache and was left out; it has the Event LeftOut',
);
export const eventsWritten = counter('sluice_events_written_total', [], 'Events written');
export const eventsDropped = counter(
  'sluice_events_dropped_total',
  ['reason'],
  'Events that were not written: queueFull, refused, unavailable, stopped',
);
export const apiConnections = counter(
  'sluice_api_connections_total',
  [],
  'Connections opened to the API server',
);
export const cacheObjects = gauge('sluice_cache_objects', ['kind'], 'Objects in the cache');
export const cacheAge = gauge(
  'sluice_cache_age_seconds',
  ['kind'],
  'How long ago the API server last said anything of this kind: a list, a change or a bookmark, which comes about every minute',
);
export const watchRestarts = counter(
  'sluice_watch_restarts_total',
  ['kind'],
  'Watches opened anew after a failure or after 90 s of silence; a watch that the server ends in time does not count',
);
export const missingKinds = gauge(
  'sluice_kinds_missing',
  ['kind'],
  '1 while the API server does not serve a kind that Sluice needs: its CustomResourceDefinition is gone',
);
export const certificateExpiry = gauge(
  'sluice_certificate_expiry_timestamp_seconds',
  ['certificate'],
  'When the certificate expires that is served, in seconds since 1970',
);

export const certificateProblems = gauge(
  'sluice_certificate_problems',
  [],
  'CaBundles and Secrets with certificates that could not be read or written at the last look; on the leader',
);

export const sluiceSeries: readonly Series[] = [
  buildInfo,
  leaderInfo,
  controllersRunning,
  controllersBlocked,
  gateWait,
  gateRemoval,
  heldPods,
  heldPodsOldest,
  bypassedPods,
  wouldBlock,
  tasksEnded,
  taskDuration,
  evaluationsEnded,
  evaluationDuration,
  reviews,
  reconciles,
  leftOutByController,
  unreadableObjects,
  eventsWritten,
  eventsDropped,
  apiConnections,
  cacheObjects,
  cacheAge,
  watchRestarts,
  missingKinds,
  certificateExpiry,
  certificateProblems,
];

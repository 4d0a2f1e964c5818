import type { QueueObserver } from '../../runtime/work-queue.ts';
import {
  queueAdds,
  queueRetries,
  queueWait,
  queueWork,
  reconcileErrors,
  reconcilePanics,
  reconcileTime,
  reconcileTotal,
  restDuration,
  restRequests,
  webhookLatency,
  webhookPanics,
  webhookRequests,
} from './controller-runtime-series.ts';
import type { Recording } from './recording.ts';
import {
  gateRemoval,
  gateWait,
  leftOutByController,
  reconciles,
  reviews,
} from './sluice-series.ts';

/** The ports that server, engine and transport declare for their metrics, on one registry. */

/** Satisfies `ReviewMetrics` of the server. */
export function reviewRecorder(registry: Recording) {
  return {
    reviewed(webhook: string, outcome: string): void {
      registry.add(reviews, { webhook, outcome });
      if (outcome === 'fault') registry.add(webhookPanics);
    },
    responded(path: string, code: number, ms: number): void {
      registry.add(webhookRequests, { webhook: path, code: String(code) });
      registry.observe(webhookLatency, { webhook: path }, ms / 1000);
    },
  };
}

/** controller-runtime's words for how a reconcile ended. */
const results: Readonly<Record<string, string>> = {
  settled: 'success',
  gone: 'success',
  refused: 'requeue_after',
  fenced: 'requeue_after',
};

/** Satisfies `EngineMetrics` of the controllers. */
export function engineRecorder(registry: Recording) {
  return {
    reconciled(controller: string, outcome: string, ms: number): void {
      const result = results[outcome] ?? 'error';
      registry.add(reconcileTotal, { controller, result });
      if (result === 'error') registry.add(reconcileErrors, { controller });
      if (outcome === 'defect') registry.add(reconcilePanics, { controller });
      registry.add(reconciles, { controller, outcome });
      registry.observe(reconcileTime, { controller }, ms / 1000);
    },
    leftOut: (controller: string, kind: string): void =>
      registry.add(leftOutByController, { controller, kind }),
    queue: (controller: string): QueueObserver => queueRecorder(registry, controller),
  };
}

/** What is measured of one queue. */
function queueRecorder(registry: Recording, controller: string): QueueObserver {
  const labels = { name: controller, controller };
  return {
    added: () => registry.add(queueAdds, labels),
    taken: (waitedMs) => registry.observe(queueWait, labels, waitedMs / 1000),
    done: (ms) => registry.observe(queueWork, labels, ms / 1000),
    retried: () => registry.add(queueRetries, labels),
  };
}

/** Satisfies `GateMetrics` of the controllers. */
export function gateRecorder(registry: Recording) {
  return {
    gateRemoved({
      waitedMs,
      removalMs,
    }: {
      waitedMs: number;
      removalMs: number | undefined;
    }): void {
      registry.observe(gateWait, {}, waitedMs / 1000);
      if (removalMs !== undefined) registry.observe(gateRemoval, {}, removalMs / 1000);
    },
  };
}

const methods: Readonly<Record<string, string>> = {
  create: 'POST',
  update: 'PUT',
  patch: 'PATCH',
  delete: 'DELETE',
};

/** Takes note of an answer of the API server; code 0: none came. */
export function requestRecorder(registry: Recording, hostNow: () => string) {
  return ({ verb, code, ms }: { verb: string; code: number; ms: number }): void => {
    const method = methods[verb] ?? 'GET';
    const host = hostNow();
    registry.add(restRequests, { code: code === 0 ? '<error>' : String(code), method, host });
    registry.observe(restDuration, { verb, host }, ms / 1000);
  };
}

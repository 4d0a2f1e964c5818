import { PodKind, type ContainerStatus, type Pod } from '../../../src/api/builtin.ts';
import { refOf } from '../../../src/api/object.ts';
import type { Actor, Stage } from '../simulation.ts';

/** How a Pod of a task ends; `run` means that it does not. */
type Outcome = 'succeed' | 'fail' | 'run';

/** The annotation that says so, see `annotatedOutcome`. */
const outcomeKey = 'sluice.test/outcome';

/** The annotation that says how many seconds a Pod runs before it ends; none by default. */
const secondsKey = 'sluice.test/seconds';

/** With this annotation a Pod runs and never becomes ready. */
export const unreadyKey = 'sluice.test/unready';

/** The outcome a Pod's own annotation asks for; success by default. */
function annotatedOutcome({ metadata }: Pod): Outcome {
  const wanted = metadata.annotations?.[outcomeKey];
  return wanted === 'fail' || wanted === 'run' ? wanted : 'succeed';
}

/**
 * The scheduler and all kubelets: a Pod without gates is bound, runs, and becomes ready, each after a moment. Containers
 * that are not to be restarted for ever (`restartPolicy` other than Always) end as `outcomeOf` says; with `OnFailure` a
 * failed one is started again.
 */
export function kubelet(
  outcomeOf: (pod: Pod) => Outcome = annotatedOutcome,
  lacksImage: (pod: Pod) => boolean = () => false,
): Actor {
  return {
    name: 'kubelet',
    step(stage) {
      for (const pod of stage.store.list(PodKind)) {
        if (pod.spec?.nodeName !== undefined && lacksImage(pod)) pull(pod, stage);
        else proceed(pod, stage, outcomeOf);
      }
    },
  };
}

/** Tries to pull the image of a Pod, again and again. */
function pull(pod: Pod, { store }: Stage): void {
  const state = { waiting: { reason: 'ImagePullBackOff', message: 'no such image' } };
  const containerStatuses = names(pod).map((name) => ({
    name,
    ready: false,
    restartCount: 0,
    state,
  }));
  store.writeStatus(refOf(PodKind, pod), undefined, { phase: 'Pending', containerStatuses });
}

function proceed(pod: Pod, stage: Stage, outcomeOf: (pod: Pod) => Outcome): void {
  const ref = refOf(PodKind, pod);
  const phase = pod.status?.phase;
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
    stage.store.writeStatus(ref, undefined, { phase: 'Pending', conditions });
  } else if (pod.spec?.nodeName === undefined) {
    stage.store.update(PodKind, { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } });
  } else if (phase === undefined || phase === 'Pending') {
    stage.store.writeStatus(ref, undefined, running(pod, 0, stage.now));
  } else if (phase === 'Running' && isNowReady(pod)) {
    stage.store.writeStatus(ref, undefined, running(pod, 0, stage.now));
  } else if (phase === 'Running' && (pod.spec['restartPolicy'] ?? 'Always') !== 'Always') {
    finish(pod, stage, outcomeOf(pod));
  }
}

function finish(pod: Pod, stage: Stage, outcome: Outcome): void {
  const { store, now } = stage;
  const leftMs = endOf(pod) - now;
  if (outcome === 'run') return;
  if (leftMs > 0) return stage.wakeAfter(leftMs);
  const ref = refOf(PodKind, pod);
  const restarts = pod.status?.containerStatuses?.[0]?.restartCount ?? 0;
  const failed = outcome === 'fail';
  const terminated = {
    exitCode: failed ? 3 : 0,
    reason: failed ? 'Error' : 'Completed',
    message: failed ? `attempt ${restarts + 1} went wrong` : 'all is well',
    finishedAt: new Date(now).toISOString(),
  };
  if (failed && pod.spec?.['restartPolicy'] === 'OnFailure') {
    // Started again at once; the Job controller decides how often.
    const next = running(pod, restarts + 1, now);
    const containerStatuses = next.containerStatuses?.map((status) => ({
      ...status,
      lastState: { terminated },
    }));
    store.writeStatus(ref, undefined, { ...next, containerStatuses });
    return;
  }
  const phase = failed ? 'Failed' : 'Succeeded';
  const containerStatuses = names(pod).map((name) => ({
    name,
    ready: false,
    restartCount: restarts,
    state: { terminated },
  }));
  store.writeStatus(ref, undefined, { phase, containerStatuses });
}

/** When a Pod that runs may end. */
function endOf({ metadata, status }: Pod): number {
  const started = status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '';
  return Date.parse(started) + Number(metadata.annotations?.[secondsKey] ?? 0) * 1000;
}

function running(pod: Pod, restartCount: number, now: number): NonNullable<Pod['status']> {
  const state = { running: { startedAt: new Date(now).toISOString() } };
  const containerStatuses: ContainerStatus[] = names(pod).map((name) => ({
    name,
    ready: true,
    restartCount,
    state,
  }));
  const ready = pod.metadata.annotations?.[unreadyKey] === undefined ? 'True' : 'False';
  return { phase: 'Running', conditions: [{ type: 'Ready', status: ready }], containerStatuses };
}

function isNowReady({ metadata, status }: Pod): boolean {
  const wasUnready = status?.conditions?.some(({ status: is }) => is === 'False') === true;
  return wasUnready && metadata.annotations?.[unreadyKey] === undefined;
}

function names(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).map(({ name }) => name);
}

import { PodKind, type ContainerStatus, type Pod } from '../../../api/builtin.ts';
import { refOf } from '../../../api/object.ts';
import type { Actor, Stage } from './actor.ts';

/** How a Pod of a task ends; `run` means that it does not. */
export type Outcome = 'succeed' | 'fail' | 'run';

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
export function kubelet(given: Partial<Fate> = {}): Actor {
  const fate: Fate = {
    outcomeOf: annotatedOutcome,
    becomesReady: isAnnotatedReady,
    lacksImage: () => false,
    ...given,
  };
  return {
    name: 'kubelet',
    step(stage) {
      for (const pod of stage.store.list(PodKind)) {
        if (pod.spec?.nodeName !== undefined && fate.lacksImage(pod)) pull(pod, stage);
        else proceed(pod, stage, fate);
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

/** What becomes of Pods. */
interface Fate {
  /** How a Pod whose containers are not restarted for ever ends. */
  outcomeOf(pod: Pod): Outcome;
  /** Whether a Pod that runs is ready. */
  becomesReady(pod: Pod): boolean;
  /** Whether the image of a Pod cannot be pulled (now). */
  lacksImage(pod: Pod): boolean;
}

function isAnnotatedReady({ metadata }: Pod): boolean {
  return metadata.annotations?.[unreadyKey] === undefined;
}

function proceed(pod: Pod, stage: Stage, fate: Fate): void {
  const ref = refOf(PodKind, pod);
  const phase = pod.status?.phase;
  if ((pod.spec?.schedulingGates ?? []).length > 0) {
    const conditions = [{ type: 'PodScheduled', status: 'False', reason: 'SchedulingGated' }];
    stage.store.writeStatus(ref, undefined, { phase: 'Pending', conditions });
  } else if (pod.spec?.nodeName === undefined) {
    stage.store.update(PodKind, { ...pod, spec: { ...pod.spec, nodeName: 'node-1' } });
  } else if (phase === undefined || phase === 'Pending') {
    stage.store.writeStatus(
      ref,
      undefined,
      running(pod, { restartCount: 0, now: stage.now, isReady: fate.becomesReady(pod) }),
    );
  } else if (phase === 'Running' && isNowReady(pod, fate)) {
    stage.store.writeStatus(
      ref,
      undefined,
      running(pod, { restartCount: 0, now: stage.now, isReady: fate.becomesReady(pod) }),
    );
  } else if (phase === 'Running' && (pod.spec['restartPolicy'] ?? 'Always') !== 'Always') {
    finish(pod, stage, fate);
  }
}

function finish(pod: Pod, stage: Stage, fate: Fate): void {
  const outcome = fate.outcomeOf(pod);
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
    const next = running(pod, {
      restartCount: restarts + 1,
      now,
      isReady: fate.becomesReady(pod),
    });
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

function running(
  pod: Pod,
  as: { readonly restartCount: number; readonly now: number; readonly isReady: boolean },
): NonNullable<Pod['status']> {
  const { restartCount, now, isReady } = as;
  const state = { running: { startedAt: new Date(now).toISOString() } };
  const containerStatuses: ContainerStatus[] = names(pod).map((name) => ({
    name,
    ready: true,
    restartCount,
    state,
  }));
  const ready = isReady ? 'True' : 'False';
  return { phase: 'Running', conditions: [{ type: 'Ready', status: ready }], containerStatuses };
}

function isNowReady(pod: Pod, fate: Fate): boolean {
  const wasUnready = pod.status?.conditions?.some(({ status: is }) => is === 'False') === true;
  return wasUnready && fate.becomesReady(pod);
}

function names(pod: Pod): string[] {
  return (pod.spec?.containers ?? []).map(({ name }) => name);
}

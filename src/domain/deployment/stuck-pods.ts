import type { Pod } from '../../api/builtin.ts';
import { hindranceOf } from '../evidence/evidence.ts';

/** So many Pods are named; the others are counted. */
const mostNamed = 3;

/**
 * The Pods of a revision that are not available, with their nodes and what the kubelet or the scheduler says of them:
 * `cart-x on node-1 (CrashLoopBackOff), cart-y (Unschedulable: 0/3 nodes are available) and 2 more`. Undefined where all are well.
 */
export function describeStuckPods(pods: readonly Pod[]): string | undefined {
  const stuck = pods.filter((pod) => !isReady(pod));
  if (stuck.length === 0) return undefined;
  const named = stuck.slice(0, mostNamed).map(describe);
  const more = stuck.length - named.length;
  return more > 0 ? `${named.join(', ')} and ${more} more` : named.join(', ');
}

/**
 * Whether what was said of Pods before says all that is known now: a container that crashes again and again is ready in
 * between, and each new word costs a write.
 */
export function isToldBy(said: string, pods: readonly Pod[]): boolean {
  return pods
    .filter((pod) => !isReady(pod))
    .slice(0, mostNamed)
    .every((pod) => said.includes(causeOf(pod) === undefined ? pod.metadata.name : describe(pod)));
}

function isReady({ status }: Pod): boolean {
  return (
    status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True') === true
  );
}

function describe(pod: Pod): string {
  const { nodeName } = pod.spec ?? {};
  const where = nodeName === undefined || nodeName === '' ? '' : ` on ${nodeName}`;
  const why = whyNotReady(pod);
  return `${pod.metadata.name}${where}${why === undefined ? '' : ` (${why})`}`;
}

function whyNotReady(pod: Pod): string | undefined {
  if (pod.metadata.deletionTimestamp !== undefined) return 'is being deleted';
  const { status = {} } = pod;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return causeOf(pod) ?? ready?.message ?? ready?.reason ?? status.reason ?? status.phase;
}

/** What keeps a Pod from starting; undefined for one that runs and is only not ready. */
function causeOf(pod: Pod): string | undefined {
  const hindrance = hindranceOf([pod]);
  if (hindrance !== undefined) return `${hindrance.reason}: ${hindrance.message}`;
  const { status = {} } = pod;
  const waiting = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    .map(({ name, state }) => ({ name, reason: state?.waiting?.reason }))
    .find(({ reason }) => reason !== undefined);
  return waiting && `container ${waiting.name}: ${waiting.reason}`;
}

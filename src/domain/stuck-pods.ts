import type { Pod } from '../api/builtin.ts';
import { hindranceOf } from './evidence.ts';

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
  const hindrance = hindranceOf([pod]);
  if (hindrance !== undefined) return `${hindrance.reason}: ${hindrance.message}`;
  const { status = {} } = pod;
  const waiting = [...(status.initContainerStatuses ?? []), ...(status.containerStatuses ?? [])]
    .map(({ name, state }) => ({ name, reason: state?.waiting?.reason }))
    .find(({ reason }) => reason !== undefined);
  if (waiting !== undefined) return `container ${waiting.name}: ${waiting.reason}`;
  const ready = status.conditions?.find(({ type }) => type === 'Ready');
  return ready?.message ?? ready?.reason ?? status.reason ?? status.phase;
}

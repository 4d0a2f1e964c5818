import { fieldOf } from '../../api/json.ts';

/**
 * Why old Pods of this kind of workload end before new ones are made (Kubernetes, update strategies of Deployment, StatefulSet
 * and DaemonSet); undefined where new ones come first. The scheduling gate holds new Pods, so it comes after the old one is gone.
 */
export function oldPodsEndFirst(kind: string, spec: unknown): string | undefined {
  switch (kind) {
    case 'Deployment':
      return ofDeployment(spec);
    case 'StatefulSet':
      return isRolling(spec)
        ? 'a StatefulSet ends each Pod before it makes the new one'
        : undefined;
    case 'DaemonSet':
      return isRolling(spec) && isNone(rolling(spec, 'updateStrategy', 'maxSurge'))
        ? 'a DaemonSet without maxSurge ends the Pod of a node before it makes the new one'
        : undefined;
    default:
      return undefined;
  }
}

function ofDeployment(spec: unknown): string | undefined {
  if (fieldOf(fieldOf(spec, 'strategy'), 'type') === 'Recreate') {
    return 'the strategy Recreate ends all old Pods before new ones are made';
  }
  const replicas = fieldOf(spec, 'replicas') ?? 1;
  const unavailable = rolling(spec, 'strategy', 'maxUnavailable');
  const isAll =
    unavailable === '100%' ||
    (typeof unavailable === 'number' && typeof replicas === 'number' && unavailable >= replicas);
  return isAll && replicas !== 0
    ? 'maxUnavailable lets all old Pods end before new ones are ready'
    : undefined;
}

/** A StatefulSet and a DaemonSet roll unless told to wait for people. */
function isRolling(spec: unknown): boolean {
  return fieldOf(fieldOf(spec, 'updateStrategy'), 'type') !== 'OnDelete';
}

function rolling(spec: unknown, strategy: string, field: string): unknown {
  return fieldOf(fieldOf(fieldOf(spec, strategy), 'rollingUpdate'), field);
}

function isNone(amount: unknown): boolean {
  return amount === undefined || amount === 0 || amount === '0%' || amount === '0';
}

/** What to do about it, for messages. */
export const checkBeforeRollOut =
  'run the checks before the roll-out: in a canary workload of its own that is rolled out first, or by a KeptnTask in the pipeline';

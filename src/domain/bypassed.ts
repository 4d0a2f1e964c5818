import type { Pod } from '../api/builtin.ts';
import { keptnAnnotations } from '../api/keptn/annotations.ts';
import { conditionTypes } from './conditions.ts';
import type { Identity } from './identity.ts';
import { gateIndex } from './pod-gate.ts';
import type { EventNote } from './plan.ts';
import type { RolloutOwner } from './rollout-owner.ts';

/**
 * Whether a Pod runs although it is annotated and its version was never judged: it was there before its Namespace opted
 * in, or came past the webhook. Keptn's marker on a Pod says that its gate was lifted in due form.
 */
export function isBypassed(
  pod: Pod,
  identity: Identity,
  version: { readonly isReleased: boolean },
): boolean {
  const { annotations, deletionTimestamp } = pod.metadata;
  const { phase } = pod.status ?? {};
  return (
    identity.type === 'annotated' &&
    !version.isReleased &&
    gateIndex(pod) < 0 &&
    deletionTimestamp === undefined &&
    phase !== 'Succeeded' &&
    phase !== 'Failed' &&
    annotations?.[keptnAnnotations.gateRemoved] === undefined
  );
}

/** What is said about it, once per owner. They are left alone: to stop what runs is nobody's wish. */
export function bypassedNote({ object }: RolloutOwner, count: number): EventNote {
  const pods = count === 1 ? '1 Pod runs' : `${count} Pods run`;
  return {
    about: object,
    type: 'Warning',
    reason: conditionTypes.bypassed,
    message: `${pods} whose version was never judged: there before the Namespace was enabled, or past the webhook. They are left alone; the next version is held until its checks have passed.`,
  };
}

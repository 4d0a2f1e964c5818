import type { Pod } from '../../api/builtin.ts';
import { conditionTypes } from '../conditions.ts';
import type { Identity } from '../identity/identity.ts';
import { gateIndex } from './pod-gate.ts';
import type { EventNote } from '../plan.ts';
import type { RolloutOwner } from '../owner/rollout-owner.ts';

/**
 * Whether a Pod runs although it is annotated and its version was never judged: it was there before its Namespace opted
 * in, came past the webhook, or had its gate removed by hand. Keptn's marker on a Pod does not tell: anybody who may patch
 * Pods can write it. Only a release on record does.
 */
export function isBypassed(
  pod: Pod,
  identity: Identity,
  version: { readonly isReleased: boolean },
): boolean {
  const { deletionTimestamp } = pod.metadata;
  const { phase } = pod.status ?? {};
  return (
    identity.type === 'annotated' &&
    !version.isReleased &&
    gateIndex(pod) < 0 &&
    deletionTimestamp === undefined &&
    phase !== 'Succeeded' &&
    phase !== 'Failed'
  );
}

/** What is said about it, once per owner. They are left alone: what runs is not stopped. */
export function bypassedNote({ object }: RolloutOwner, count: number): EventNote {
  const pods = count === 1 ? '1 Pod runs' : `${count} Pods run`;
  return {
    about: object,
    type: 'Warning',
    reason: conditionTypes.bypassed,
    message: `${pods} whose version was never released: there before the Namespace was enabled, past the webhook, or with the gate removed by hand. They are left alone; the next version is held until its checks have passed.`,
  };
}

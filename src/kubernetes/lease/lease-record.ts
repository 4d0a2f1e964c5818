import type { Kind, KubernetesObject } from '../../api/object.ts';
import { microTime } from '../wire/micro-time.ts';

/** coordination.k8s.io/v1 Lease, as leader election uses it. */
export interface Lease extends KubernetesObject {
  spec?: LeaseSpec;
}

export interface LeaseSpec {
  /** Empty when its last holder let it go. */
  holderIdentity?: string;
  leaseDurationSeconds?: number;
  acquireTime?: string;
  renewTime?: string;
  leaseTransitions?: number;
}

export const LeaseKind: Kind<Lease> = {
  apiVersion: 'coordination.k8s.io/v1',
  kind: 'Lease',
  plural: 'leases',
  namespaced: true,
};

/** Who writes, and when by the machine's clock: shown to people, never compared. */
export interface Writer {
  readonly identity: string;
  readonly nowMs: number;
  readonly leaseMs: number;
}

/** The spec with which this writer takes the lease, or renews its own. */
export function heldBy({ identity, nowMs, leaseMs }: Writer, before: LeaseSpec = {}): LeaseSpec {
  const renewed = before.holderIdentity === identity;
  const { acquireTime, leaseTransitions = 0 } = before;
  return {
    holderIdentity: identity,
    // Rounded up: others must not take it while its holder still counts on it.
    leaseDurationSeconds: Math.max(1, Math.ceil(leaseMs / 1000)),
    acquireTime: renewed && acquireTime !== undefined ? acquireTime : microTime(nowMs),
    renewTime: microTime(nowMs),
    leaseTransitions:
      renewed || before.holderIdentity === undefined ? leaseTransitions : leaseTransitions + 1,
  };
}

/** The spec of a lease that its holder lets go: the next candidate can take it at once. */
export function letGo(nowMs: number, before: LeaseSpec = {}): LeaseSpec {
  return {
    holderIdentity: '',
    leaseDurationSeconds: 1,
    acquireTime: microTime(nowMs),
    renewTime: microTime(nowMs),
    leaseTransitions: before.leaseTransitions ?? 0,
  };
}

import type { Log } from '../../ports/log.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { Kind, KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { Clock, Timer } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import { heldBy, LeaseKind, letGo, type Lease, type LeaseSpec } from './lease-record.ts';
import { LeaseTrouble } from './lease-trouble.ts';
import { silentLog } from '../wire/silent-log.ts';
import { isOf } from '../cache/object-store.ts';

/** What the election needs of the API server. */
export interface LeaseClient {
  get(ref: ObjectRef, limits: LeaseLimits): Promise<KubernetesObject | undefined>;
  create(kind: Kind, object: KubernetesObject, limits: LeaseLimits): Promise<KubernetesObject>;
  patch(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    limits: LeaseLimits,
  ): Promise<KubernetesObject>;
}

/** A request for the Lease waits behind no other one, is sent once, and is given up in time for the next. */
export interface LeaseLimits {
  readonly timeoutMs: number;
  readonly isUrgent: true;
  readonly signal?: AbortSignal;
}

export interface LeaseTimes {
  /** How long others wait after the last renewal they saw. Default 15 s. */
  readonly leaseMs: number;
  /** How long the leader goes on without renewal; less than `leaseMs`, so that it has stopped before another starts. Default 10 s. */
  readonly renewDeadlineMs: number;
  /** Between two tries to take or renew the lease. Default 2 s. */
  readonly retryMs: number;
}

/** How long a stop waits for an answer about the Lease: for a renewal that is under way, and for letting go. */
const stopMs = 2_000;

const defaultTimes: LeaseTimes = { leaseMs: 15_000, renewDeadlineMs: 10_000, retryMs: 2000 };

export interface LeaderElectionOptions {
  readonly client: LeaseClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly namespace: string;
  readonly name: string;
  /** Unique among all processes that stand, also after a restart: Pod name and something random. */
  readonly identity: string;
  readonly times?: Partial<LeaseTimes>;
  readonly log?: Log;
  /**
   * Leading has begun. The signal is aborted when it is over, for whatever reason; resolve when nothing that leads is running
   * any more. The lease is let go only then.
   */
  onLeading(signal: AbortSignal): Promise<void>;
}

/** What one try at the lease came to. */
type Attempt = 'held' | 'heldByOther' | 'failed';

/**
 * Leader election on a Lease, with client-go's semantics. Spans of time are measured from when this process saw the lease
 * change; times are never compared between machines, so clocks may differ and jump. Every write is conditional on the
 * resourceVersion that was read.
 *
 * A leader that cannot renew within `renewDeadlineMs`, or sees another holder, stops leading and stands again. When `run` is
 * stopped, the lease is emptied after the last leading work has ended, and a successor takes it at its next try.
 */
export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #times: LeaseTimes;
  readonly #log: Log;
  readonly #ref: ObjectRef;
  /** The lease as last read or written, and since when this process has seen it so. */
  #seen: { readonly lease: Lease; readonly sinceMs: number } | undefined;
  /** The last write failed, so what is known may be outdated. */
  #mustRead = true;
  /** When the renewal that counts now was sent; undefined while not leading. */
  #renewedAtMs: number | undefined;
  readonly #trouble: LeaseTrouble;

  constructor(options: LeaderElectionOptions) {
    const { namespace, name } = options;
    this.#options = options;
    this.#times = { ...defaultTimes, ...options.times };
    this.#log = options.log ?? silentLog;
    this.#ref = { kind: LeaseKind, namespace, name };
    this.#trouble = new LeaseTrouble(`${namespace}/${name}`, {
      clock: options.clock,
      log: this.#log,
    });
    const { leaseMs, renewDeadlineMs, retryMs } = this.#times;
    if (!(leaseMs > renewDeadlineMs && renewDeadlineMs > retryMs && retryMs > 0)) {
      throw new RangeError(
        `lease, renew deadline and retry must fall in this order, not ${leaseMs}, ${renewDeadlineMs}, ${retryMs} ms`,
      );
    }
  }

  /**
   * Whether this process may act as leader at this moment. Also false when the deadline has passed unnoticed,
   * because the process was stopped or its event loop was held.
   */
  get isLeader(): boolean {
    return (
      this.#renewedAtMs !== undefined &&
      this.#options.clock.elapsed() - this.#renewedAtMs < this.#times.renewDeadlineMs
    );
  }

  /** Who holds the lease, as far as is known. */
  get leader(): string | undefined {
    return this.#seen?.lease.spec?.holderIdentity || undefined;
  }

  /** Whether the Lease has given no answer for a while. */
  get isInTrouble(): boolean {
    return this.#trouble.lasting !== undefined;
  }

  /** How things stand, in a sentence: who leads and since when, or why that is not known. */
  get state(): string {
    if (this.#trouble.lasting !== undefined) return this.#trouble.lasting;
    if (this.isLeader) return `this process leads since ${this.#since}`;
    return this.leader === undefined
      ? 'no process leads'
      : `${this.leader} leads since ${this.#since}`;
  }

  get #since(): string {
    return this.#seen?.lease.spec?.acquireTime ?? 'an unknown time';
  }

  /** Stands for election, leads, and stands again, until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    while (!signal.aborted) {
      if ((await this.#try(signal)) === 'held') await this.#lead(signal);
      // Spread out, so that replicas do not ask in step.
      if (!signal.aborted) await sleep(clock, this.#times.retryMs * (1 + 0.2 * random()), signal);
    }
  }

  async #lead(signal: AbortSignal): Promise<void> {
    const { identity, name } = this.#options;
    const leading = new AbortController();
    const renewing = new AbortController();
    let patience: Timer | undefined;
    const end = (): void => {
      leading.abort();
      patience = this.#options.clock.after(stopMs, () => renewing.abort());
    };
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
    this.#log.info({ identity, lease: name }, 'leading');
    const work = this.#work(leading);
    await this.#renewUntilOver(leading, renewing.signal);
    await work;
    signal.removeEventListener('abort', end);
    patience?.cancel();
    if (this.isLeader) await this.#release();
    this.#renewedAtMs = undefined;
    this.#log.info({ identity, lease: name }, 'no longer leading');
  }

  async #work(leading: AbortController): Promise<void> {
    try {
      await this.#options.onLeading(leading.signal);
    } catch (error) {
      this.#log.warn({ error: String(error) }, 'leading failed');
      leading.abort();
    }
  }

  /** Renews until leading is over, and ends it when that fails for too long. */
  async #renewUntilOver(leading: AbortController, renewing: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    const { renewDeadlineMs, retryMs } = this.#times;
    const arm = () => clock.after(renewDeadlineMs, () => leading.abort());
    let deadline = arm();
    for (;;) {
      await sleep(clock, retryMs, leading.signal);
      // The process may have slept for long, with no timer noticing.
      if (leading.signal.aborted || !this.isLeader) break;
      const attempt = await this.#try(renewing);
      if (attempt === 'heldByOther') this.#renewedAtMs = undefined;
      if (attempt === 'heldByOther' || leading.signal.aborted) break;
      if (attempt === 'held') {
        deadline.cancel();
        deadline = arm();
      }
    }
    deadline.cancel();
    leading.abort();
  }

  /** Takes or renews the lease, if it is free or ours. Aborted, it fails at once. */
  async #try(signal: AbortSignal): Promise<Attempt> {
    const { client, clock } = this.#options;
    const sentAtMs = clock.elapsed();
    try {
      const lease = await this.#current(signal);
      if (lease !== undefined && this.#isHeldByOther(lease)) return 'heldByOther';
      const spec = heldBy(this.#writer(), lease?.spec);
      if (lease === undefined) {
        const { namespace, name } = this.#options;
        const { apiVersion, kind } = LeaseKind;
        const fresh = { apiVersion, kind, metadata: { namespace, name }, spec };
        this.#see(await client.create(LeaseKind, fresh, this.#limits(signal)));
      } else {
        this.#see(await client.patch(this.#ref, replacingSpec(lease, spec), this.#limits(signal)));
      }
      this.#mustRead = false;
      this.#renewedAtMs = sentAtMs;
      return 'held';
    } catch (error) {
      this.#mustRead = true;
      this.#log.debug({ error: String(error) }, 'lease not taken');
      this.#trouble.failed(
        error instanceof Error ? error.message : String(error),
        error instanceof ClusterError ? error.code : undefined,
      );
      return 'failed';
    }
  }

  /** Our own lease as we wrote it (if it was changed since, the condition of the write fails), any other one live. */
  async #current(signal: AbortSignal): Promise<Lease | undefined> {
    const known = this.#seen?.lease;
    if (!this.#mustRead && known?.spec?.holderIdentity === this.#options.identity) return known;
    const lease = await this.#options.client.get(this.#ref, this.#limits(signal));
    return lease === undefined ? undefined : this.#see(lease);
  }

  #see(object: KubernetesObject): Lease {
    if (!isOf(LeaseKind, object)) throw new TypeError('the answer is no Lease');
    this.#trouble.answered();
    const before = this.leader;
    const isUnchanged = JSON.stringify(object.spec) === JSON.stringify(this.#seen?.lease.spec);
    const nowMs = this.#options.clock.elapsed();
    this.#seen = { lease: object, sinceMs: isUnchanged ? (this.#seen?.sinceMs ?? nowMs) : nowMs };
    if (this.leader !== undefined && this.leader !== before) {
      this.#log.info({ leader: this.leader, since: this.#since }, 'leader');
    }
    return object;
  }

  #isHeldByOther({ spec = {} }: Lease): boolean {
    const { holderIdentity, leaseDurationSeconds } = spec;
    if (!holderIdentity || holderIdentity === this.#options.identity) return false;
    const leaseMs =
      leaseDurationSeconds === undefined ? this.#times.leaseMs : leaseDurationSeconds * 1000;
    const sinceMs = this.#seen?.sinceMs ?? this.#options.clock.elapsed();
    return this.#options.clock.elapsed() - sinceMs < leaseMs;
  }

  async #release(): Promise<void> {
    const lease = this.#seen?.lease;
    if (lease === undefined) return;
    const spec = letGo(this.#options.clock.now(), lease.spec);
    try {
      const limits = { timeoutMs: stopMs, isUrgent: true } as const;
      this.#see(await this.#options.client.patch(this.#ref, replacingSpec(lease, spec), limits));
    } catch (error) {
      // It then runs out by itself.
      const { code, reason } =
        error instanceof ClusterError ? error : { code: 0, reason: 'Unknown' };
      this.#log.debug({ code, reason }, 'lease not let go');
    }
    this.#mustRead = true;
  }

  #writer() {
    const { identity, clock } = this.#options;
    return { identity, nowMs: clock.now(), leaseMs: this.#times.leaseMs };
  }

  /** A request that takes longer would leave no time for another one before the deadline. */
  #limits(signal: AbortSignal): LeaseLimits {
    return { timeoutMs: this.#times.renewDeadlineMs / 2, isUrgent: true, signal };
  }
}

function replacingSpec(lease: Lease, spec: LeaseSpec): JsonPatchOperation[] {
  const { resourceVersion } = lease.metadata;
  return [
    { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/spec', value: spec },
  ];
}

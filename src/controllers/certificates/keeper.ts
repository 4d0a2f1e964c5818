import { ClusterError } from '../../api/cluster-error.ts';
import { type KubernetesObject, type ObjectRef, refKey } from '../../api/object.ts';
import { SecretKind } from '../../api/secret.ts';
import type { StoredCertificates } from '../../domain/certificates/certificate.ts';
import {
  type CertificatesPlan,
  decideCertificates,
  type SecretChange,
  type TrustPlace,
} from '../../domain/certificates/decision.ts';
import type { Log } from '../../ports/log.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import type { Cluster, EventSink } from '../engine/cluster.ts';
import { Fenced } from '../engine/fenced-cluster.ts';
import { isInapplicablePatch } from '../engine/perform.ts';
import { entriesOf, replacing, secretWith, storedIn } from './certificate-secret.ts';
import { changedEntries } from './changed-entries.ts';
import { NextLook } from './next-look.ts';
import type { CertificateIssuer, CertificateObserver, CertificateReader } from './parts.ts';
import { placeOf, trustRefs, trusting } from './trust-places.ts';

/** What keeping certificates needs. */
export interface CertificateKeeperParts {
  /** Writes only while this process leads. */
  readonly cluster: Pick<Cluster, 'get' | 'create' | 'patch'>;
  /** The Secret the certificates are in. */
  readonly namespace: string;
  readonly secretName: string;
  /** The names and addresses by which the API server calls Sluice. */
  readonly hosts: readonly string[];
  readonly issuer: CertificateIssuer;
  readonly reader: CertificateReader;
  /** Calls the listener whenever the Secret or an object with a caBundle may have changed; returns the way to stop. */
  readonly onChange: (listener: () => void) => () => void;
  readonly events: EventSink;
  readonly observer: CertificateObserver;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Several objects often change together; and two who write the same caBundle must not do so without end. */
const together = { baseMs: 250, capMs: 60_000 };
const afterFailure = { baseMs: 1_000, capMs: 60_000 };
/** A leader whose renewal of the Lease was late may not write for a moment, and goes on leading. */
const fencedRetryMs = 500;
/** A repair counts as repeated when another one was necessary so shortly before. */
const repeatedWithinMs = 600_000;

interface Seen {
  readonly secret: KubernetesObject | undefined;
  readonly stored: StoredCertificates | undefined;
  readonly places: readonly TrustPlace[];
  readonly objects: ReadonlyMap<string, KubernetesObject>;
}

/**
 * Keeps the certificates of the webhooks and what the API server trusts: looks at the Secret and at every caBundle as they
 * are, decides (`src/domain/certificates`), does it, and looks again, until nothing is left to do; then after each change.
 * Runs on the leader. Whatever it had done when it ended, a successor goes on from there.
 */
export class CertificateKeeper {
  readonly #parts: CertificateKeeperParts;
  readonly #ref: ObjectRef;
  #looking: Promise<void> = Promise.resolve();
  #next: NextLook | undefined;
  #signal: AbortSignal | undefined;
  #failures = 0;
  /** Looks in a row after which something was written. */
  #changes = 0;
  #repairs: readonly number[] = [];
  /** Since when every caBundle that could be read has been found to hold this text, and in which places. */
  #trusted:
    | { readonly bundle: string; readonly sinceMs: number; readonly places: ReadonlySet<string> }
    | undefined;
  #problems: ReadonlySet<string> = new Set();
  /** When a problem was last told. */
  #toldAtMs = Number.NEGATIVE_INFINITY;
  /** Places whose caBundle the API server did not let us write when it was last tried. */
  readonly #refused = new Set<string>();
  #authorityEnds: number | undefined;
  /** The Secret as Events name it; undefined while there is none. */
  #about: KubernetesObject | undefined;

  constructor(parts: CertificateKeeperParts) {
    this.#parts = parts;
    this.#ref = { kind: SecretKind, namespace: parts.namespace, name: parts.secretName };
  }

  /** What could not be read or written at the last look, in sentences; empty if all is well. */
  get problems(): readonly string[] {
    return [...this.#problems];
  }

  /** Looks at once and goes on until the signal is aborted. */
  start(signal: AbortSignal): void {
    if (signal.aborted) return;
    this.#signal = signal;
    this.#next = new NextLook(this.#parts.clock, signal, () => {
      this.#looking = this.#looking.then(() => this.#look());
    });
    const unsubscribe = this.#parts.onChange(() => this.#lookIn(this.#pauseMs()));
    signal.addEventListener('abort', unsubscribe, { once: true });
    this.#lookIn(0);
  }

  /** Resolves when the look that is under way has ended. */
  async stopped(): Promise<void> {
    await this.#looking;
  }

  #lookIn(ms: number): void {
    this.#next?.within(ms);
  }

  async #look(): Promise<void> {
    if (this.#signal?.aborted !== false) return;
    const problems = new Set<string>();
    try {
      const seen = await this.#gather(problems);
      const { stored, places } = seen;
      const trusted = this.#trusted && {
        bundle: this.#trusted.bundle,
        forMs: this.#parts.clock.elapsed() - this.#trusted.sinceMs,
      };
      const now = this.#parts.clock.now();
      const plan = decideCertificates({ now, stored, places, trusted });
      const isChanged = await this.#perform(plan, seen, problems);
      this.#failures = problems.size === 0 ? 0 : this.#failures + 1;
      const retryMs = backoffMs(this.#failures, afterFailure, this.#parts.random);
      this.#changes = isChanged ? this.#changes + 1 : 0;
      if (isChanged) this.#lookIn(this.#pauseMs());
      else this.#lookIn(problems.size === 0 ? plan.wakeAfterMs : retryMs);
    } catch (error) {
      if (error instanceof Fenced) return this.#lookIn(fencedRetryMs);
      problems.add(`the certificates cannot be looked at: ${wordsOf(error)}`);
      this.#failures += 1;
      this.#lookIn(backoffMs(this.#failures, afterFailure, this.#parts.random));
    }
    this.#tell(problems);
  }

  /** The Secret is read last: a new authority is stored before it is made known. */
  async #gather(problems: Set<string>): Promise<Seen> {
    const { cluster, reader, hosts } = this.#parts;
    const places: TrustPlace[] = [];
    const objects = new Map<string, KubernetesObject>();
    for (const ref of trustRefs) {
      try {
        const object = await cluster.get(ref);
        const place = placeOf(ref, object, reader);
        if (object === undefined || place === undefined) continue;
        places.push({ ...place, isRefused: this.#refused.has(place.id) });
        objects.set(place.id, object);
      } catch (error) {
        if (error instanceof Fenced || !(error instanceof ClusterError)) throw error;
        problems.add(`the caBundle of ${refKey(ref)} cannot be read: ${error.message}`);
        places.push({ id: refKey(ref), authorities: [] });
      }
    }
    const secret = await cluster.get(this.#ref);
    const stored = secret && storedIn(entriesOf(secret), { reader, hosts });
    this.#about = secret && aboutOf(secret);
    this.#observe(stored);
    return { secret, stored, places, objects };
  }

  async #perform(plan: CertificatesPlan, seen: Seen, problems: Set<string>): Promise<boolean> {
    const isRepaired = await this.#trust(plan, seen, problems);
    const isStored = plan.change !== undefined && (await this.#store(plan.change, seen, problems));
    this.#noteTrust(plan, seen);
    return isRepaired || isStored;
  }

  /** Whether something was written, or has changed since it was read. */
  async #trust(plan: CertificatesPlan, seen: Seen, problems: Set<string>): Promise<boolean> {
    const { bundle = '' } = plan;
    let isChanged = false;
    for (const id of plan.distrustful) {
      const object = seen.objects.get(id);
      const ref = trustRefs.find((one) => refKey(one) === id);
      if (object === undefined || ref === undefined) continue;
      const done = await this.#write(
        () => this.#parts.cluster.patch(ref, trusting(object, bundle)),
        (why) => problems.add(`the caBundle of ${id} cannot be written: ${why}`),
      );
      if (done === undefined) {
        this.#refused.add(id);
        continue;
      }
      this.#refused.delete(id);
      isChanged = true;
      if (done === 'raced') continue;
      this.#tellOfTrust(done, { id, isOverwritten: this.#trusted?.bundle === bundle });
      this.#noteRepair();
    }
    return isChanged;
  }

  async #store(change: SecretChange, seen: Seen, problems: Set<string>): Promise<boolean> {
    const { cluster, clock, issuer, hosts, log } = this.#parts;
    const { secret } = seen;
    const by = { issuer, hosts, now: clock.now() };
    const wanted = await changedEntries(change, entriesOf(secret), by);
    const done = await this.#write(
      () =>
        secret === undefined
          ? cluster.create(SecretKind, secretWith(this.#ref, wanted))
          : cluster.patch(this.#ref, replacing(secret, wanted)),
      (why) => problems.add(`${refKey(this.#ref)} cannot be written: ${why}`),
    );
    if (done === undefined) return false;
    if (done === 'raced') return true;
    const message = `${said[change.type]}: ${change.why}`;
    log.info({ secret: this.#ref.name }, message);
    this.#parts.events.record(
      { about: done, type: 'Normal', reason: 'CertificatesRenewed', message },
      'certificates',
    );
    return true;
  }

  /** What the API server answered; `raced` when another was faster. Tells of a refusal. */
  async #write(
    write: () => Promise<KubernetesObject>,
    refused: (why: string) => void,
  ): Promise<KubernetesObject | 'raced' | undefined> {
    try {
      return await write();
    } catch (error) {
      if (error instanceof Fenced || !(error instanceof ClusterError)) throw error;
      if (error.code === 409 || error.code === 404 || isInapplicablePatch(error)) return 'raced';
      refused(error.message);
      return undefined;
    }
  }

  /** A place found to hold the text for the first time starts the count anew: how long it has held it is not known. */
  #noteTrust({ bundle, awaited }: CertificatesPlan, { places }: Seen): void {
    if (bundle === undefined || awaited.length > 0) {
      this.#trusted = undefined;
      return;
    }
    const readable = places.filter(({ bundles }) => bundles !== undefined).map(({ id }) => id);
    const known = this.#trusted?.bundle === bundle ? this.#trusted : undefined;
    if (known !== undefined && readable.every((id) => known.places.has(id))) return;
    const sinceMs = this.#parts.clock.elapsed();
    this.#trusted = { bundle, sinceMs, places: new Set([...(known?.places ?? []), ...readable]) };
  }

  #tellOfTrust(
    object: KubernetesObject,
    { id, isOverwritten }: { readonly id: string; readonly isOverwritten: boolean },
  ): void {
    const { log, events } = this.#parts;
    if (!isOverwritten) return log.info({ object: id }, 'caBundle written');
    const message =
      'something else had changed the caBundle, so that the API server could not trust Sluice; it is as it was';
    log.warn({ object: id }, message);
    events.record(
      { about: object, type: 'Warning', reason: 'CABundleRepaired', message },
      'certificates',
    );
  }

  #noteRepair(): void {
    const now = this.#parts.clock.elapsed();
    this.#repairs = [...this.#repairs.filter((at) => now - at < repeatedWithinMs), now].slice(-100);
  }

  /**
   * Longer, the more often caBundles had to be written of late, and the more looks in a row had something to write: neither
   * another writer nor a Secret that does not hold what was written leads to a loop without pauses.
   */
  #pauseMs(): number {
    const now = this.#parts.clock.elapsed();
    const writes = this.#repairs.filter((at) => now - at < repeatedWithinMs).length;
    // A rotation writes each object twice.
    const repeated = Math.ceil(writes / trustRefs.length) - 2;
    const inARow = this.#changes - 2;
    const times = Math.max(1, repeated, inARow);
    return backoffMs(times, { ...together, jitter: 0 }, this.#parts.random);
  }

  /** What comes of it if the problem stays. */
  #consequence(): string {
    if (this.#authorityEnds === undefined) return '';
    const end = new Date(this.#authorityEnds).toISOString();
    return `. The authority ends at ${end}; what the API server cannot trust by then is not answered`;
  }

  #observe(stored: StoredCertificates | undefined): void {
    const { observer } = this.#parts;
    this.#authorityEnds = stored?.authority?.validUntil;
    if (this.#authorityEnds !== undefined) observer.authorityEnds(this.#authorityEnds);
  }

  /** Each problem is logged at once and every day, with an Event on the Secret, and once more when it is over. */
  #tell(problems: ReadonlySet<string>): void {
    const { log, clock, observer, events } = this.#parts;
    const secret = this.#ref.name;
    observer.problems(problems.size);
    const isDue = clock.elapsed() - this.#toldAtMs >= toldEveryMs;
    const untold = [...problems].filter((problem) => isDue || !this.#problems.has(problem));
    for (const problem of untold) {
      const message = `${problem}; it is tried again${this.#consequence()}`;
      log.warn({ secret }, message);
      if (this.#about === undefined) continue;
      const note = { about: this.#about, type: 'Warning', reason: 'CertificatesBlocked' } as const;
      events.record({ ...note, message }, 'certificates');
    }
    if (untold.length > 0) this.#toldAtMs = clock.elapsed();
    if (this.#problems.size > 0 && problems.size === 0)
      log.info({ secret }, 'certificates and caBundles can be read and written again');
    this.#problems = problems;
  }
}

/** A problem that stays is logged again after this time. */
const toldEveryMs = 86_400_000;

const said: Readonly<Record<SecretChange['type'], string>> = {
  makeAll: 'a new authority and a new certificate',
  makeNext: 'a new authority, which signs once every caBundle has held it for a while',
  makeLeaf: 'a new certificate of the same authority',
  useNext: 'the new authority signs from now on, and a certificate of it is served',
};

/** The object without what it holds. */
function aboutOf({ apiVersion, kind, metadata }: KubernetesObject): KubernetesObject {
  const { namespace, name, uid } = metadata;
  return {
    apiVersion,
    kind,
    metadata: { name, ...(namespace && { namespace }), ...(uid && { uid }) },
  };
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

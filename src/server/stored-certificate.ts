import type { Log } from '../ports/log.ts';
import type { Clock, Timer } from '../runtime/clock.ts';
import type { KeyPair } from './key-pair.ts';
import { CertificateInUse, type ServingCertificates, timeText } from './serving-certificate.ts';

/** A certificate that has not been renewed is warned about so often. */
const warnEveryMs = 3_600_000;

/**
 * The serving certificate from a Secret, which somebody else watches and hands in. The server may listen before there is
 * one; until then it answers no handshake and is not ready.
 */
export class StoredCertificate implements ServingCertificates {
  readonly #inUse: CertificateInUse;
  readonly #clock: Clock;
  readonly #log: Log;
  #timer: Timer | undefined;

  /** `secret` names the Secret: `keptn-system/sluice-certificates`. */
  constructor(secret: string, by: { readonly clock: Clock; readonly log: Log }) {
    const awaited = `waiting for the Secret ${secret}, which the Sluice that leads makes`;
    this.#inUse = new CertificateInUse(by.clock, () => awaited);
    this.#clock = by.clock;
    this.#log = by.log;
  }

  get current(): KeyPair | undefined {
    return this.#inUse.current;
  }

  problem(): string | undefined {
    return this.#inUse.problem();
  }

  detail(): string | undefined {
    return this.#inUse.detail();
  }

  onChange(listener: (pair: KeyPair) => void): () => void {
    return this.#inUse.onChange(listener);
  }

  start(): Promise<void> {
    this.#warnLater();
    return Promise.resolve();
  }

  stop(): void {
    this.#timer?.cancel();
    this.#inUse.stop();
  }

  /** Serves this pair from now on, if it can be served; otherwise what is served stays. */
  offer(pem: { readonly cert: string; readonly key: string }): void {
    const before = this.current?.serialNumber;
    try {
      const { serialNumber, validUntil } = this.#inUse.take(pem);
      if (serialNumber !== before)
        this.#log.info(
          { serialNumber, validUntil: timeText(validUntil) },
          'serving a new certificate',
        );
    } catch (error) {
      this.refuse(error instanceof Error ? error.message : String(error));
    }
  }

  /** There is nothing to serve, for this reason. */
  refuse(problem: string): void {
    if (!this.#inUse.refuse(problem)) return;
    const what =
      this.current === undefined ? 'there is no certificate to serve' : 'the old certificate stays';
    this.#log.warn({ problem }, what);
  }

  #warnLater(): void {
    this.#timer = this.#clock.after(warnEveryMs, () => {
      const problem = this.problem() ?? this.#inUse.ending();
      if (problem !== undefined)
        this.#log.warn({ problem }, 'the serving certificate needs attention');
      this.#warnLater();
    });
  }
}

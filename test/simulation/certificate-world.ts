import { NamespaceKind } from '../../src/api/builtin.ts';
import { type KubernetesObject, type ObjectRef, refKey } from '../../src/api/object.ts';
import { SecretKind } from '../../src/api/secret.ts';
import { entriesOf } from '../../src/controllers/certificates/certificate-secret.ts';
import { CertificateKeeper } from '../../src/controllers/certificates/keeper.ts';
import type {
  CertificateIssuer,
  CertificateReader,
} from '../../src/controllers/certificates/parts.ts';
import { placeOf, trustRefs } from '../../src/controllers/certificates/trust-places.ts';
import { fencedCluster } from '../../src/controllers/engine/fenced-cluster.ts';
import type { EventNote } from '../../src/domain/plan.ts';
import { LogMemory } from '../support/memory/log-memory.ts';
import { type Call, type Fault, MemoryCluster } from '../support/memory/memory-cluster.ts';
import { MemoryStore } from '../../src/cli/played/memory-store.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

/** Certificates as words: who signed, from when to when. Keys are the name of what they belong to. */
const authorityPattern = /CA (\S+) from (-?\d+) until (-?\d+)/gu;
const leafPattern = /leaf (\S+) of (\S+) from (-?\d+) until (-?\d+)/u;

const ref = { kind: SecretKind, namespace: 'keptn-system', name: 'sluice-certificates' };
const host = 'sluice.keptn-system.svc';

/** What a replica serves, as the API server judges it. */
interface ServedLeaf {
  readonly name: string;
  readonly signedBy: string;
  readonly validFrom: number;
  readonly validUntil: number;
}

export interface WorldOptions {
  readonly random: () => number;
  readonly replicas: number;
  /** API servers, each of which sees a changed caBundle up to this late. */
  readonly apiServers: number;
  readonly latestViewMs: number;
  /** How late a replica may load a changed Secret. */
  readonly latestLoadMs: number;
}

/** Leaders that come and go, replicas that serve, API servers that trust: everything but cryptography. */
export class CertificateWorld {
  readonly clock = new TestClock();
  readonly store = new MemoryStore(this.clock);
  readonly log = new LogMemory();
  readonly notes: EventNote[] = [];
  /** As metrics tell it. */
  problems = 0;
  readonly options: WorldOptions;
  /** What went wrong, in words; an oracle of the tests. */
  readonly outages: string[] = [];
  readonly #served: (ServedLeaf | undefined)[];
  readonly #views: Map<string, readonly string[]>[];
  #made = 0;
  #leaders: { readonly stop: AbortController; readonly cluster: MemoryCluster }[] = [];

  constructor(options: WorldOptions) {
    this.options = options;
    this.#served = Array.from({ length: options.replicas }, () => undefined);
    this.#views = Array.from({ length: options.apiServers }, () => new Map<string, string[]>());
    this.store.create(NamespaceKind, {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'keptn-system' },
    });
    for (const one of trustRefs.slice(0, 4)) this.store.create(one.kind, untrusting(one));
    this.store.onChange(({ kind, object, type }) => {
      if (kind.kind === 'Secret') this.#loadSoon(type === 'deleted' ? undefined : object);
      else this.#viewSoon({ kind, name: object.metadata.name }, object);
    });
  }

  get secret(): KubernetesObject | undefined {
    return this.store.get(SecretKind, ref.namespace, ref.name);
  }

  get entries() {
    return entriesOf(this.secret);
  }

  /** A process that leads from now on; a fault answers how a call of it fails, by its number. It writes while it may. */
  lead(
    fault: (call: Call) => Fault | undefined = () => undefined,
    mayWrite: () => boolean = () => true,
  ) {
    const stop = new AbortController();
    const cluster = new MemoryCluster({
      store: this.store,
      clock: this.clock,
      fault,
      crash: () => stop.abort(),
    });
    const keeper = new CertificateKeeper({
      cluster: fencedCluster(cluster, { mayWrite, signal: stop.signal }),
      namespace: ref.namespace,
      secretName: ref.name,
      hosts: [host],
      issuer: this.#issuer(),
      reader,
      onChange: (listener) => this.store.onChange(listener),
      events: { record: (note) => void this.notes.push(note) },
      observer: {
        authorityEnds: () => undefined,
        problems: (count) => void (this.problems = count),
      },
      clock: this.clock,
      random: this.options.random,
      log: this.log,
    });
    keeper.start(stop.signal);
    this.#leaders.push({ stop, cluster });
    return { keeper, hasEnded: () => stop.signal.aborted };
  }

  /** All leaders are killed. */
  kill(): void {
    for (const { stop, cluster } of this.#leaders) {
      stop.abort();
      cluster.die();
    }
    this.#leaders = [];
  }

  /** A replica that has lost its memory and starts again: it serves what the Secret holds. */
  restartReplica(at: number): void {
    this.#served[at] = leafIn(this.secret);
  }

  /**
   * Lets time pass. Whether every API server trusts what every replica serves is judged at each change, and whether it is valid
   * after each step.
   */
  async pass(ms: number, stepMs = 60_000): Promise<void> {
    for (let passed = 0; passed < ms; passed += stepMs) {
      await this.clock.advanceAsync(Math.min(stepMs, ms - passed));
      this.#judge();
    }
  }

  /** Lets days pass in which nothing happens but time: every look in between is left out but the last ones. */
  async passDays(days: number): Promise<void> {
    for (let left = days; left > 0; left -= 30) {
      this.clock.setTimeOfDay(this.clock.now() + Math.min(left, 30) * 86_400_000);
      await this.pass(15 * 60_000, 5 * 60_000);
    }
  }

  /** Notes what an API server would not trust at this moment. */
  #judge(): void {
    const now = this.clock.now();
    for (const [at, leaf] of this.#served.entries()) {
      if (leaf === undefined) continue;
      if (leaf.validUntil <= now || leaf.validFrom > now)
        this.outages.push(`replica ${at} serves ${leaf.name}, which is not valid`);
      for (const view of this.#views) {
        for (const [place, trusted] of view) {
          if (!trusted.includes(leaf.signedBy))
            this.outages.push(`${place} does not trust ${leaf.name} of ${leaf.signedBy}`);
        }
      }
    }
  }

  #loadSoon(secret: KubernetesObject | undefined): void {
    const leaf = leafIn(secret);
    // What is deleted or cannot be served never replaces what is served.
    if (leaf === undefined) return;
    for (const at of this.#served.keys()) {
      this.clock.after(Math.round(this.options.random() * this.options.latestLoadMs), () => {
        const newest = leafIn(this.secret);
        if (newest === undefined) return;
        this.#served[at] = newest;
        this.#judge();
      });
    }
  }

  #viewSoon(place: ObjectRef, object: KubernetesObject): void {
    const authorities = placeOf(place, object, reader)?.authorities ?? [];
    for (const view of this.#views) {
      this.clock.after(Math.round(this.options.random() * this.options.latestViewMs), () => {
        view.set(
          refKey(place),
          authorities.map(({ pem }) => pem),
        );
        this.#judge();
      });
    }
  }

  #issuer(): CertificateIssuer {
    const made = (): number => (this.#made += 1);
    return {
      authority: async ({ validFrom, validUntil }) => {
        const cert = `CA ${made()} from ${validFrom} until ${validUntil}`;
        return { cert, key: cert };
      },
      leaf: async ({ cert: by }, { validFrom, validUntil }) => {
        const [, name = ''] = / (\d+) /u.exec(by) ?? [];
        const cert = `leaf ${made()} of ${name} from ${validFrom} until ${validUntil}`;
        return { cert, key: cert };
      },
    };
  }
}

const reader: CertificateReader = {
  authoritiesIn: (text) =>
    [...text.matchAll(authorityPattern)].map(([pem, , from, until]) => ({
      pem,
      validFrom: Number(from),
      validUntil: Number(until),
    })),
  authority(cert, key) {
    const [found] = reader.authoritiesIn(cert);
    return found && { ...found, canSign: key === cert };
  },
  leaf({ cert, key }, { authorities }) {
    const [pem, , by, from, until] = leafPattern.exec(cert) ?? [];
    if (pem === undefined) return undefined;
    return {
      pem,
      validFrom: Number(from),
      validUntil: Number(until),
      keyFits: key === cert,
      signedBy: authorities.filter((authority) => authority.startsWith(`CA ${by} `)),
      missingHosts: [],
    };
  },
};

function leafIn(secret: KubernetesObject | undefined): ServedLeaf | undefined {
  const found = entriesOf(secret);
  const cert = found['tls.crt'] ?? '';
  const [, name = '', by, from, until] = leafPattern.exec(cert) ?? [];
  const texts = [found['ca.crt'], found['ca.crt.old'], found['next-ca.crt']].join('\n');
  const signedBy = reader.authoritiesIn(texts).find(({ pem }) => pem.startsWith(`CA ${by} `))?.pem;
  if (by === undefined || signedBy === undefined) return undefined;
  return { name, signedBy, validFrom: Number(from), validUntil: Number(until) };
}

function untrusting({ kind, name }: ObjectRef) {
  const webhook = { clientConfig: { service: { name: 'sluice', namespace: 'keptn-system' } } };
  const fields =
    kind.kind === 'CustomResourceDefinition'
      ? { spec: { conversion: { strategy: 'Webhook', webhook } } }
      : {
          webhooks: [
            { name: 'one', ...webhook },
            { name: 'two', ...webhook },
          ],
        };
  return { apiVersion: kind.apiVersion, kind: kind.kind, metadata: { name }, ...fields };
}

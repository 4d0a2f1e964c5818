import {
  type AuthorityFacts,
  type CertificateFacts,
  distinct,
  isDueAt,
  isValidAt,
  type LeafFacts,
  type StoredCertificates,
} from './certificate.ts';
import { lifetimes } from './lifetimes.ts';
import { defined } from '../../api/json.ts';

/** An object with one caBundle or several: a webhook configuration, or a CustomResourceDefinition with a conversion. */
export interface TrustPlace {
  /** Tells it from the others: `CustomResourceDefinition keptnapps.lifecycle.keptn.sh`. */
  readonly id: string;
  /** What each of its caBundles holds, PEM or anything else; undefined where the object cannot be read. */
  readonly bundles?: readonly string[];
  /** Whether the last try to write it was refused. */
  readonly isRefused?: boolean;
  /** The authorities in all of them that can be read. */
  readonly authorities: readonly CertificateFacts[];
}

/** Everything that decides about the certificates. */
export interface CertificatesSeen {
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
  /** What the Secret holds; undefined when there is none. */
  readonly stored: StoredCertificates | undefined;
  readonly places: readonly TrustPlace[];
  /**
   * What every caBundle that could be read has been found to hold, and for how long, in milliseconds; undefined if they
   * differed lately.
   */
  readonly trusted: { readonly bundle: string; readonly forMs: number } | undefined;
}

/** A change of the Secret. What is made anew comes from randomness, so the plan only asks for it. */
export type SecretChange =
  /** An authority and a certificate of it, to be served at once: no other one is trusted. */
  | { readonly type: 'makeAll'; readonly why: string }
  /** An authority that is first made known; these others stay trusted meanwhile. */
  | { readonly type: 'makeNext'; readonly former: readonly string[]; readonly why: string }
  /** A certificate of the present authority. */
  | { readonly type: 'makeLeaf'; readonly why: string }
  /** The next authority takes over, with a certificate of it to be served. */
  | { readonly type: 'useNext'; readonly former: readonly string[]; readonly why: string };

/** What to do, in this order: the bundles, then the Secret; then everything is looked at again. */
export interface CertificatesPlan {
  /** What every caBundle is to hold (PEM); undefined while there is nothing to trust. */
  readonly bundle?: string;
  /** The places that hold something else. */
  readonly distrustful: readonly string[];
  /** Those of them that a rotation waits for. */
  readonly awaited: readonly string[];
  readonly change?: SecretChange;
  /** The latest moment to look again, in milliseconds from now. */
  readonly wakeAfterMs: number;
}

/** The most authorities of unknown origin that stay trusted beside a new one. */
const mostFormer = 5;

/**
 * What is to be done about certificates and caBundles. A certificate is renewed at two thirds of its life. An authority is, too,
 * and in two steps: the new one is stored and stands in every caBundle, and only after a while it signs what is served. The
 * former one stays trusted for as long as something it has signed may be served. All of this is read from the Secret and
 * the bundles again each time, so that another process can go on from wherever one has stopped.
 */
export function decideCertificates(seen: CertificatesSeen): CertificatesPlan {
  const trusted = trustedAuthorities(seen);
  const bundle = trusted.length === 0 ? undefined : bundleOf(trusted);
  const distrustful =
    bundle === undefined
      ? []
      : seen.places.filter(({ bundles }) => bundles?.some((one) => one !== bundle) === true);
  // One place that stays as it is must not let the authority of all the others expire.
  const isUrgent = isNearEnd(seen);
  const awaited = distrustful.filter(({ isRefused }) => !(isUrgent && isRefused === true));
  const isTrusted = awaited.length === 0;
  const trustedForMs =
    isTrusted && bundle !== undefined && seen.trusted?.bundle === bundle ? seen.trusted.forMs : 0;
  const change = changeOf(seen, trusted, { isTrusted, trustedForMs });
  return {
    ...defined({ bundle }),
    distrustful: distrustful.map(({ id }) => id),
    awaited: awaited.map(({ id }) => id),
    ...defined({ change }),
    wakeAfterMs: wakeAfterMs(seen, trustedForMs),
  };
}

/** Whether a tenth of the authority's life is left: then those places decide that can be read and written. */
function isNearEnd({ now, stored }: CertificatesSeen): boolean {
  const authority = stored?.authority;
  if (authority === undefined) return false;
  const { validFrom, validUntil } = authority;
  return now >= validUntil - (validUntil - validFrom) / 10;
}

/** The text of a caBundle with these authorities. */
export function bundleOf(authorities: readonly CertificateFacts[]): string {
  return authorities.map(({ pem }) => `${pem}\n`).join('');
}

/** What the API server has to trust now: whatever may have signed a certificate that is served, or will be soon. */
function trustedAuthorities({ now, stored }: CertificatesSeen): readonly CertificateFacts[] {
  if (stored === undefined) return [];
  const { authority, next, former } = stored;
  const own = [authority, next].filter((one) => one !== undefined);
  const outlived = authority !== undefined && isValidAt(authority, now) && isOld(authority, now);
  return distinct([...own, ...(outlived && next === undefined ? [] : former)]).filter((one) =>
    isValidAt(one, now),
  );
}

/** Whether everything that the authorities before this one have signed has expired. */
function isOld({ validFrom }: CertificateFacts, now: number): boolean {
  return now >= validFrom + lifetimes.backdatedMs + lifetimes.formerMs;
}

/** Whether all caBundles that can be read hold what they are to hold, and for how long they have. */
interface Trust {
  readonly isTrusted: boolean;
  readonly trustedForMs: number;
}

function changeOf(
  seen: CertificatesSeen,
  trusted: readonly CertificateFacts[],
  trust: Trust,
): SecretChange | undefined {
  const { now, stored, places } = seen;
  const authority = signing(stored?.authority, now);
  const next = signing(stored?.next, now);
  const isReadable = places.every(({ bundles }) => bundles !== undefined);
  if (authority === undefined) {
    if (next !== undefined) return whenTrusted(seen, { ...trust, former: trusted, next });
    return anew(seen, trusted);
  }
  const leafProblem = problemOf(stored?.leaf, trusted, now);
  if (leafProblem !== undefined) return { type: 'makeLeaf', why: leafProblem };
  if (next !== undefined && !isDueAt(next, now)) {
    const isTrusted = trust.isTrusted && (isReadable || isNearEnd(seen));
    return whenTrusted(seen, { ...trust, isTrusted, former: trusted, next });
  }
  if (isDueAt(authority, now)) {
    const former = trusted.filter(({ pem }) => pem !== authority.pem && pem !== next?.pem);
    const why = 'two thirds of the life of the authority are over';
    return { type: 'makeNext', former: former.map(({ pem }) => pem), why };
  }
  if (stored?.leaf !== undefined && isDueAt(stored.leaf, now))
    return { type: 'makeLeaf', why: 'two thirds of the life of the certificate are over' };
  return undefined;
}

/** The next authority takes over once it has been trusted for a while; at once where nothing else is trusted. */
function whenTrusted(
  { stored }: CertificatesSeen,
  by: Trust & {
    readonly former: readonly CertificateFacts[];
    readonly next: AuthorityFacts;
  },
): SecretChange | undefined {
  const former = by.former.filter(({ pem }) => pem !== by.next.pem);
  const isServed = former.length > 0 || stored?.leaf !== undefined;
  if (!by.isTrusted || (isServed && by.trustedForMs < lifetimes.settleMs)) return undefined;
  const why = 'every caBundle has held the new authority for long enough';
  return { type: 'useNext', former: former.map(({ pem }) => pem), why };
}

/** There is no authority that could sign. What is trusted now may be what replicas serve from memory: it stays trusted. */
function anew(seen: CertificatesSeen, trusted: readonly CertificateFacts[]): SecretChange {
  const { now, places, stored } = seen;
  const found = places.flatMap(({ authorities }) => authorities);
  const former = distinct([...trusted, ...found]).filter((one) => isValidAt(one, now));
  const why =
    stored === undefined
      ? 'there is no Secret with certificates'
      : 'the Secret holds no authority that is valid and can sign';
  if (former.length === 0) return { type: 'makeAll', why };
  return { type: 'makeNext', former: former.slice(0, mostFormer).map(({ pem }) => pem), why };
}

function signing(authority: AuthorityFacts | undefined, now: number): AuthorityFacts | undefined {
  return authority?.canSign === true && isValidAt(authority, now) ? authority : undefined;
}

/** Why this certificate cannot be served; undefined if it can. */
function problemOf(
  leaf: LeafFacts | undefined,
  trusted: readonly CertificateFacts[],
  now: number,
): string | undefined {
  if (leaf === undefined) return 'the Secret holds no certificate to serve';
  if (!leaf.keyFits) return 'the key in the Secret is not the one of its certificate';
  if (leaf.validUntil <= now) return 'the certificate has expired';
  if (leaf.validFrom > now) return 'the certificate is not valid yet';
  if (!trusted.some(({ pem }) => leaf.signedBy.includes(pem)))
    return 'no trusted authority has signed the certificate';
  const [missing] = leaf.missingHosts;
  return missing === undefined ? undefined : `the certificate is not for ${missing}`;
}

function wakeAfterMs({ stored }: CertificatesSeen, trustedForMs: number): number {
  if (stored?.next === undefined) return lifetimes.lookMs;
  return Math.max(1_000, lifetimes.settleMs - trustedForMs);
}

import type { SecretChange } from '../../domain/certificates/decision.ts';
import { lifetimes } from '../../domain/certificates/lifetimes.ts';
import { type CertificateEntries, entries } from './certificate-secret.ts';
import type { CertificateIssuer, KeyAndCertificate } from './parts.ts';

interface Making {
  readonly issuer: CertificateIssuer;
  readonly hosts: readonly string[];
  /** Milliseconds since the Unix epoch. */
  readonly now: number;
}

/** What the Secret is to hold after this change, with what had to be made for it. */
export async function changedEntries(
  change: SecretChange,
  found: CertificateEntries,
  making: Making,
): Promise<CertificateEntries> {
  switch (change.type) {
    case 'makeAll': {
      const authority = await newAuthority(making);
      return { ...authorityEntries(authority), ...(await newLeaf(authority, making)) };
    }
    case 'makeNext': {
      const { cert, key } = await newAuthority(making);
      return {
        ...found,
        ...formerEntries(change.former),
        [entries.next]: cert,
        [entries.nextKey]: key,
      };
    }
    case 'makeLeaf': {
      const authority = pairOf(found[entries.authority], found[entries.authorityKey]);
      return { ...found, ...(await newLeaf(authority, making)) };
    }
    case 'useNext': {
      const authority = pairOf(found[entries.next], found[entries.nextKey]);
      return {
        ...authorityEntries(authority),
        ...formerEntries(change.former),
        ...(await newLeaf(authority, making)),
      };
    }
  }
}

function newAuthority({ issuer, now }: Making): Promise<KeyAndCertificate> {
  return issuer.authority({
    validFrom: now - lifetimes.backdatedMs,
    validUntil: now + lifetimes.authorityMs,
  });
}

async function newLeaf(
  authority: KeyAndCertificate,
  { issuer, hosts, now }: Making,
): Promise<CertificateEntries> {
  const { cert, key } = await issuer.leaf(authority, {
    hosts,
    validFrom: now - lifetimes.backdatedMs,
    validUntil: now + lifetimes.leafMs,
  });
  return { [entries.leaf]: cert, [entries.leafKey]: key };
}

function authorityEntries({ cert, key }: KeyAndCertificate): CertificateEntries {
  return { [entries.authority]: cert, [entries.authorityKey]: key };
}

function formerEntries(former: readonly string[]): CertificateEntries {
  return { [entries.former]: former.map((pem) => `${pem}\n`).join('') };
}

/** The decision asks for this only where both are there and belong together. */
function pairOf(cert = '', key = ''): KeyAndCertificate {
  return { cert, key };
}

import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { privateKeyOf } from './private-key.ts';

/** What a certificate says of itself; the shape that `src/domain/certificates` decides on. */
interface Facts {
  readonly pem: string;
  readonly validFrom: number;
  readonly validUntil: number;
}

const pemBlocks = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/gu;

/** A bundle is read up to here: nothing Sluice trusts is longer. */
const longestBundle = 100_000;

/** The authorities in a PEM text; what is no certificate of one is left out. */
export function authoritiesIn(text: string): readonly Facts[] {
  return certificatesIn(text)
    .filter(({ ca }) => ca)
    .map(factsOf);
}

/** The authority in this PEM text and whether the key is its own; undefined if there is none. */
export function readAuthority(
  cert: string,
  key: string | undefined,
): (Facts & { readonly canSign: boolean }) | undefined {
  const certificate = certificatesIn(cert).find(({ ca }) => ca);
  return certificate && { ...factsOf(certificate), canSign: isKeyOf(certificate, key) };
}

/** The serving certificate in this PEM text; undefined if there is none. */
export function readLeaf(
  { cert, key }: { readonly cert: string; readonly key: string | undefined },
  by: { readonly authorities: readonly string[]; readonly hosts: readonly string[] },
) {
  const [leaf] = certificatesIn(cert);
  if (leaf === undefined) return undefined;
  return {
    ...factsOf(leaf),
    keyFits: isKeyOf(leaf, key),
    signedBy: by.authorities.filter((pem) => isSignedBy(leaf, pem)),
    missingHosts: by.hosts.filter((host) => !isNamed(leaf, host)),
  };
}

/** Whether a certificate is for a host name or an IP address. */
export function isNamed(leaf: X509Certificate, host: string): boolean {
  return (isIP(host) === 0 ? leaf.checkHost(host) : leaf.checkIP(host)) !== undefined;
}

function certificatesIn(text: string): readonly X509Certificate[] {
  const blocks = text.slice(0, longestBundle).match(pemBlocks) ?? [];
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)];
    } catch {
      return [];
    }
  });
}

function factsOf(certificate: X509Certificate): Facts {
  return {
    pem: certificate.toString().trim(),
    validFrom: certificate.validFromDate.getTime(),
    validUntil: certificate.validToDate.getTime(),
  };
}

function isKeyOf(certificate: X509Certificate, key: string | undefined): boolean {
  try {
    return key !== undefined && certificate.checkPrivateKey(privateKeyOf(key));
  } catch {
    return false;
  }
}

function isSignedBy(leaf: X509Certificate, authority: string): boolean {
  try {
    const issuer = new X509Certificate(authority);
    return leaf.checkIssued(issuer) && leaf.verify(issuer.publicKey);
  } catch {
    return false;
  }
}

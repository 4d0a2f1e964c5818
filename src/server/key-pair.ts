import { X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';
import { privateKeyOf, readableKey } from '../certificates/private-key.ts';

/** A certificate and its key, checked and ready to be served. */
export interface KeyPair {
  /** PEM, with the chain as it was given. */
  readonly cert: string;
  /** PEM, in the form OpenSSL reads. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
  readonly validFrom: number;
  readonly validUntil: number;
  readonly serialNumber: string;
}

/** The certificate or the key cannot be served; the message says which and why. */
export class CertificateUnusable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'CertificateUnusable';
  }
}

/**
 * The pair in these PEM texts. Throws `CertificateUnusable` when one of them cannot be read (a file that is still being
 * written, for example), when they do not belong together, or when the certificate is not valid at `now`.
 */
export function keyPair(pem: { cert: string; key: string }, now: number): KeyPair {
  const certificate = reading('certificate', () => new X509Certificate(pem.cert));
  const key = reading('key', () => privateKeyOf(pem.key));
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateUnusable('the key is not the one of the certificate');
  }
  const validUntil = Date.parse(certificate.validTo);
  if (validUntil <= now) {
    throw new CertificateUnusable(`the certificate has expired at ${certificate.validTo}`);
  }
  const validFrom = Date.parse(certificate.validFrom);
  if (validFrom > now) {
    throw new CertificateUnusable(`the certificate is not valid before ${certificate.validFrom}`);
  }
  const readable = readableKey(key);
  // The chain behind the first certificate is read here only.
  reading('certificate chain', () => createSecureContext({ cert: pem.cert, key: readable }));
  const { serialNumber } = certificate;
  return { cert: pem.cert, key: readable, validFrom, validUntil, serialNumber };
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateUnusable(`the ${what} cannot be read: ${why}`, { cause });
  }
}

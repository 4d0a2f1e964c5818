import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { createSecureContext } from 'node:tls';

/** A certificate and its key, checked and ready to be served. */
export interface KeyPair {
  /** PEM, with the chain as it was given. */
  readonly cert: string;
  /** PEM, in the form OpenSSL reads. */
  readonly key: string;
  /** Milliseconds since the Unix epoch. */
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
  const key = reading('key', () => privateKey(pem.key));
  if (!certificate.checkPrivateKey(key)) {
    throw new CertificateUnusable('the key is not the one of the certificate');
  }
  const validUntil = Date.parse(certificate.validTo);
  if (validUntil <= now) {
    throw new CertificateUnusable(`the certificate has expired at ${certificate.validTo}`);
  }
  if (Date.parse(certificate.validFrom) > now) {
    throw new CertificateUnusable(`the certificate is not valid before ${certificate.validFrom}`);
  }
  const readable = key.export({ format: 'pem', type: 'pkcs8' }).toString();
  // The chain behind the first certificate is read here only.
  reading('certificate chain', () => createSecureContext({ cert: pem.cert, key: readable }));
  return { cert: pem.cert, key: readable, validUntil, serialNumber: certificate.serialNumber };
}

/** Keptn's cert-manager writes a SEC1 key and labels it `PRIVATE KEY`: Go takes it, OpenSSL has to be told. */
function privateKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const body = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/.exec(
      pem,
    )?.[1];
    if (body === undefined) throw cause;
    return createPrivateKey({ key: Buffer.from(body, 'base64'), format: 'der', type: 'sec1' });
  }
}

function reading<T>(what: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new CertificateUnusable(`the ${what} cannot be read: ${why}`, { cause });
  }
}

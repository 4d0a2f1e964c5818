import { createPrivateKey, type KeyObject } from 'node:crypto';

const mislabelled = /-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]+)-----END PRIVATE KEY-----/;

/**
 * The key in this PEM text. Keptn's cert-manager writes a SEC1 key and labels it `PRIVATE KEY`: Go takes it, OpenSSL has to be
 * told. Throws what `createPrivateKey` throws for anything that is no key.
 */
export function privateKeyOf(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch (cause) {
    const body = mislabelled.exec(pem)?.[1];
    if (body === undefined) throw cause;
    return createPrivateKey({ key: Buffer.from(body, 'base64'), format: 'der', type: 'sec1' });
  }
}

/** The key as PEM in the form that OpenSSL reads (PKCS#8). */
export function readableKey(key: KeyObject): string {
  return key.export({ format: 'pem', type: 'pkcs8' }).toString();
}

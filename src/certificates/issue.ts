import { randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import { privateKeyOf, readableKey } from './private-key.ts';

/** A certificate and its key, both PEM. */
export interface Issued {
  readonly cert: string;
  readonly key: string;
}

/** From when to when a certificate is valid, in milliseconds since the Unix epoch. */
export interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

// The default of the library, SHA-1, is refused by the API server.
const algorithms = { keyType: 'ec', curve: 'P-256', algorithm: 'sha256' } as const;

/** A new authority (EC P-256, SHA-256). Its name is its own, so that no client takes another one for it. */
export async function issueAuthority(validity: Validity, name = 'Sluice CA'): Promise<Issued> {
  const { generate } = await import('./generate.ts');
  const subject = `${name} ${randomBytes(6).toString('hex')}`;
  const made = await generate([{ name: 'commonName', value: subject }], {
    ...algorithms,
    ...datesOf(validity),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, critical: true },
    ],
  });
  return { cert: asFile(made.cert), key: asFile(made.private) };
}

/** A serving certificate for these host names and IP addresses, signed by the authority. */
export async function issueLeaf(
  authority: Issued,
  { hosts, ...validity }: Validity & { readonly hosts: readonly string[] },
): Promise<Issued> {
  const { generate } = await import('./generate.ts');
  const made = await generate([{ name: 'commonName', value: 'sluice' }], {
    ...algorithms,
    ...datesOf(validity),
    ca: { key: readableKey(privateKeyOf(authority.key)), cert: authority.cert },
    extensions: [
      { name: 'basicConstraints', cA: false, critical: true },
      { name: 'keyUsage', digitalSignature: true, critical: true },
      { name: 'extKeyUsage', serverAuth: true },
      { name: 'subjectAltName', altNames: hosts.map(alternativeName) },
    ],
  });
  return { cert: asFile(made.cert), key: asFile(made.private) };
}

/** PEM texts are put one behind the other: each ends with its line. */
function asFile(pem: string): string {
  return `${pem.trim()}\n`;
}

function datesOf({ validFrom, validUntil }: Validity) {
  return { notBeforeDate: new Date(validFrom), notAfterDate: new Date(validUntil) };
}

function alternativeName(host: string) {
  return isIP(host) === 0 ? ({ type: 2, value: host } as const) : ({ type: 7, ip: host } as const);
}

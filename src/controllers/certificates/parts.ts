import type {
  CertificateFacts,
  AuthorityFacts,
  LeafFacts,
} from '../../domain/certificates/certificate.ts';

/** A certificate or an authority with its key, both PEM. */
export interface KeyAndCertificate {
  readonly cert: string;
  readonly key: string;
}

/** From when to when something is valid, in milliseconds since the Unix epoch. */
interface Validity {
  readonly validFrom: number;
  readonly validUntil: number;
}

/** Makes keys and certificates; `src/certificates` does. */
export interface CertificateIssuer {
  authority(validity: Validity): Promise<KeyAndCertificate>;
  leaf(
    authority: KeyAndCertificate,
    wanted: Validity & { readonly hosts: readonly string[] },
  ): Promise<KeyAndCertificate>;
}

/** Reads certificates; `src/certificates` does. What cannot be read is not there. */
export interface CertificateReader {
  authoritiesIn(text: string): readonly CertificateFacts[];
  authority(cert: string, key: string | undefined): AuthorityFacts | undefined;
  leaf(
    pair: { readonly cert: string; readonly key: string | undefined },
    by: { readonly authorities: readonly string[]; readonly hosts: readonly string[] },
  ): LeafFacts | undefined;
}

/** Told when the certificates of this installation end; for metrics. Times are milliseconds since the Unix epoch. */
export interface CertificateObserver {
  validUntil(which: 'serving' | 'authority', at: number): void;
}

/** Where the controllers of certificates write what they did and what they could not do. */
export interface CertificateLog {
  info(fields: Readonly<Record<string, string>>, message: string): void;
  warn(fields: Readonly<Record<string, string>>, message: string): void;
}

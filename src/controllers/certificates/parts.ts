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

/** Told what metrics say of the certificates. */
export interface CertificateObserver {
  /** When the authority ends, in milliseconds since the Unix epoch. */
  authorityEnds(at: number): void;
  /** How many caBundles and Secrets could not be read or written at the last look. */
  problems(count: number): void;
}

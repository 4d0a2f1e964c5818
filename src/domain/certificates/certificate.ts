/** What a certificate says of itself. Times are milliseconds since the Unix epoch. */
export interface CertificateFacts {
  /** One PEM block, without surrounding white space: the same text for the same certificate. */
  readonly pem: string;
  readonly validFrom: number;
  readonly validUntil: number;
}

/** The certificate of an authority, and whether its key is there and belongs to it. */
export interface AuthorityFacts extends CertificateFacts {
  readonly canSign: boolean;
}

/** The certificate that is served. */
export interface LeafFacts extends CertificateFacts {
  readonly keyFits: boolean;
  /** The PEM of each known authority that has signed it. */
  readonly signedBy: readonly string[];
  /** Names it is to be served by and does not carry. */
  readonly missingHosts: readonly string[];
}

/** What the Secret holds; what cannot be read counts as not there. */
export interface StoredCertificates {
  readonly authority?: AuthorityFacts;
  /** The authority that signs from the moment on at which everybody trusts it. */
  readonly next?: AuthorityFacts;
  /** Authorities whose certificates may still be served. */
  readonly former: readonly CertificateFacts[];
  readonly leaf?: LeafFacts;
}

/** Whether a certificate is valid at this moment. */
export function isValidAt({ validFrom, validUntil }: CertificateFacts, now: number): boolean {
  return validFrom <= now && now < validUntil;
}

/** Whether two thirds of its life are over. */
export function isDueAt({ validFrom, validUntil }: CertificateFacts, now: number): boolean {
  return now >= validFrom + ((validUntil - validFrom) * 2) / 3;
}

/** The certificates without those that come a second time. */
export function distinct<T extends CertificateFacts>(certificates: readonly T[]): readonly T[] {
  return [...new Map(certificates.toReversed().map((one) => [one.pem, one])).values()].toReversed();
}

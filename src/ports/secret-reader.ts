/** Reads one Secret by its name. Secrets are never listed, watched or cached. */
export interface SecretReader {
  /** The decoded entries, or undefined when there is no such Secret. Rejects with `ClusterError`. */
  read(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

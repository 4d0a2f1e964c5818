import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Cluster } from '../engine/cluster.ts';

/** Reads one Secret by its name. Secrets are never listed, watched or cached. */
export interface SecretReader {
  /** The decoded entries, or undefined when there is no such Secret. Rejects with `ClusterError`. */
  read(namespace: string, name: string): Promise<Readonly<Record<string, string>> | undefined>;
}

interface Secret extends KubernetesObject {
  data?: unknown;
}

const SecretKind: Kind<Secret> = {
  apiVersion: 'v1',
  kind: 'Secret',
  plural: 'secrets',
  namespaced: true,
};

/** Secrets as the API server has them at this moment. */
export function secretReader(cluster: Pick<Cluster, 'get'>): SecretReader {
  return {
    async read(namespace, name) {
      const secret = await cluster.get({ kind: SecretKind, namespace, name });
      return secret === undefined ? undefined : entriesOf(secret);
    },
  };
}

function entriesOf(secret: Secret): Record<string, string> {
  const { data } = secret;
  if (typeof data !== 'object' || data === null) return {};
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, Buffer.from(value, 'base64').toString('utf8')]] : [],
    ),
  );
}

import type { SecretReader } from '../../ports/secret-reader.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Cluster } from '../engine/cluster.ts';

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

import type { KubernetesObject } from '../../api/object.ts';
import { SecretKind } from '../../api/secret.ts';
import type { SecretReader } from '../../ports/secret-reader.ts';
import type { Cluster } from '../engine/cluster.ts';

/** Secrets as the API server has them at this moment. */
export function secretReader(cluster: Pick<Cluster, 'get'>): SecretReader {
  return {
    async read(namespace, name) {
      const secret: (KubernetesObject & { readonly data?: unknown }) | undefined =
        await cluster.get({
          kind: SecretKind,
          namespace,
          name,
        });
      return secret && entriesOf(secret);
    },
  };
}

function entriesOf(secret: KubernetesObject & { readonly data?: unknown }): Record<string, string> {
  const { data } = secret;
  if (typeof data !== 'object' || data === null) return {};
  return Object.fromEntries(
    Object.entries(data).flatMap(([key, value]) =>
      typeof value === 'string' ? [[key, Buffer.from(value, 'base64').toString('utf8')]] : [],
    ),
  );
}

import type { SecretReader } from '../ports/secret-reader.ts';
import type { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';

/** The Secret a provider names cannot be used. */
class CredentialsMissing extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'CredentialsMissing';
  }
}

/** The `Authorization` header for the Prometheus family (Keptn's keys `user` and `password`), if the provider names a Secret. */
export async function basicAuth(
  provider: KeptnMetricsProvider,
  secrets: SecretReader,
): Promise<Readonly<Record<string, string>>> {
  const reference = provider.spec.secretKeyRef;
  const name = reference?.name?.trim() ?? '';
  if (name === '') return {};
  const namespace = provider.metadata.namespace ?? '';
  const entries = await secrets.read(namespace, name);
  if (entries === undefined) {
    if (reference?.optional === true) return {};
    throw new CredentialsMissing(
      `the Secret ${namespace}/${name} that spec.secretKeyRef of the provider names does not exist`,
    );
  }
  const { user, password } = entries;
  if (user === undefined || password === undefined) {
    throw new CredentialsMissing('secret key does not contain user and password');
  }
  return { authorization: `Basic ${Buffer.from(`${user}:${password}`).toString('base64')}` };
}

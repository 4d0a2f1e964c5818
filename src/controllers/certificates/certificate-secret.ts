import { type Secret, SecretKind } from '../../api/secret.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import type { KubernetesObject, ObjectRef } from '../../api/object.ts';
import { distinct, type StoredCertificates } from '../../domain/certificates/certificate.ts';
import type { CertificateReader } from './parts.ts';
import { defined } from '../../api/json.ts';

/** The entries of the Secret. Those that Keptn's cert-manager writes as well have its names. */
export const entries = {
  authority: 'ca.crt',
  authorityKey: 'ca.key',
  former: 'ca.crt.old',
  next: 'next-ca.crt',
  nextKey: 'next-ca.key',
  leaf: 'tls.crt',
  leafKey: 'tls.key',
} as const;

type Entry = (typeof entries)[keyof typeof entries];
/** The entries as text; undefined where there is none. */
export type CertificateEntries = Readonly<Partial<Record<Entry, string>>>;

/** The entries that certificates are in, decoded. */
export function entriesOf(secret: KubernetesObject | undefined): CertificateEntries {
  const data: Readonly<Record<string, unknown>> =
    (isSecret(secret) ? secret.data : undefined) ?? {};
  return Object.fromEntries(
    Object.values(entries).flatMap((name) => {
      const value = data[name];
      return typeof value === 'string' ? [[name, decoded(value)]] : [];
    }),
  );
}

function isSecret(object: KubernetesObject | undefined): object is Secret {
  return object?.kind === SecretKind.kind;
}

/** What the entries hold. */
export function storedIn(
  found: CertificateEntries,
  { reader, hosts }: { readonly reader: CertificateReader; readonly hosts: readonly string[] },
): StoredCertificates {
  const authority = reader.authority(found[entries.authority] ?? '', found[entries.authorityKey]);
  const next = reader.authority(found[entries.next] ?? '', found[entries.nextKey]);
  const former = distinct(reader.authoritiesIn(found[entries.former] ?? ''));
  const known = [authority, next, ...former].flatMap((one) => one?.pem ?? []);
  const leaf = reader.leaf(
    { cert: found[entries.leaf] ?? '', key: found[entries.leafKey] },
    { authorities: known, hosts },
  );
  return {
    former,
    ...defined({ authority, next, leaf }),
  };
}

/** A Secret with these entries, to be created. */
export function secretWith(ref: ObjectRef, wanted: CertificateEntries): Secret {
  const { namespace = '', name } = ref;
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' },
    },
    type: 'Opaque',
    data: encoded(wanted),
  };
}

/**
 * What makes a Secret hold these entries and, of certificates, no others. It holds only for the Secret as it was read: two
 * processes cannot both write what comes next.
 */
export function replacing(
  secret: KubernetesObject,
  wanted: CertificateEntries,
): readonly JsonPatchOperation[] {
  const data = (isSecret(secret) ? secret.data : undefined) ?? {};
  const own = new Set<string>(Object.values(entries));
  const others = Object.entries(data).filter(([name]) => !own.has(name));
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: secret.metadata.resourceVersion },
    { op: 'add', path: '/data', value: { ...Object.fromEntries(others), ...encoded(wanted) } },
  ];
}

function encoded(wanted: CertificateEntries): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).map(([name, value]) => [name, Buffer.from(value).toString('base64')]),
  );
}

function decoded(value: string): string {
  return Buffer.from(value, 'base64').toString('utf8');
}

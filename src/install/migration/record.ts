import { gunzipSync, gzipSync } from 'node:zlib';
import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject, ObjectRef } from '../../api/object.ts';
import type { InstallCluster } from '../install-cluster.ts';
import { unlessGone } from '../remove-object.ts';
import { ConfigMapKind, isKeptnsRegistration, ServiceKind, takenService } from './keptn-parts.ts';
import { refuseUnsealed, seal, sealOf, sealOn, unseal } from './record-seal.ts';

/** The ConfigMap, in the namespace of Sluice, that holds what a Keptn had before Sluice took over. */
export const recordName = 'sluice-migration';

/** An object as JSON, of which everything is kept. */
export type RecordedObject = KubernetesObject & Readonly<Record<string, unknown>>;

/** What a Keptn had before Sluice took over: configurations, CRDs, APIServices and Services, as the API server had them. */
export interface MigrationRecord {
  readonly ref: ObjectRef;
  readonly uid: string;
  readonly objects: readonly RecordedObject[];
}

const refIn = (namespace: string): ObjectRef => ({
  kind: ConfigMapKind,
  namespace,
  name: recordName,
});

type Packed = Readonly<Record<string, string>>;

/**
 * The record of a migration; undefined where none has begun, or where a ConfigMap of that name is none that a migration has made.
 * Rejects where it was changed or deleted since it was made, and where it cannot be read as one.
 */
export async function readRecord(
  namespace: string,
  cluster: Pick<InstallCluster, 'get'>,
): Promise<MigrationRecord | undefined> {
  const ref = refIn(namespace);
  const sealed = await sealOn(namespace, cluster);
  if (sealed === undefined) return undefined;
  const found = await cluster.get(ref);
  const entries = packedIn(found);
  refuseUnsealed(entries, { seal: sealed, namespace, name: recordName });
  const objects = Object.values(entries ?? {}).map((entry) => unpacked(entry, namespace));
  return { ref, uid: found?.metadata.uid ?? '', objects };
}

/** Records what is there, unless that was done before: a migration that goes on has changed it since. */
export async function keepRecord(
  namespace: string,
  objects: readonly KubernetesObject[],
  cluster: Pick<InstallCluster, 'get' | 'create' | 'delete' | 'patch'>,
): Promise<MigrationRecord> {
  const known = await readRecord(namespace, cluster);
  if (known !== undefined) return known;
  await removeUnsealed(namespace, cluster);
  const binaryData = Object.fromEntries(objects.map((object) => [keyOf(object), packed(object)]));
  const record = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: {
      name: recordName,
      namespace,
      labels: { 'app.kubernetes.io/part-of': 'keptn', 'app.kubernetes.io/name': 'sluice' },
    },
    binaryData,
  };
  await cluster.create(ConfigMapKind, record);
  await seal(namespace, sealOf(binaryData), cluster);
  const kept = await readRecord(namespace, cluster);
  if (kept === undefined) throw new Error(`Namespace ${namespace} lost the seal of the record`);
  return kept;
}

/** Ends a migration: what it has recorded is done with. */
export async function dropRecord(
  { ref, uid }: MigrationRecord,
  cluster: Pick<InstallCluster, 'get' | 'delete' | 'patch'>,
): Promise<void> {
  // A record without a seal is none, so that a stop between the two leaves nothing that counts.
  await unseal(ref.namespace ?? '', cluster);
  await unlessGone(cluster.delete(ref, { uid }));
}

/** What has the name of a record was left by a migration that was stopped before it changed anything, or is of someone else. */
async function removeUnsealed(
  namespace: string,
  cluster: Pick<InstallCluster, 'get' | 'delete'>,
): Promise<void> {
  const found = await cluster.get(refIn(namespace));
  const { uid } = found?.metadata ?? {};
  if (uid !== undefined) await unlessGone(cluster.delete(refIn(namespace), { uid }));
}

function packedIn(configMap: KubernetesObject | undefined): Packed | undefined {
  if (configMap === undefined) return undefined;
  const entries = Object.entries(Object(fieldOf(configMap, 'binaryData')));
  return Object.fromEntries(
    entries.flatMap(([key, entry]) => (typeof entry === 'string' ? [[key, entry] as const] : [])),
  );
}

function keyOf({ kind, metadata: { name } }: KubernetesObject): string {
  return `${kind}.${name}.json.gz`.replaceAll(/[^-._a-zA-Z0-9]/gu, '_');
}

/** Without what the API server gives an object: it is made anew by its content. */
function packed(object: KubernetesObject): string {
  const { name, namespace, labels, annotations } = object.metadata;
  const { status: _, ...rest } = Object(object);
  const content = { ...rest, metadata: { name, namespace, labels, annotations } };
  return gzipSync(JSON.stringify(content), { level: 9 }).toString('base64');
}

/** The API server keeps an object below two MiB as JSON. */
const largestBytes = 4 * 1024 * 1024;

function unpacked(entry: string, namespace: string): RecordedObject {
  const place = `ConfigMap ${namespace}/${recordName}`;
  const text = textOf(entry, place);
  const object: unknown = JSON.parse(text);
  if (!isRecorded(object)) {
    throw new Error(`${place} holds an entry that is no object: ${text.slice(0, 80)}`);
  }
  if (isRecordable(object, namespace)) return object;
  throw new Error(
    `${place} holds ${object.apiVersion} ${object.kind} ${object.metadata.name}, which is no part of a Keptn, so Sluice did not record it and nothing is made of it. Find out who wrote it; without that entry the same command goes on`,
  );
}

function textOf(entry: string, place: string): string {
  try {
    const packedBytes = Buffer.from(entry, 'base64');
    return gunzipSync(packedBytes, { maxOutputLength: largestBytes }).toString('utf8');
  } catch (cause) {
    throw new Error(
      `${place} holds an entry that is not compressed with gzip, or larger than ${largestBytes} bytes`,
      { cause },
    );
  }
}

/** Only what registers a Keptn is recorded, and the Service that Sluice takes over in its own namespace. */
function isRecordable(object: RecordedObject, namespace: string): boolean {
  const { apiVersion, kind, metadata } = object;
  if (apiVersion !== ServiceKind.apiVersion) {
    return metadata.namespace === undefined && isKeptnsRegistration(object);
  }
  const isTaken = metadata.name === takenService && metadata.namespace === namespace;
  return kind === ServiceKind.kind && isTaken;
}

function isRecorded(value: unknown): value is RecordedObject {
  return (
    typeof fieldOf(value, 'kind') === 'string' &&
    typeof fieldOf(value, 'apiVersion') === 'string' &&
    typeof fieldOf(fieldOf(value, 'metadata'), 'name') === 'string'
  );
}

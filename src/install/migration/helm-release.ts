import { gunzipSync, gzipSync } from 'node:zlib';
import { ClusterError } from '../../api/cluster-error.ts';
import { fieldOf, isJsonObject, type JsonObject } from '../../api/json.ts';
import { type KubernetesObject, type ObjectRef, refOf } from '../../api/object.ts';
import { SecretKind } from '../../api/secret.ts';
import type { InstallCluster } from '../install-cluster.ts';
import { unlessGone } from '../remove-object.ts';

/**
 * A revision of a Helm release, as Helm stores it: `helm uninstall` deletes what the manifest of the newest one names, whatever
 * the live objects say.
 */
export interface HelmRevision {
  readonly ref: ObjectRef;
  readonly secret: KubernetesObject;
  readonly number: number;
  readonly status: string;
  readonly body: JsonObject;
}

/** Name and namespace of a release. */
export interface ReleaseName {
  readonly namespace: string;
  readonly name: string;
}

/** What the description of a revision that was made here begins with. */
const mark = 'Sluice has taken over';

const releaseType = 'helm.sh/release.v1';
/** The API server keeps a Secret below one MiB; what it holds may be larger once it is unpacked, but not without end. */
const largestBytes = 16 * 1024 * 1024;

/** A Secret has the type of a revision and holds none that can be read: which of its objects Helm would delete is not known. */
export class ReleaseUnreadable extends Error {}

/** The release that the annotations of an object say it belongs to. */
export function releaseOf({
  metadata: { annotations = {} },
}: KubernetesObject): ReleaseName | undefined {
  const name = annotations['meta.helm.sh/release-name'];
  const namespace = annotations['meta.helm.sh/release-namespace'];
  return name === undefined || namespace === undefined ? undefined : { name, namespace };
}

/**
 * The revisions of a release, the newest first; none where Helm stores them elsewhere than in Secrets. Rejects with
 * `ReleaseUnreadable` where one cannot be read.
 */
export async function revisionsOf(
  { namespace, name }: ReleaseName,
  cluster: Pick<InstallCluster, 'listPaged'>,
): Promise<readonly HelmRevision[]> {
  const found: HelmRevision[] = [];
  const scope = { namespace, labelSelector: `owner=helm,name=${name}` };
  for await (const { items } of cluster.listPaged(SecretKind, scope)) {
    found.push(...items.flatMap((secret) => revisionIn(secret) ?? []));
  }
  return found.toSorted((one, other) => other.number - one.number);
}

/** The revision that a Secret holds; undefined where it is of another type. Throws `ReleaseUnreadable` where it cannot be read. */
export function revisionIn(secret: KubernetesObject): HelmRevision | undefined {
  if (fieldOf(secret, 'type') !== releaseType) return undefined;
  const body = bodyIn(secret);
  const number = Number(secret.metadata.labels?.['version']);
  if (!Number.isSafeInteger(number)) throw unreadable(secret, 'its label version is no number');
  const status = secret.metadata.labels?.['status'] ?? '';
  return { ref: refOf(SecretKind, secret), secret, number, status, body };
}

const unreadable = ({ metadata: { namespace = '', name } }: KubernetesObject, why: string) =>
  new ReleaseUnreadable(`Secret ${namespace}/${name} holds no revision of Helm: ${why}`);

/** The values that its user has given. */
export function valuesOf({ body }: HelmRevision): JsonObject {
  const given = body['config'];
  return isJsonObject(given) ? given : {};
}

/** Whether `sluice migrate` has made this revision. */
export function isOurRevision({ body }: HelmRevision): boolean {
  const description = fieldOf(body['info'], 'description');
  return typeof description === 'string' && description.startsWith(mark);
}

/** A document of a manifest: its text, and which object it is. */
export interface ManifestDocument {
  readonly text: string;
  readonly kind: string;
  readonly name: string;
}

/** The documents of the manifest of a revision, in its order. */
export function documentsOf({ body }: HelmRevision): readonly ManifestDocument[] {
  const manifest = body['manifest'];
  if (typeof manifest !== 'string') return [];
  // As Helm splits it: whatever stands behind the mark belongs to what follows.
  return manifest
    .split(/^---/mu)
    .map((text) => text.trim())
    .filter((text) => text !== '')
    .map((text) => ({ text, kind: headOf(text, 'kind'), name: nameIn(text) }));
}

/** A top-level field of a YAML document that is written as Helm's templates are: one line, at the beginning of it. */
function headOf(text: string, field: string): string {
  const [, value = ''] = new RegExp(`^${field}:[ \\t]*(\\S+)`, 'mu').exec(text) ?? [];
  return unquoted(value);
}

function nameIn(text: string): string {
  const [, metadata = ''] =
    /^metadata:[ \t]*\n((?:[ \t]+.*\n?|[ \t]*\n)*)/mu.exec(`${text}\n`) ?? [];
  const indent = /^[ \t]+/u.exec(metadata)?.[0] ?? '';
  const [, value = ''] = new RegExp(`^${indent}name:[ \\t]*(\\S+)`, 'mu').exec(metadata) ?? [];
  return unquoted(value);
}

const unquoted = (value: string): string => value.replace(/^(["'])(.*)\1$/u, '$2');

/**
 * Lets a release go on without the objects for which `isTaken` holds, as a revision of its own: `helm uninstall` leaves them alone
 * then, and `helm upgrade` refuses to take them back unasked. Resolves with how many they were; 0 where none was left in it.
 */
export async function releaseWithout(
  release: ReleaseName,
  isTaken: (document: ManifestDocument) => boolean,
  { cluster, now }: { readonly cluster: InstallCluster; readonly now: number },
): Promise<number> {
  const [newest] = await revisionsOf(release, cluster);
  if (newest === undefined) return 0;
  const documents = documentsOf(newest);
  const kept = documents.filter((document) => !isTaken(document));
  const taken = documents.length - kept.length;
  if (taken > 0) {
    const manifest = kept.map(({ text }) => `---\n${text}\n`).join('');
    const description = `${mark} ${taken} objects of revision ${newest.number}`;
    const secret = nextRevision(newest, { manifest, description, now });
    await cluster.create(SecretKind, secret).catch((error: unknown) => {
      if (!(error instanceof ClusterError && error.reason === 'AlreadyExists')) throw error;
    });
  }
  await supersede(release, cluster);
  return taken;
}

/** Takes the revisions that were made here away, so that the one before counts again. Resolves with whether there was one. */
export async function restoreRelease(
  release: ReleaseName,
  cluster: InstallCluster,
): Promise<boolean> {
  const revisions = await revisionsOf(release, cluster);
  const [before] = revisions.filter((revision) => !isOurRevision(revision));
  if (before === undefined || !revisions.some(isOurRevision)) return false;
  // First the one that stays: there is never a release without a revision that is deployed.
  if (before.status === 'superseded') await setStatus(before, 'deployed', cluster);
  for (const revision of revisions.filter(isOurRevision)) {
    const { uid } = revision.secret.metadata;
    if (uid !== undefined) await unlessGone(cluster.delete(revision.ref, { uid }));
  }
  return true;
}

/** One revision of a release is deployed: the newest. */
async function supersede(release: ReleaseName, cluster: InstallCluster): Promise<void> {
  const [newest, ...older] = await revisionsOf(release, cluster);
  if (newest === undefined || !isOurRevision(newest)) return;
  for (const revision of older.filter(({ status }) => status === 'deployed')) {
    await setStatus(revision, 'superseded', cluster);
  }
}

async function setStatus(
  { ref, secret, body }: HelmRevision,
  status: string,
  cluster: InstallCluster,
): Promise<void> {
  const info = body['info'];
  const changed = { ...body, info: { ...(isJsonObject(info) && info), status } };
  await cluster.patch(ref, [
    { op: 'test', path: '/metadata/resourceVersion', value: secret.metadata.resourceVersion },
    { op: 'replace', path: '/metadata/labels/status', value: status },
    { op: 'replace', path: '/data/release', value: packed(changed) },
  ]);
}

function nextRevision(
  { body, number, secret, ref }: HelmRevision,
  made: { readonly manifest: string; readonly description: string; readonly now: number },
): KubernetesObject & { readonly type: string; readonly data: Record<string, string> } {
  const next = number + 1;
  const seconds = String(Math.floor(made.now / 1000));
  const info = body['info'];
  const at = new Date(made.now).toISOString();
  const changed = {
    ...body,
    version: next,
    manifest: made.manifest,
    info: {
      ...(isJsonObject(info) && info),
      status: 'deployed',
      description: made.description,
      last_deployed: at,
    },
  };
  const { namespace = '' } = ref;
  const name = `sh.helm.release.v1.${secret.metadata.labels?.['name'] ?? ''}.v${next}`;
  const { modifiedAt: _, ...labels } = secret.metadata.labels ?? {};
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      namespace,
      labels: { ...labels, status: 'deployed', version: String(next), createdAt: seconds },
    },
    type: releaseType,
    data: { release: packed(changed) },
  };
}

/** Helm encodes what it has compressed, and Kubernetes encodes that once more. */
function packed(body: JsonObject): string {
  const inner = gzipSync(JSON.stringify(body), { level: 9 }).toString('base64');
  return Buffer.from(inner).toString('base64');
}

function bodyIn(secret: KubernetesObject): JsonObject {
  const stored = fieldOf(fieldOf(secret, 'data'), 'release');
  if (typeof stored !== 'string') throw unreadable(secret, 'it has no data.release');
  const inner = Buffer.from(Buffer.from(stored, 'base64').toString('utf8'), 'base64');
  const isCompressed = inner[0] === 0x1f && inner[1] === 0x8b;
  const text = isCompressed ? unzipped(inner, secret) : inner.toString('utf8');
  const body = parsed(text);
  if (!isJsonObject(body)) throw unreadable(secret, 'data.release is no JSON object');
  return body;
}

function unzipped(bytes: Buffer, secret: KubernetesObject): string {
  try {
    return gunzipSync(bytes, { maxOutputLength: largestBytes }).toString('utf8');
  } catch (error) {
    const isTooLarge = fieldOf(error, 'code') === 'ERR_BUFFER_TOO_LARGE';
    throw unreadable(
      secret,
      isTooLarge
        ? `data.release unpacks to more than ${largestBytes} bytes`
        : 'data.release cannot be unpacked by gzip',
    );
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

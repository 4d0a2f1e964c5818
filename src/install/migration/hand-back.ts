import { ClusterError } from '../../api/cluster-error.ts';
import type { CustomResourceDefinition } from '../../api/crd.ts';
import { fieldOf, isJsonObject } from '../../api/json.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import { type Kind, type KubernetesObject, refOf } from '../../api/object.ts';
import { CustomResourceDefinitionKind } from '../../api/registration-kinds.ts';
import { SecretKind } from '../../api/secret.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Installing } from '../install-cluster.ts';
import {
  crdsOf,
  everyDeployment,
  type InstallationSettings,
  objectsOfPart,
} from '../installation.ts';
import { removeObject } from '../remove-object.ts';
import { rewriteStored } from '../rewrite-stored.ts';
import { storedVersions } from '../stored-versions.ts';
import { removeNamespaceLabels, stopConverting } from '../uninstall.ts';
import { findKeptn, storageOf } from './found-keptn.ts';
import { type LeasePlace, removeHeldLease, stopControllers } from './held-controllers.ts';
import { restoreRelease } from './helm-release.ts';
import { ApiServiceKind, ServiceKind, webhooksOf } from './keptn-parts.ts';
import { replicasRecorded, startOperators, untilNoPods } from './operators.ts';
import { dropRecord, type MigrationRecord, type RecordedObject } from './record.ts';
import { releasesIn } from './take-over.ts';

/** What handing a cluster back needs to know. */
export interface HandingBack {
  readonly installation: InstallationSettings;
  readonly lease: LeasePlace;
  readonly record: MigrationRecord;
  /** Where Keptn runs, if its user has said so. */
  readonly keptnNamespace?: string | undefined;
}

/** So long each API server may go on asking Sluice after the webhooks are Keptn's again. */
const settleMs = 5_000;

const optInPolicy = 'opt-in.sluice.keptn.sh';

/**
 * Gives a cluster back to the Keptn whose place Sluice has taken. Like the take-over it may be stopped at any moment and goes on
 * when it is begun again, and Pods are held all the time: first the controllers of Sluice stop, then Keptn's operators start, then
 * the webhooks become Keptn's again, and last Sluice goes.
 */
export async function handBack(by: HandingBack, installing: Installing): Promise<void> {
  const { cluster, clock, tell } = installing;
  const { installation, lease, record, keptnNamespace } = by;
  const look = { keptnNamespace, namespace: installation.namespace };
  const { deployments, unclear } = await findKeptn(cluster, look);
  if (unclear !== undefined) throw new Error(`nothing was changed: ${unclear}`);
  // What cannot be restored must be known before anything is changed.
  for (const deployment of deployments) replicasRecorded(deployment);
  await refuseWithoutConverter(by, installing);
  await stopControllers(lease, installing);
  tell('the controllers of Sluice have stopped; it still answers admission');
  await removePolicies(installation, installing, ({ metadata }) => metadata.name !== optInPolicy);
  await restore(ofKind(record, 'Service'), ServiceKind, installing);
  await startOperators(deployments, installing);
  const authority = await authorityOf(deployments, installing);
  await restoreCrds(by, authority, installing);
  for (const kind of ['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']) {
    for (const object of ofKind(record, kind)) {
      await restoreOne(trusting(object, authority), registration(object), installing);
    }
  }
  await removeOwnConfigurations(by, installing);
  await restore(ofKind(record, ApiServiceKind.kind), ApiServiceKind, installing);
  await removePolicies(installation, installing, () => true);
  await sleep(clock, settleMs);
  const count = await removeNamespaceLabels(cluster);
  tell(`labels removed from Namespaces: ${count}`);
  await removeSluice(by, installing);
  for (const release of releasesIn([...record.objects, ...deployments])) {
    if (await restoreRelease(release, cluster))
      tell(`Helm release ${release.namespace}/${release.name} is as it was`);
  }
  await freeLease(by, installing);
  await dropRecord(record, cluster);
  tell('Keptn runs again; its KeptnConfigs, definitions and versions are where they were');
}

const ofKind = ({ objects }: MigrationRecord, kind: string) =>
  objects.filter((object) => object.kind === kind);

function registration({ apiVersion, kind }: KubernetesObject): Kind {
  return { apiVersion, kind, plural: `${kind.toLowerCase()}s`, namespaced: false };
}

/** Configurations that the Keptn before did not have. */
async function removeOwnConfigurations(
  { installation, record }: HandingBack,
  { cluster }: Installing,
): Promise<void> {
  const recorded = new Set(record.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  for (const one of objectsOfPart('webhooks', installation)) {
    const { kind, metadata } = one.object;
    if (!recorded.has(`${kind} ${metadata.name}`)) await removeObject(one, cluster);
  }
}

async function removePolicies(
  installation: InstallationSettings,
  { cluster, tell }: Installing,
  isMeant: (object: KubernetesObject) => boolean,
): Promise<void> {
  const all = { ...installation, requesterChecks: true, backstop: true };
  let count = 0;
  for (const one of objectsOfPart('policy', all).toReversed()) {
    if (isMeant(one.object) && (await removeObject(one, cluster))) count += 1;
  }
  if (count > 0) tell(`${count} policies of Sluice removed`);
}

/** The authority that Keptn's certificate operator keeps now, which may not be the recorded one any more. */
async function authorityOf(
  deployments: readonly KubernetesObject[],
  { cluster }: Installing,
): Promise<string | undefined> {
  const home = deployments.find(({ metadata }) => metadata.name === 'lifecycle-operator');
  const { namespace } = home?.metadata ?? {};
  if (namespace === undefined) return undefined;
  const secret = await cluster.get({ kind: SecretKind, namespace, name: 'keptn-certs' });
  const value = fieldOf(fieldOf(secret, 'data'), 'ca.crt');
  return typeof value === 'string' ? value : undefined;
}

/** The configuration with the authority, where it had one. */
function trusting(object: RecordedObject, authority: string | undefined): RecordedObject {
  if (authority === undefined) return object;
  const webhooks = webhooksOf(object).map((webhook) => withAuthority(webhook, authority));
  return { ...object, webhooks };
}

function withAuthority(webhook: unknown, authority: string): unknown {
  const clientConfig = fieldOf(webhook, 'clientConfig');
  if (!isJsonObject(webhook) || !isJsonObject(clientConfig)) return webhook;
  if (clientConfig['caBundle'] === undefined || clientConfig['service'] === undefined)
    return webhook;
  return { ...webhook, clientConfig: { ...clientConfig, caBundle: authority } };
}

async function restore(
  objects: readonly RecordedObject[],
  kind: Kind,
  installing: Installing,
): Promise<void> {
  for (const object of objects) await restoreOne(object, kind, installing);
}

/** Makes an object be as it was recorded: its content in one write, and whatever labels and annotations it had. */
async function restoreOne(
  object: RecordedObject,
  kind: Kind,
  { cluster, tell }: Installing,
): Promise<void> {
  const ref = refOf(kind, object);
  for (let tries = 1; ; tries += 1) {
    const live = await cluster.get(ref);
    try {
      if (live === undefined) await cluster.create(kind, object);
      else await cluster.patch(ref, restoring(object, live));
      tell(`${kind.kind} ${object.metadata.name} is as it was`);
      return;
    } catch (error) {
      const raced = error instanceof ClusterError && [404, 409, 422].includes(error.code);
      if (!raced || tries > 10) throw error;
    }
  }
}

function restoring(object: RecordedObject, live: KubernetesObject): readonly JsonPatchOperation[] {
  const { resourceVersion } = live.metadata;
  const { labels = {}, annotations = {} } = object.metadata;
  const content = Object.entries(object)
    .filter(([key]) => !['apiVersion', 'kind', 'metadata', 'status'].includes(key))
    .map(
      ([key, value]) =>
        ({ op: 'add', path: pointer(key), value: withLiveAddress(value, live) }) as const,
    );
  return [
    { op: 'test', path: '/metadata/resourceVersion', value: resourceVersion },
    { op: 'add', path: '/metadata/labels', value: labels },
    { op: 'add', path: '/metadata/annotations', value: annotations },
    ...content,
  ];
}

/** A Service keeps the address it has. */
function withLiveAddress(value: unknown, live: KubernetesObject): unknown {
  if (live.kind !== ServiceKind.kind || !isJsonObject(value)) return value;
  const spec = fieldOf(live, 'spec');
  const kept = ['clusterIP', 'clusterIPs'].flatMap((key) => {
    const is = fieldOf(spec, key);
    return is === undefined ? [] : [[key, is] as const];
  });
  return { ...value, ...Object.fromEntries(kept) };
}

/**
 * Gives the CRDs back. A Keptn that stored an older version can read that alone: what Sluice has stored is written in that version
 * first, while Sluice still converts.
 */
async function restoreCrds(
  { record, installation }: HandingBack,
  authority: string | undefined,
  installing: Installing,
): Promise<void> {
  const { cluster } = installing;
  const recorded = ofKind(record, CustomResourceDefinitionKind.kind);
  const byName = new Map(recorded.map((crd) => [crd.metadata.name, crd]));
  const older = [];
  for (const { crd } of crdsOf(installation)) {
    const before = byName.get(crd.metadata.name);
    const live = await cluster.get(refOf(CustomResourceDefinitionKind, crd));
    if (before === undefined || live === undefined) continue;
    const storing = storesAs(crd, storageOf(before));
    const versions = storedVersions(storing, live);
    if (versions === undefined || versions.outdated.length === 0) continue;
    older.push({ versions, installed: { kind: CustomResourceDefinitionKind, object: storing } });
    await cluster.patch(refOf(CustomResourceDefinitionKind, crd), storageChange(storing, live));
  }
  const left =
    older.length === 0 ? new Map<string, string>() : await rewriteStored(older, installing);
  for (const [crd, why] of left) {
    throw new Error(
      `${crd} still has objects that the Keptn before could not read: ${why}. Once that is mended, the same command goes on where this one ended`,
    );
  }
  // Kinds that the Keptn before did not have stay, with what is in them, and nothing converts them any more.
  await stopConverting(cluster, (name) => !byName.has(name));
  for (const crd of recorded) {
    await restoreOne(convertedBy(crd, authority), CustomResourceDefinitionKind, installing);
  }
}

/** Where Keptn stored an older version, only a Sluice that converts can write the objects so that none of their fields is lost. */
async function refuseWithoutConverter(
  { record, installation }: HandingBack,
  { cluster }: Installing,
): Promise<void> {
  const recorded = ofKind(record, CustomResourceDefinitionKind.kind);
  const byName = new Map(recorded.map((crd) => [crd.metadata.name, crd]));
  for (const { crd } of crdsOf(installation)) {
    const before = byName.get(crd.metadata.name);
    if (before === undefined || crd.spec.conversion.strategy !== 'Webhook') continue;
    const live = await cluster.get(refOf(CustomResourceDefinitionKind, crd));
    const outdated = storedVersions(storesAs(crd, storageOf(before)), live)?.outdated ?? [];
    const strategy = fieldOf(fieldOf(fieldOf(live, 'spec'), 'conversion'), 'strategy');
    if (outdated.length === 0 || strategy === 'Webhook') continue;
    throw new Error(
      `nothing was changed: objects of ${crd.metadata.name} are stored as ${outdated.join(', ')}, and that Keptn reads ${storageOf(before)} alone; without a Sluice nothing converts them. Install it again (sluice install), then give the same command`,
    );
  }
}

/** The CRD of Sluice with another version as the stored one. */
function storesAs(crd: CustomResourceDefinition, storage: string): CustomResourceDefinition {
  if (!crd.spec.versions.some(({ name }) => name === storage)) return crd;
  const versions = crd.spec.versions.map((one) => ({ ...one, storage: one.name === storage }));
  return { ...crd, spec: { ...crd.spec, versions } };
}

function storageChange(
  { spec }: CustomResourceDefinition,
  live: KubernetesObject,
): readonly JsonPatchOperation[] {
  const storage = spec.versions.find((version) => version.storage)?.name;
  const versions = fieldOf(fieldOf(live, 'spec'), 'versions');
  const { resourceVersion: value } = live.metadata;
  const flags = (Array.isArray(versions) ? versions : []).map((version: unknown, index) => ({
    op: 'replace' as const,
    path: pointer('spec', 'versions', index, 'storage'),
    value: fieldOf(version, 'name') === storage,
  }));
  return [{ op: 'test', path: '/metadata/resourceVersion', value }, ...flags];
}

function convertedBy(crd: RecordedObject, authority: string | undefined): RecordedObject {
  const { spec } = crd;
  const conversion = fieldOf(spec, 'conversion');
  const webhook = fieldOf(conversion, 'webhook');
  if (authority === undefined || !isJsonObject(spec) || !isJsonObject(conversion)) return crd;
  if (!isJsonObject(webhook)) return crd;
  const changed = { ...conversion, webhook: withAuthority(webhook, authority) };
  return { ...crd, spec: { ...spec, conversion: changed } };
}

/** A Sluice that still runs must not find the Lease free: its controllers would work beside Keptn's. */
async function freeLease(
  { installation, lease }: HandingBack,
  installing: Installing,
): Promise<void> {
  const { target, namespace } = installation;
  if ('url' in target) {
    installing.tell(
      `Stop the Sluice at ${target.url} now. Its Lease is held so that its controllers do not start; once it has ended: kubectl delete lease ${lease.name} -n ${lease.namespace}`,
    );
    return;
  }
  await untilNoPods({ namespace, labelSelector: 'app.kubernetes.io/name=sluice' }, installing);
  await removeHeldLease(lease, installing);
}

async function removeSluice(
  { installation, record }: HandingBack,
  { cluster, tell }: Installing,
): Promise<void> {
  const kept = new Set(record.objects.map(({ kind, metadata }) => `${kind} ${metadata.name}`));
  const all = { ...installation, backstop: true };
  const parts = [
    ...everyDeployment(all),
    ...objectsOfPart('conversion', all),
    ...objectsOfPart('rights', all).filter(({ kind }) => kind.kind !== 'Namespace'),
  ];
  for (const one of parts.toReversed()) {
    if (kept.has(`${one.object.kind} ${one.object.metadata.name}`)) continue;
    await removeObject(one, cluster);
  }
  tell('Sluice removed');
}

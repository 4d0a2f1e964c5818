import { ClusterError } from '../../api/cluster-error.ts';
import { fieldOf } from '../../api/json.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { type KubernetesObject, refOf } from '../../api/object.ts';
import { CustomResourceDefinitionKind } from '../../api/registration-kinds.ts';
import { sleep } from '../../runtime/sleep.ts';
import { applyObject } from '../apply-object.ts';
import type { Installing } from '../install-cluster.ts';
import { install, rewriteOldVersions } from '../install.ts';
import {
  type InstallationPart,
  type InstallationSettings,
  objectsOfPart,
} from '../installation.ts';
import { removeObject } from '../remove-object.ts';
import { configToCopy } from './carried-config.ts';
import { disowning } from './disown.ts';
import { type FoundKeptn, findKeptn } from './found-keptn.ts';
import {
  type ManifestDocument,
  type ReleaseName,
  releaseOf,
  ReleaseUnreadable,
  releaseWithout,
} from './helm-release.ts';
import { holdControllers, type LeasePlace, letControllersGo } from './held-controllers.ts';
import {
  ApiServiceKind,
  isKeptnsConfiguration,
  placeOf,
  replicasOf,
  ServiceKind,
  takenConfigurations,
  takenService,
  webhooksOf,
} from './keptn-parts.ts';
import { labelNamespaces } from './label-namespaces.ts';
import { stopOperators } from './operators.ts';
import { keepRecord, type MigrationRecord } from './record.ts';

/** What a take-over needs to know. */
export interface TakingOver {
  readonly installation: InstallationSettings;
  readonly lease: LeasePlace;
  /** Where Keptn runs, if its user has said so. */
  readonly keptnNamespace?: string | undefined;
  /**
   * Resolves with the authority (PEM) that vouches for a Sluice that runs, once one does; its caches need not be filled. Rejects
   * when that takes too long.
   */
  readonly untilConverting: () => Promise<string>;
  /** Resolves when Sluice can answer admission. Rejects when that takes too long. */
  readonly untilReady: () => Promise<void>;
}

/**
 * Each API server learns by a watch of its own that the webhooks are Sluice's now. Until so many milliseconds have passed, Keptn's
 * have to go on answering.
 */
const settleMs = 5_000;
/** A policy is in force about a second after it was made. */
const inForceMs = 2_000;

/**
 * Puts Sluice in the place of a Keptn. It may be stopped at any moment, and goes on from there when it is begun again: each step
 * looks at the cluster as it is. The order is what keeps Pods from passing unchecked and from being refused:
 *
 * 1. Everything that will be changed is recorded.
 * 2. Sluice is started and can answer, but its controllers are held back: those of Keptn still run.
 * 3. The webhooks become Sluice's, each configuration in one write. Both answer at that moment.
 * 4. Keptn's operators are stopped, and only when no Pod of them is left do the controllers of Sluice start.
 *
 * Whatever goes wrong before step 3 leaves a Keptn that works; whatever goes wrong later leaves new Pods held, and none unchecked.
 */
export async function takeOver(by: TakingOver, installing: Installing): Promise<void> {
  const { cluster, clock, tell } = installing;
  const { lease, keptnNamespace } = by;
  const { namespace } = by.installation;
  const found = await findKeptn(cluster, { keptnNamespace, namespace });
  if (found.unclear !== undefined) throw new Error(`nothing was changed: ${found.unclear}`);
  await step(by.installation, ['rights'], quiet(installing));
  const record = await keepRecord(namespace, await toRecord(found, namespace, installing), cluster);
  // It would go on filling in Keptn's authority where Sluice's has to be.
  await stopOperators(named(found, 'certificate-operator'), installing);
  if (isRunning(found)) {
    const leader = await holdControllers(lease, installing);
    if (leader === undefined)
      tell('the controllers of Sluice are held back until Keptn’s are gone');
    else tell(`Warning: ${leader} already runs the controllers of Sluice beside those of Keptn`);
  }
  await step(by.installation, ['conversion', 'deployment'], installing);
  const caBundle = await by.untilConverting();
  const installation = { ...by.installation, caBundle };
  const before = new Set(record.objects.map(({ metadata }) => metadata.name));
  await disownCrds(
    found.crds.filter(({ metadata }) => before.has(metadata.name)),
    installing,
  );
  await step({ ...installation, leaveStored: true }, ['crds'], installing);
  await by.untilReady();
  tell('Sluice is ready to answer admission');
  await switchWebhooks(installation, found, installing);
  await sleep(clock, isRunning(found) ? settleMs : 0);
  await removeLeftOver(found, installing);
  await stopOperators(
    found.deployments.filter(({ metadata }) => metadata.name !== 'certificate-operator'),
    installing,
  );
  await copyConfig(found, namespace, installing);
  await step(installation, ['policy'], installing);
  await letControllersGo(lease, installing);
  tell('the controllers of Sluice may start');
  await leaveReleases(record, found, { namespace, installing });
  await rewriteOldVersions(installation, installing);
}

/** A part of the installation; only what has changed is printed. */
async function step(
  settings: Parameters<typeof install>[1],
  parts: readonly InstallationPart[],
  { cluster, clock, tell }: Installing,
): Promise<void> {
  const told: string[] = [];
  await install(
    parts,
    { ...settings, forceConflicts: true },
    {
      cluster,
      clock,
      tell: (line) => void told.push(line),
    },
  );
  for (const line of folded(told)) tell(line);
}

/** What was changed, a line for each kind and deed: what is stored in old versions was in the report, and comes at the end. */
function folded(told: readonly string[]): readonly string[] {
  const counts = new Map<string, number>();
  const rest: string[] = [];
  for (const line of told) {
    const [, kind, deed] = /^(\w+) \S+ (created|changed|removed|unchanged)$/u.exec(line) ?? [];
    if (deed === 'unchanged' || line.includes(': objects may be stored as ')) continue;
    if (kind === undefined || deed === undefined) rest.push(line);
    else counts.set(`${kind} ${deed}`, (counts.get(`${kind} ${deed}`) ?? 0) + 1);
  }
  const lines = [...counts].map(([what, count]) => `${count} × ${what}`);
  return [...lines, ...rest];
}

const quiet = (installing: Installing): Installing => ({ ...installing, tell: () => undefined });

const named = ({ deployments }: FoundKeptn, name: string) =>
  deployments.filter(({ metadata }) => metadata.name === name);

/** Whether the controllers of Keptn may be at work. */
function isRunning(found: FoundKeptn): boolean {
  return named(found, 'lifecycle-operator').some((deployment) => {
    const { wanted, present } = replicasOf(deployment);
    return wanted > 0 || present > 0;
  });
}

async function toRecord(
  { webhookConfigurations, apiServices, crds }: FoundKeptn,
  namespace: string,
  { cluster }: Installing,
): Promise<readonly KubernetesObject[]> {
  const service = await cluster.get({ kind: ServiceKind, namespace, name: takenService });
  const isSluices = (object: KubernetesObject) => {
    const { labels = {} } = object.metadata;
    return (
      labels['app.kubernetes.io/part-of'] === 'sluice' ||
      labels['app.kubernetes.io/name'] === 'sluice'
    );
  };
  return [...webhookConfigurations, ...apiServices, ...crds, ...(service ? [service] : [])].filter(
    (object) => !isSluices(object),
  );
}

/** From now on neither Helm nor anything that fills in Keptn's authority counts the CRDs as its own. */
async function disownCrds(
  crds: readonly KubernetesObject[],
  { cluster, tell }: Installing,
): Promise<void> {
  let count = 0;
  for (const crd of crds) {
    const operations = disowning(crd, { isKept: true });
    if (operations.length === 0) continue;
    await cluster.patch(refOf(CustomResourceDefinitionKind, crd), operations);
    count += 1;
  }
  if (count > 0) tell(`${count} CRDs are no longer Keptn’s`);
}

/** From one write to the next, the API server asks Sluice where it asked Keptn. */
async function switchWebhooks(
  installation: InstallationSettings,
  found: FoundKeptn,
  installing: Installing,
): Promise<void> {
  const { cluster, clock, tell } = installing;
  const scope = { operatorNamespace: installation.namespace, ...installation };
  const optIn = objectsOfPart('policy', installation).filter(
    ({ object }) => object.metadata.name === 'opt-in.sluice.keptn.sh',
  );
  const before = await labelNamespaces(scope, cluster);
  for (const { kind, object } of optIn) {
    const live = await cluster.get(refOf(kind, object));
    await applyObject({ kind, object }, live, { cluster, force: true });
  }
  await sleep(clock, inForceMs);
  const between = await labelNamespaces(scope, cluster);
  for (const { kind, object } of objectsOfPart('webhooks', installation)) {
    const live = await cluster.get(refOf(kind, object));
    if (live === undefined || !isKeptnsConfiguration(live)) continue;
    const [test, ...rest] = disowning(live, { isKept: false });
    const { resourceVersion: value } = live.metadata;
    await cluster.patch(refOf(kind, object), [
      test ?? { op: 'test', path: '/metadata/resourceVersion', value },
      { op: 'replace', path: '/webhooks', value: webhooksOf(object) },
      ...rest,
    ]);
    tell(`${kind.kind} ${object.metadata.name} leads to Sluice`);
  }
  await step(installation, ['webhooks'], installing);
  const after = await labelNamespaces(scope, cluster);
  const opted = found.namespaces.length;
  if (before + between + after > 0) tell(`Namespaces that have opted in: ${opted}, labelled`);
}

async function removeLeftOver(
  { webhookConfigurations, apiServices }: FoundKeptn,
  { cluster, tell }: Installing,
): Promise<void> {
  const left = webhookConfigurations.filter(
    ({ metadata }) => !takenConfigurations.includes(metadata.name),
  );
  for (const object of [...left, ...apiServices]) {
    const { apiVersion, kind } = object;
    const plural = kind === ApiServiceKind.kind ? ApiServiceKind.plural : `${kind.toLowerCase()}s`;
    const isRemoved = await removeObject(
      { kind: { apiVersion, kind, plural, namespaced: false }, object },
      cluster,
    );
    if (isRemoved) tell(`${kind} ${object.metadata.name} removed`);
  }
}

async function copyConfig(
  { kinds, deployments }: FoundKeptn,
  namespace: string,
  { cluster, tell }: Installing,
): Promise<void> {
  const configs = kinds.find(({ resource }) => resource === KeptnConfig)?.objects ?? [];
  const config = configToCopy(configs, { namespace, deployments });
  if (config === undefined) return;
  const { apiVersion, kind, plural, namespaced } = KeptnConfig;
  const copy = {
    apiVersion,
    kind,
    metadata: { name: config.metadata.name, namespace },
    spec: fieldOf(config, 'spec'),
  };
  await cluster
    .create({ apiVersion, kind, plural, namespaced }, copy)
    .then(() => tell(`KeptnConfig ${placeOf(config)} copied to ${namespace}`))
    .catch((error: unknown) => {
      if (!(error instanceof ClusterError && error.reason === 'AlreadyExists')) throw error;
    });
}

/** What a later `helm uninstall` of Keptn must not take away goes out of its releases. */
async function leaveReleases(
  record: MigrationRecord,
  found: FoundKeptn,
  { namespace, installing }: { readonly namespace: string; readonly installing: Installing },
): Promise<void> {
  const { cluster, clock, tell } = installing;
  const crds = new Set(
    [...record.objects, ...found.crds]
      .filter(({ kind }) => kind === CustomResourceDefinitionKind.kind)
      .map(({ metadata }) => metadata.name),
  );
  const isTaken =
    (release: ReleaseName) =>
    ({ kind, name }: ManifestDocument): boolean =>
      (kind === CustomResourceDefinitionKind.kind && crds.has(name)) ||
      (kind.endsWith('WebhookConfiguration') && takenConfigurations.includes(name)) ||
      (kind === 'Service' && name === takenService && release.namespace === namespace);
  for (const release of releasesIn([...record.objects, ...found.deployments])) {
    const name = `Helm release ${release.namespace}/${release.name}`;
    try {
      const by = { cluster, now: clock.now() };
      const count = await releaseWithout(release, isTaken(release), by);
      if (count === 0) continue;
      tell(`${name} goes on without ${count} objects: "helm uninstall" of it leaves them alone`);
    } catch (error) {
      if (!(error instanceof ReleaseUnreadable)) throw error;
      tell(
        `Warning: ${error.message}, so ${name} stays as it is. Never run "helm uninstall" on it: it would delete the CRDs and with them every object`,
      );
    }
  }
}

/** The releases that these objects say they belong to. */
export function releasesIn(objects: readonly KubernetesObject[]): readonly ReleaseName[] {
  const releases = objects.flatMap((object) => releaseOf(object) ?? []);
  return [...new Map(releases.map((one) => [`${one.namespace}/${one.name}`, one])).values()];
}

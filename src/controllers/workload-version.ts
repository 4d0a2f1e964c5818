import { identityOptionsOf } from '../domain/settings/identity-options.ts';
import { refOf } from '../api/object.ts';
import { NamespaceKind, type Pod, PodKind } from '../api/builtin.ts';
import type { WorkloadVersionSeen } from '../domain/workload/workload-version-run.ts';
import { selects } from '../api/label-selector.ts';
import { keptnAnnotations, singleServiceAppType } from '../api/keptn/annotations.ts';
import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { OwnerSeen } from '../domain/identity/current-revision.ts';
import { checkModes } from '../domain/check/check-modes.ts';
import { workloadPhases } from '../domain/phase/phases.ts';
import { identityIn } from '../domain/identity/identity-in.ts';
import type { IdentityOptions } from '../domain/identity/pod-version.ts';
import { type Settings, settingsFrom } from '../domain/settings/keptn-config.ts';
import { type Lookup, type World } from '../domain/lookup.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { type OwnerChain, ownerChainOf, topOwner } from '../domain/owner/owner-chain.ts';
import { promotionFirstReason } from '../domain/app/promotion-first.ts';
import { conditionOf, conditionTypes, type Progress } from '../domain/conditions.ts';
import { listsOfVersion, union } from '../domain/check/requested-checks.ts';
import { podSelectors } from '../domain/deployment/deployment.ts';
import { proofOf, revisionOfPod } from '../domain/owner/revision.ts';
import { type CarryingPod, requestsFor } from '../domain/workload/shared-version.ts';
import { parseTime } from '../domain/time.ts';
import { carriersOf, isVersion } from '../domain/workload/wanted-version.ts';
import { decideWorkloadVersion } from '../domain/workload/workload-version.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { ownersByCarried } from './gathering/carried-workloads.ts';
import { gatherFollowUps } from './gathering/follow-ups.ts';
import { isVersionOver, versionBehind } from './gathering/history.ts';
import {
  appVersionsByApp,
  inNamespace,
  podsByWorkload,
  podsWithoutWorkload,
  unfinishedOrFailedIn,
  unfinishedWorkloadVersions,
  workloadVersionsByApp,
  workloadVersionsByDefinition,
} from './gathering/lifecycle-indexes.ts';
import { ownerWatches } from './gathering/owner-watches.ts';
import { isAppObserved } from './gathering/observed-app.ts';
import { deadlinesOfWorkload } from './gathering/nearest-deadlines.ts';
import type { Places } from '../domain/settings/places.ts';
import {
  awaiting,
  awaitingCheck,
  awaitingTaskDefinition,
  controllerKey,
  gatherChecks,
  judgedBy,
} from './gathering/version-checks.ts';
import {
  ownersOfWorkload,
  podsOfWorkload,
  workloadNameOfPod,
} from './gathering/workload-owners.ts';
import { definitionsByMetric } from './gathering/evaluated-values.ts';
import { taskDefinitionsByFunctionRef } from './task-definition.ts';

/** Moves KeptnWorkloadVersions through their phases, and states when their Pods may start. */
export function workloadVersionController(places: Places): Controller<WorkloadVersionSeen> {
  const { operatorNamespace } = places;
  const waiting = { ...places, index: workloadVersionsByDefinition };
  const ofPod = (pod: Pod, lookup: Lookup): readonly Key[] => {
    const options = identityOptionsOf(lookup, operatorNamespace);
    const name = workloadNameOfPod(pod, lookup, options);
    const workload = name && lookup.get(KeptnWorkload, pod.metadata.namespace, name);
    if (!workload) return [];
    return keysOf(
      versionsOf(workload, lookup).filter(
        (version) => carrying(pod, version, { lookup, options }) !== undefined,
      ),
    );
  };
  const own = { kind: KeptnWorkloadVersion, phases: workloadPhases };
  return {
    name: 'workload-version',
    stepsToGate: 1,
    startingPoints: [
      watch(KeptnWorkloadVersion, (version) =>
        isVersionOver(version, workloadPhases) ? [] : [version.metadata],
      ),
      // What has ended may become current again, and its Pods may be others than are on record.
      watch(KeptnWorkload, concernedVersions),
      watch(PodKind, ofPod),
      watch(KeptnTask, (task, lookup) => versionBehind(task, own, lookup)),
      watch(KeptnEvaluation, (evaluation, lookup) => versionBehind(evaluation, own, lookup)),
    ],
    indexes: [
      ...ownersByCarried,
      workloadVersionsByApp,
      appVersionsByApp,
      unfinishedWorkloadVersions,
      workloadVersionsByDefinition,
      definitionsByMetric,
      taskDefinitionsByFunctionRef,
      podsByWorkload,
      podsWithoutWorkload,
    ],
    watches: [
      watch(KeptnWorkloadVersion, ({ metadata }) => [metadata]),
      watch(KeptnWorkload, concernedVersions),
      watch(KeptnAppVersion, ({ metadata, spec }, lookup) =>
        ofApp(metadata.namespace, spec.appName, lookup),
      ),
      watch(KeptnApp, ({ metadata }, lookup) => ofApp(metadata.namespace, metadata.name, lookup)),
      // Its annotations say what its checks do.
      watch(KeptnAppContext, ({ metadata }, lookup) =>
        ofApp(metadata.namespace, metadata.name, lookup),
      ),
      watch(KeptnAppCreationRequest, ({ metadata, spec }, lookup) =>
        ofApp(metadata.namespace, spec.appName, lookup),
      ),
      watch(KeptnTask, (task) => controllerKey(task, KeptnWorkloadVersion)),
      watch(KeptnEvaluation, (evaluation) => controllerKey(evaluation, KeptnWorkloadVersion)),
      watch(KeptnTaskDefinition, (definition, lookup) =>
        awaitingTaskDefinition(definition, lookup, waiting),
      ),
      watch(KeptnMetric, (metric, lookup) => judgedBy(metric, lookup, waiting), 'spec'),
      watch(KeptnEvaluationDefinition, (definition, lookup) =>
        awaiting(definition, lookup, waiting),
      ),
      watch(CheckDefinition, (definition, lookup) => awaitingCheck(definition, lookup, waiting)),
      // Its annotations say what a failed check does.
      watch(NamespaceKind, ({ metadata }, lookup) =>
        unfinishedOrFailedIn(unfinishedWorkloadVersions, lookup).filter(
          ({ namespace }) => namespace === metadata.name,
        ),
      ),
      watch(KeptnConfig, (_config, lookup) =>
        unfinishedOrFailedIn(unfinishedWorkloadVersions, lookup),
      ),
      watch(PodKind, ofPod),
      ...ownerWatches((uids, lookup) =>
        uids
          .flatMap((uid) => lookup.byOwner(KeptnWorkload, uid))
          .flatMap((workload) => concernedVersions(workload, lookup)),
      ),
    ],
    gather({ namespace = '', name }, world) {
      const version = world.get(KeptnWorkloadVersion, namespace, name);
      return version && observation(version, world, places);
    },
    decide: decideWorkloadVersion,
  };
}

function observation(
  version: KeptnWorkloadVersion,
  world: World,
  places: Places,
): WorkloadVersionSeen {
  const { namespace = '' } = version.metadata;
  const { app, workloadName } = version.spec;
  const { operatorNamespace, definitionsNamespace } = places;
  const options = identityOptionsOf(world, operatorNamespace);
  const settings = settingsFrom(world.list(KeptnConfig), operatorNamespace, places);
  const workload = world.get(KeptnWorkload, namespace, workloadName);
  const request = world.get(KeptnAppCreationRequest, namespace, app);
  const home = world.get(NamespaceKind, undefined, namespace);
  const pods = podsOfWorkload({ namespace, name: workloadName }, world, options);
  const own = pods.flatMap((pod) => carrying(pod, version, { lookup: world, options }) ?? []);
  const owners = ownersOfWorkload(workload, { pods, lookup: world, options });
  const requests = requestsFor(version, { owners, pods: own });
  const named = union([listsOfVersion(version), ...requests]);
  const withNamed = { ...version, spec: { ...version.spec, ...named } };
  return {
    ...gatherChecks(withNamed, world, places),
    ...world.answers(workload === undefined ? [] : [refOf(KeptnWorkload, workload)]),
    followUps: gatherFollowUps(version, world, definitionsNamespace),
    version,
    now: world.now,
    clockSteps: world.clockSteps,
    settings: {
      ...settings,
      deadlines: deadlinesOfWorkload(version, world, settings.deadlines),
    },
    optIn: optInOf(home),
    modes: checkModes(version.spec.mode, home, settings),
    isAppObserved: isAppObserved(version, world, { ...places, settings }),
    app: world.get(KeptnApp, namespace, app),
    gatheredUntil: gatheredUntil(request, settings),
    heldBack: heldBack(request),
    appVersions: world.byIndex(appVersionsByApp, inNamespace(namespace, app)),
    workload,
    owners,
    pods: podsRead(podSelectors(carriersOf(version, owners)), namespace, world),
    requests,
    revisions: own
      .filter(({ chain }) => isOnRecord(chain, workload, carriersOf(version, owners)))
      .flatMap(({ pod }) => revisionOfPod(pod) ?? [])
      .filter((revision, index, all) => all.indexOf(revision) === index)
      .toSorted(),
  };
}

/**
 * Until when workloads are gathered, if they are: an app of a single one is made at once, and a second reason is not worth a
 * write.
 */
function gatheredUntil(
  request: KeptnAppCreationRequest | undefined,
  { appCreationRequestTimeoutMs }: Settings,
): number | undefined {
  if (request?.metadata.annotations?.[keptnAnnotations.appType] === singleServiceAppType) {
    return undefined;
  }
  const askedAt = parseTime(request?.metadata.creationTimestamp);
  return askedAt === undefined ? undefined : askedAt + appCreationRequestTimeoutMs;
}

/** That the app's present version comes to its promotion before the next one is made, as the request for that says. */
function heldBack(request: KeptnAppCreationRequest | undefined): Progress | undefined {
  const said = conditionOf(request, conditionTypes.reconciling);
  if (said?.reason !== promotionFirstReason) return undefined;
  return { kind: 'waiting', reason: said.reason, message: said.message };
}

/**
 * Whether the workload knows the owner of a Pod. Before that the Pod's revision is not noted: its Pods would come without
 * our label from then on, and nothing would lead to an owner of which the cache learns later.
 */
function isOnRecord(
  chain: OwnerChain,
  workload: KeptnWorkload | undefined,
  carriers: readonly OwnerSeen[],
): boolean {
  if (chain.type !== 'known') return false;
  const uid = (topOwner(chain.owner) ?? chain.owner).object.metadata.uid;
  const isCarrier = carriers.some(({ owner }) => owner.object.metadata.uid === uid);
  const { ownerReferences = [] } = workload?.metadata ?? {};
  return !isCarrier || ownerReferences.some((reference) => reference.uid === uid);
}

/** The Pods that these selectors select, once they were read live. They are cached for a moment only. */
function podsRead(
  selectors: readonly string[],
  namespace: string,
  world: World,
): readonly Pod[] | undefined {
  const isRead = selectors.every((selector) => world.listed(PodKind, namespace, selector));
  if (selectors.length === 0 || !isRead) return undefined;
  return world
    .list(PodKind, namespace)
    .filter(({ metadata }) => selectors.some((selector) => selects(selector, metadata.labels)));
}

/** The Pod if it is of this version, and not only said to be by an owner that may have moved on. */
function carrying(
  pod: Pod,
  version: KeptnWorkloadVersion,
  { lookup, options }: { lookup: Lookup; options: IdentityOptions },
): CarryingPod | undefined {
  const chain = ownerChainOf(pod, lookup);
  const identity = identityIn(lookup, pod, options);
  if (!isVersion(identity, version) || identity.type !== 'annotated') return undefined;
  const isCertain = identity.source === 'pod' || proofOf(pod, chain).type === 'proven';
  return isCertain ? { pod, chain, identity } : undefined;
}

function versionsOf({ metadata }: KeptnWorkload, lookup: Lookup): readonly KeptnWorkloadVersion[] {
  return lookup.byOwner(KeptnWorkloadVersion, metadata.uid ?? '');
}

/** The versions that a change of workload or owners may concern: what has ended long ago costs nothing. */
function concernedVersions(workload: KeptnWorkload, lookup: Lookup): readonly Key[] {
  const { spec, status } = workload;
  const current = new Set([spec.version, ...(status?.owners ?? []).map(({ version }) => version)]);
  const versions = versionsOf(workload, lookup);
  return keysOf(
    versions.filter((one) => current.has(one.spec.version) || !isCompleted(one.status?.status)),
  );
}

function ofApp(namespace: string | undefined, app: string, lookup: Lookup): readonly Key[] {
  return unfinished(lookup.byIndex(workloadVersionsByApp, inNamespace(namespace, app)));
}

function unfinished(versions: readonly KeptnWorkloadVersion[]): readonly Key[] {
  return keysOf(versions.filter(({ status }) => !isCompleted(status?.status)));
}

function keysOf(versions: readonly KeptnWorkloadVersion[]): readonly Key[] {
  return versions.map(({ metadata }) => metadata);
}

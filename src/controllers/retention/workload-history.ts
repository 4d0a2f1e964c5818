import { identityOptionsOf } from '../../domain/settings/identity-options.ts';
import {
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Kind, type KubernetesObject, type ObjectRef, refOf } from '../../api/object.ts';
import { identityIn } from '../../domain/identity/identity-in.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import { type Lookup, type World } from '../../domain/lookup.ts';
import { appName } from '../../domain/names.ts';
import { excessOf } from '../../domain/settings/retention-limits.ts';
import { livingRevisions } from '../../domain/retention/revisions.ts';
import type { WorkloadUses } from '../../domain/retention/uses.ts';
import {
  decideWorkloadHistory,
  type WorkloadHistorySeen,
} from '../../domain/retention/workload-history.ts';
import { ownerOfReference, refToOwner } from '../../domain/owner/rollout-owner.ts';
import { type Controller, type Key, watch } from '../engine/controller.ts';
import { ownersByCarried } from '../gathering/carried-workloads.ts';
import { appVersionsByApp, inNamespace, workloadsByApp } from '../gathering/lifecycle-indexes.ts';
import type { Places } from '../../domain/settings/places.ts';
import { stateOfNamespace } from '../engine/terminating-namespace.ts';
import type { IsTraced } from '../engine/traced.ts';
import { controllerKey } from '../gathering/version-checks.ts';
import { ownersOfWorkload, podsOfWorkload } from '../gathering/workload-owners.ts';
import { hasUnfinished } from './unfinished.ts';

/** The kinds that decide whether a version is still needed. */
const kinds: readonly Kind[] = [
  NamespaceKind,
  PodKind,
  DeploymentKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
  DaemonSetKind,
  ControllerRevisionKind,
  KeptnApp,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

/**
 * Deletes old versions of workloads. A workload is looked at when one of its versions, or one of its app's, comes or goes, never
 * for what merely is there: history costs nothing at rest.
 */
export function workloadHistoryController(
  { operatorNamespace }: Places,
  isTraced: IsTraced,
): Controller<WorkloadHistorySeen> {
  return {
    name: 'workload-history',
    workers: 1,
    indexes: [appVersionsByApp, ...ownersByCarried],
    watches: [
      watch(KeptnWorkload, ({ metadata }) => [metadata], 'spec'),
      watch(KeptnWorkloadVersion, (one) => controllerKey(one, KeptnWorkload), 'existence'),
      watch(
        KeptnAppVersion,
        ({ metadata, spec }, lookup) =>
          lookup
            .byIndex(workloadsByApp, inNamespace(metadata.namespace, spec.appName))
            .map((workload): Key => workload.metadata),
        'existence',
      ),
      watch(ReplicaSetKind, ofOwned, 'existence'),
      watch(ControllerRevisionKind, ofOwned, 'existence'),
      watch(
        KeptnConfig,
        (_config, lookup) => lookup.list(KeptnWorkload).map((workload): Key => workload.metadata),
        'spec',
      ),
    ],
    gather({ namespace = '', name }, world) {
      const workload = world.get(KeptnWorkload, namespace, name);
      if (workload === undefined) return undefined;
      const { uid = '' } = workload.metadata;
      const versions = world.byOwner(KeptnWorkloadVersion, uid);
      const { retention } = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      const excess = excessOf(versions, retention, world);
      const isDue = excess.versions.length > 0;
      const uses = isDue ? usesOf(workload, world, operatorNamespace) : undefined;
      const unfinished = excess.versions.filter((one) => hasUnfinished(one, world, isTraced));
      return {
        workload,
        versions,
        excess,
        uses: uses && { ...uses, unfinished: uidsOf(unfinished) },
        unread: uses === undefined ? [] : surroundings(uses).filter((ref) => isUnread(ref, world)),
        read: uidsOf(
          excess.versions.filter((one) => !isUnread(refOf(KeptnWorkloadVersion, one), world)),
        ),
      };
    },
    decide: decideWorkloadHistory,
  };
}

/** The workloads of which a revision goes with this object: nothing can be rolled back to it any more. */
function ofOwned({ metadata }: KubernetesObject, lookup: Lookup): readonly Key[] {
  return (metadata.ownerReferences ?? [])
    .flatMap(({ uid }) => lookup.byOwner(KeptnWorkload, uid))
    .map((workload) => workload.metadata);
}

/** Undefined where it cannot be told: nothing is deleted then. */
function usesOf(
  workload: KeptnWorkload,
  world: World,
  operatorNamespace: string,
): Omit<WorkloadUses, 'unfinished'> | undefined {
  const { namespace = '', name, ownerReferences = [] } = workload.metadata;
  const { app } = workload.spec;
  const isKnown =
    ownerReferences.length > 0 &&
    ownerReferences.every((one) => ownerOfReference(one, namespace, world) !== undefined);
  const isCertain = isKnown && stateOfNamespace(namespace, world) === 'stays';
  const isBlind = world.isSynced?.(...kinds) === false || world.isMissing?.(...kinds) === true;
  if (!isCertain || isBlind) return undefined;
  const options = identityOptionsOf(world, operatorNamespace);
  const pods = podsOfWorkload({ namespace, name }, world, options);
  const owners = ownersOfWorkload(workload, { pods, lookup: world, options });
  return {
    workload,
    owners,
    revisions: owners.flatMap(({ owner }) => livingRevisions(owner, world, options)),
    pods: pods.map((pod) => identityIn(world, pod, options)),
    app: world.get(KeptnApp, namespace, appName(app)),
    appVersions: world.byIndex(appVersionsByApp, inNamespace(namespace, app)),
  };
}

/** What has to be read live: the owners that name the current version, and the app that may name an old one. */
function surroundings({ workload, owners }: Omit<WorkloadUses, 'unfinished'>): ObjectRef[] {
  const { namespace = '' } = workload.metadata;
  return [
    refOf(KeptnWorkload, workload),
    { kind: KeptnApp, namespace, name: appName(workload.spec.app) },
    ...owners.map(({ owner }) => refToOwner(owner)),
  ];
}

function isUnread(ref: ObjectRef, world: World): boolean {
  return world.live(ref) === 'unread';
}

function uidsOf(versions: readonly KeptnWorkloadVersion[]): ReadonlySet<string> {
  return new Set(versions.map(({ metadata }) => metadata.uid ?? ''));
}

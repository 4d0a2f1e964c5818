import { type Pod, PodKind, StatefulSetKind } from '../api/builtin.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { refOf } from '../api/object.ts';
import { identityOf, type IdentityOptions } from '../domain/identity.ts';
import { settingsFrom } from '../domain/keptn-config.ts';
import { type Lookup, ownerIndex, type World } from '../domain/lookup.ts';
import { isObsolete } from '../domain/obsolete-pod.ts';
import { ownerChainOf, supportedOwner } from '../domain/owner-chain.ts';
import { revisionOfPod } from '../domain/revision.ts';
import { decideWorkloadVersion, type WorkloadVersionSeen } from '../domain/workload-version.ts';
import { type Controller, type Key, watch } from './controller.ts';
import {
  appVersionsByApp,
  inNamespace,
  workloadVersionsByApp,
  workloadVersionsByDefinition,
} from './lifecycle-indexes.ts';
import { ownerWatches } from './owner-watches.ts';
import type { Places } from './places.ts';
import { awaiting, controllerKey, gatherChecks } from './version-checks.ts';
import {
  identityOptions,
  ownersOfWorkload,
  podsOfWorkload,
  workloadNameOfPod,
} from './workload-owners.ts';

/** Moves KeptnWorkloadVersions through their phases, and states when their Pods may start. */
export function workloadVersionController(places: Places): Controller<WorkloadVersionSeen> {
  const { operatorNamespace } = places;
  const waiting = {
    ...places,
    kind: KeptnWorkloadVersion,
    index: workloadVersionsByDefinition.name,
  };
  return {
    name: 'workload-version',
    watches: [
      watch(KeptnWorkloadVersion, ({ metadata }) => [metadata]),
      watch(KeptnWorkload, ({ metadata }, lookup) => versionsOf(metadata.uid ?? '', lookup)),
      watch(KeptnAppVersion, ({ metadata, spec }, lookup) =>
        ofApp(metadata.namespace, spec.appName, lookup),
      ),
      watch(KeptnApp, ({ metadata }, lookup) => ofApp(metadata.namespace, metadata.name, lookup)),
      watch(KeptnTask, (task) => controllerKey(task, KeptnWorkloadVersion)),
      watch(KeptnEvaluation, (evaluation) => controllerKey(evaluation, KeptnWorkloadVersion)),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, waiting)),
      watch(KeptnEvaluationDefinition, (definition, lookup) =>
        awaiting(definition, lookup, waiting),
      ),
      watch(KeptnConfig, (_config, lookup) => unfinished(lookup.list(KeptnWorkloadVersion))),
      watch(PodKind, (pod, lookup) => {
        const options = identityOptions(lookup, operatorNamespace);
        const name = workloadNameOfPod(pod, lookup, options);
        const workload = name && lookup.get(KeptnWorkload, pod.metadata.namespace, name);
        return workload ? versionsOf(workload.metadata.uid ?? '', lookup) : [];
      }),
      ...ownerWatches((uids, lookup) =>
        uids
          .flatMap((uid) => lookup.byIndex(KeptnWorkload, ownerIndex, uid))
          .flatMap((workload) => versionsOf(workload.metadata.uid ?? '', lookup)),
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
  { operatorNamespace, definitionsNamespace }: Places,
): WorkloadVersionSeen {
  const { namespace = '' } = version.metadata;
  const { app, workloadName } = version.spec;
  const options = identityOptions(world, operatorNamespace);
  const workload = world.get(KeptnWorkload, namespace, workloadName);
  const pods = podsOfWorkload({ namespace, name: workloadName }, world, options);
  const own = pods.filter((pod) => carries(pod, version, { lookup: world, options }));
  return {
    ...gatherChecks(version, world, definitionsNamespace),
    version,
    now: world.now,
    settings: settingsFrom(world.list(KeptnConfig), operatorNamespace),
    app: world.get(KeptnApp, namespace, app),
    appVersions: world.byIndex(KeptnAppVersion, appVersionsByApp.name, inNamespace(namespace, app)),
    workload,
    owners: ownersOfWorkload(workload, { pods, lookup: world, options }),
    revisions: [...new Set(own.flatMap((pod) => revisionOfPod(pod) ?? []))].toSorted(),
    obsoletePods: own
      .filter((pod) => isObsoletePod(pod, world))
      .map((pod) => ({
        ref: refOf(PodKind, pod),
        uid: pod.metadata.uid ?? '',
        resourceVersion: pod.metadata.resourceVersion ?? '',
      })),
  };
}

function carries(
  pod: Pod,
  { spec }: KeptnWorkloadVersion,
  { lookup, options }: { lookup: Lookup; options: IdentityOptions },
): boolean {
  const identity = identityOf(pod, ownerChainOf(pod, lookup), options);
  return identity.type === 'annotated' && identity.version === spec.version;
}

function isObsoletePod(pod: Pod, lookup: Lookup): boolean {
  const reference = supportedOwner(pod);
  if (reference?.kind !== 'StatefulSet') return false;
  const owner = lookup.get(StatefulSetKind, pod.metadata.namespace, reference.name);
  return owner !== undefined && owner.metadata.uid === reference.uid && isObsolete(pod, owner);
}

function versionsOf(workloadUid: string, lookup: Lookup): readonly Key[] {
  return lookup
    .byIndex(KeptnWorkloadVersion, ownerIndex, workloadUid)
    .map((version) => version.metadata);
}

function ofApp(namespace: string | undefined, app: string, lookup: Lookup): readonly Key[] {
  const index = workloadVersionsByApp.name;
  return unfinished(lookup.byIndex(KeptnWorkloadVersion, index, inNamespace(namespace, app)));
}

function unfinished(versions: readonly KeptnWorkloadVersion[]): readonly Key[] {
  return versions
    .filter(({ status }) => !isCompleted(status?.status))
    .map((version) => version.metadata);
}

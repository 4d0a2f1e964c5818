import { identityOptionsOf } from '../domain/settings/identity-options.ts';
import { appName } from '../domain/names.ts';
import { NamespaceKind, type Pod, PodKind, ReplicaSetKind } from '../api/builtin.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { Lookup } from '../domain/lookup.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { decideWorkload, type WorkloadSeen } from '../domain/workload/workload.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { ownerlessNamedBy, ownersByCarried } from './gathering/carried-workloads.ts';
import {
  appVersionsByApp,
  inNamespace,
  workloadsByApp,
  workloadVersionsByApp,
} from './gathering/lifecycle-indexes.ts';
import { missingOwners } from './gathering/missing-owners.ts';
import { ownerWatches } from './gathering/owner-watches.ts';
import type { Places } from '../domain/settings/places.ts';
import { controllerKey } from './gathering/version-checks.ts';
import {
  ownersOfWorkload,
  podsOfWorkload,
  workloadNameOfPod,
} from './gathering/workload-owners.ts';

/** Keeps KeptnWorkloads in step with their owners and makes their versions; a workload begins with its first held Pod. */
export function workloadController({ operatorNamespace }: Places): Controller<WorkloadSeen> {
  const ofApp = (namespace: string | undefined, app: string, lookup: Lookup): readonly Key[] =>
    lookup
      .byIndex(workloadsByApp, inNamespace(namespace, app))
      .map((workload) => workload.metadata);
  const ofPod = (pod: Pod, lookup: Lookup): readonly Key[] => {
    const { namespace } = pod.metadata;
    const name = workloadNameOfPod(pod, lookup, identityOptionsOf(lookup, operatorNamespace));
    return name === undefined || namespace === undefined ? [] : [{ namespace, name }];
  };
  return {
    name: 'workload',
    stepsToGate: 5,
    // What versions, apps and owners lead to are these; a workload that there is not yet begins with a Pod.
    startingPoints: [watch(KeptnWorkload, ({ metadata }) => [metadata]), watch(PodKind, ofPod)],
    indexes: [workloadsByApp, workloadVersionsByApp, appVersionsByApp, ...ownersByCarried],
    watches: [
      watch(KeptnWorkload, ({ metadata }) => [metadata]),
      watch(KeptnWorkloadVersion, (version) => controllerKey(version, KeptnWorkload)),
      watch(KeptnApp, ({ metadata }, lookup) => ofApp(metadata.namespace, metadata.name, lookup)),
      watch(KeptnAppCreationRequest, ({ metadata, spec }, lookup) =>
        ofApp(metadata.namespace, spec.appName, lookup),
      ),
      // Asked only whether the app's next version waits for the promotion of the present one: then its request does.
      watch(KeptnAppVersion, () => [], 'existence'),
      watch(KeptnConfig, () => [], 'existence'),
      watch(PodKind, ofPod),
      // Its opt-in says whether they are followed.
      watch(NamespaceKind, ({ metadata: { name } }, lookup) => [
        ...lookup.list(KeptnWorkload, name).map(({ metadata }) => metadata),
        ...lookup.list(PodKind, name).flatMap((pod) => ofPod(pod, lookup)),
      ]),
      ...ownerWatches((uids, lookup, changed) => [
        // To a workload that references no owner nothing but its name leads.
        ...ownerlessNamedBy(changed, lookup).map((workload) => workload.metadata),
        ...uids.flatMap((uid) =>
          lookup.byOwner(KeptnWorkload, uid).map((workload) => workload.metadata),
        ),
        // A Pod may arrive before its owners, and begins a workload only when they are known.
        ...podsBelow(uids, lookup).flatMap((pod) => ofPod(pod, lookup)),
      ]),
    ],
    gather({ namespace = '', name }, world) {
      const workload = world.get(KeptnWorkload, namespace, name);
      const options = identityOptionsOf(world, operatorNamespace);
      const pods = podsOfWorkload({ namespace, name }, world, options);
      if (workload === undefined && pods.length === 0) return undefined;
      const sameApp = inNamespace(namespace, workload?.spec.app ?? '');
      const settings = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      const app = workload && appName(workload.spec.app);
      return {
        namespace,
        name,
        now: world.now,
        clockSteps: world.clockSteps,
        optIn: optInOf(world.get(NamespaceKind, undefined, namespace)),
        workload,
        owners: ownersOfWorkload(workload, { pods, lookup: world, options }),
        missing: missingOwners(pods, world),
        versions: world.byOwner(KeptnWorkloadVersion, workload?.metadata.uid ?? ''),
        ofSameApp: world.byIndex(workloadsByApp, sameApp),
        appVersions: world.byIndex(appVersionsByApp, sameApp),
        workloadVersions: world.byIndex(workloadVersionsByApp, sameApp),
        promotionAfterSupersessions: settings.promotionAfterSupersessions,
        app: app === undefined ? undefined : world.get(KeptnApp, namespace, app),
        request: app === undefined ? undefined : world.get(KeptnAppCreationRequest, namespace, app),
        ...world.answers(),
      };
    },
    decide: decideWorkload,
  };
}

/** The watched Pods that these owners own, directly or by a ReplicaSet. */
function podsBelow(uids: readonly string[], lookup: Lookup): readonly Pod[] {
  const replicaSets = uids.flatMap((uid) => lookup.byOwner(ReplicaSetKind, uid));
  const owners = new Set([...uids, ...replicaSets.map(({ metadata }) => metadata.uid ?? '')]);
  return [...owners].flatMap((uid) => lookup.byOwner(PodKind, uid));
}

import {
  ControllerRevisionKind,
  DaemonSetKind,
  DeploymentKind,
  NamespaceKind,
  ReplicaSetKind,
  RolloutKind,
  StatefulSetKind,
} from '../api/builtin.ts';
import { keptnAnnotations, recommendedLabels } from '../api/keptn/annotations.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { controllerOf, type KubernetesObject } from '../api/object.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../api/released-versions.ts';
import { decideReleasedList, type ReleasedListSeen } from '../domain/backstop/released-list.ts';
import { type Metadata, valueOf } from '../domain/identity/metadata-value.ts';
import { namedVersion } from '../domain/backstop/entries.ts';
import { isEnabled, type NamespaceScope } from '../domain/opt-in/namespace-scope.ts';
import type { World } from '../domain/lookup.ts';
import { revisionHashLabel } from '../domain/owner/owner-chain.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';

/** Keeps, in each Namespace that is opted in, the list of what may start while no Sluice answers. */
export function releasedListController(scope: NamespaceScope): Controller<ReleasedListSeen> {
  return {
    name: 'released-list',
    watches: [
      watch(NamespaceKind, ({ metadata: { name } }) => [{ name }]),
      watch(ReleasedVersionsKind, home),
      watch(KeptnWorkloadVersion, home),
      watch(KeptnWorkload, home, 'spec'),
      watch(ReplicaSetKind, home, 'existence'),
      watch(ControllerRevisionKind, home, 'existence'),
      watch(DeploymentKind, ofAnnotated),
      watch(StatefulSetKind, ofAnnotated),
      watch(DaemonSetKind, ofAnnotated),
      watch(RolloutKind, ofAnnotated),
    ],
    startingPoints: [watch(NamespaceKind, ({ metadata: { name } }) => [{ name }])],
    workers: 1,
    gather({ name }, world) {
      const namespace = world.get(NamespaceKind, undefined, name);
      if (namespace === undefined) return undefined;
      return {
        now: world.now,
        namespace,
        isEnabled: isEnabled(namespace.metadata, scope),
        list: world.get(ReleasedVersionsKind, name, releasedVersionsName),
        versions: world.list(KeptnWorkloadVersion, name),
        workloads: world.list(KeptnWorkload, name),
        ...revisionsIn(name, world),
        annotatedOwners: annotatedOwnersIn(name, world),
      };
    },
    decide: decideReleasedList,
  };
}

function home({ metadata: { namespace } }: KubernetesObject): readonly Key[] {
  return namespace === undefined ? [] : [{ name: namespace }];
}

function ofAnnotated(owner: KubernetesObject): readonly Key[] {
  return isAnnotated(owner) ? home(owner) : [];
}

function isAnnotated({ metadata }: Pick<KubernetesObject, 'metadata'>): boolean {
  return valueOf(metadata, keptnAnnotations.workload, recommendedLabels.workload) !== undefined;
}

function revisionsIn(
  namespace: string,
  world: World,
): Pick<ReleasedListSeen, 'revisions' | 'versioned'> {
  const revisions = new Set<string>();
  const versioned = new Set<string>();
  const add = (revision: string, template: Metadata): void => {
    revisions.add(revision);
    if (namedVersion(template) !== undefined) versioned.add(revision);
  };
  for (const { metadata, template } of world.list(ReplicaSetKind, namespace)) {
    if (metadata.uid !== undefined) add(metadata.uid, template);
  }
  for (const revision of world.list(ControllerRevisionKind, namespace)) {
    const owner = controllerOf(revision);
    const hash =
      revision.metadata.labels?.[revisionHashLabel] ?? revision.metadata.name.split('-').at(-1);
    if (owner !== undefined && hash !== undefined) add(`${owner.uid}/${hash}`, revision);
  }
  return { revisions, versioned };
}

/** Owners in whose template nothing says what its Pods are: a Pod is then told by the name of what made it. */
function annotatedOwnersIn(namespace: string, world: World) {
  const ofReplicaSets = [
    ...world.list(DeploymentKind, namespace),
    ...world.list(RolloutKind, namespace),
  ].map((owner) => ({ owner, kind: 'ReplicaSet' }));
  const others = [
    ...world.list(StatefulSetKind, namespace),
    ...world.list(DaemonSetKind, namespace),
  ].map((owner) => ({ owner, kind: owner.kind }));
  return [...ofReplicaSets, ...others]
    .filter(({ owner }) => isAnnotated(owner) && !isTemplateAnnotated(owner.template))
    .map(({ owner, kind }) => ({ kind, name: owner.metadata.name }));
}

function isTemplateAnnotated(
  template:
    | { readonly labels?: Record<string, string>; readonly annotations?: Record<string, string> }
    | undefined,
): boolean {
  return (
    template !== undefined &&
    valueOf(template, keptnAnnotations.workload, recommendedLabels.workload) !== undefined
  );
}

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
import {
  decideReleasedList,
  type ListContent,
  listedOf,
  type ReleasedListSeen,
  restOf,
} from '../domain/backstop/released-list.ts';
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
      watch(KeptnWorkloadVersion, home, { reads: listedOf }),
      watch(KeptnWorkload, home, 'spec'),
      watch(ReplicaSetKind, home, { reads: ({ template }) => namedVersion(template) }),
      watch(ControllerRevisionKind, home, 'existence'),
      watch(DeploymentKind, home, { reads: speaksForPods }),
      watch(StatefulSetKind, home, { reads: speaksForPods }),
      watch(DaemonSetKind, home, { reads: speaksForPods }),
      watch(RolloutKind, home, { reads: speaksForPods }),
    ],
    startingPoints: [watch(NamespaceKind, ({ metadata: { name } }) => [{ name }])],
    workers: 1,
    gather({ name }, world) {
      const namespace = world.get(NamespaceKind, undefined, name);
      if (namespace === undefined) return undefined;
      const list = world.get(ReleasedVersionsKind, name, releasedVersionsName);
      const seen = {
        now: world.now,
        namespace,
        isEnabled: isEnabled(namespace.metadata, scope),
        list,
      };
      // What is to be listed is many objects: they are gone through when a list could be written, and not at each change.
      if (!seen.isEnabled || restOf(list, world.now) > 0) return seen;
      return { ...seen, content: contentIn(name, world) };
    },
    decide: decideReleasedList,
  };
}

function contentIn(name: string, world: World): ListContent {
  return {
    versions: world.list(KeptnWorkloadVersion, name),
    workloads: world.list(KeptnWorkload, name),
    ...revisionsIn(name, world),
    annotatedOwners: annotatedOwnersIn(name, world),
  };
}

function home({ metadata: { namespace } }: KubernetesObject): readonly Key[] {
  return namespace === undefined ? [] : [{ name: namespace }];
}

function isAnnotated({ metadata }: Pick<KubernetesObject, 'metadata'>): boolean {
  return valueOf(metadata, keptnAnnotations.workload, recommendedLabels.workload) !== undefined;
}

function revisionsIn(
  namespace: string,
  world: World,
): Pick<ListContent, 'revisions' | 'versioned'> {
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

/** Whether the owner is annotated while its template is not. */
function speaksForPods(owner: KubernetesObject & { readonly template?: Metadata }): boolean {
  return isAnnotated(owner) && !isTemplateAnnotated(owner.template);
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
    .filter(({ owner }) => speaksForPods(owner))
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

import type { IndexDefinition } from '../../ports/index-definition.ts';
import { type Pod, PodKind } from '../../api/builtin.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { possibleWorkloadNames } from '../../domain/identity/workload-names.ts';
import { withAllChecks } from '../../domain/check/requested-checks.ts';
import type { Key } from '../engine/controller.ts';
import { failedDefinitions, hasFailedBefore } from '../../domain/check/repeated-checks.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import { awaitedDefinitions } from './version-checks.ts';

/** `shop/cart`: a name in a namespace, as the indexes below spell it. */
export function inNamespace(namespace: string | undefined, name: string): string {
  return `${namespace ?? ''}/${name}`;
}

/** The workloads of an app. */
export const workloadsByApp: IndexDefinition<KeptnWorkload> = {
  kind: KeptnWorkload,
  name: 'app',
  values: ({ metadata, spec }) => [inNamespace(metadata.namespace, spec.app)],
};

/** Whether a workload references no owner: normally none is so. */
export function isOwnerless({ metadata: { ownerReferences = [] } }: KeptnWorkload): boolean {
  return ownerReferences.length === 0;
}

/** The workload versions of an app. */
export const workloadVersionsByApp: IndexDefinition<KeptnWorkloadVersion> = {
  kind: KeptnWorkloadVersion,
  name: 'app',
  values: ({ metadata, spec }) => [inNamespace(metadata.namespace, spec.app)],
};

const unfinished = 'unfinished';
const failedBefore = 'failed';

/** The workload versions that have not ended, and those that have failed before their Pods could start. */
export const unfinishedWorkloadVersions: IndexDefinition<KeptnWorkloadVersion> = {
  kind: KeptnWorkloadVersion,
  name: unfinished,
  values: ({ status }) => progressValues(status),
};

/** The app versions that have not ended, and those that have failed before their workloads could begin. */
export const unfinishedAppVersions: IndexDefinition<KeptnAppVersion> = {
  kind: KeptnAppVersion,
  name: unfinished,
  values: ({ status }) => progressValues(status),
};

function progressValues(status: VersionStatus | undefined): readonly string[] {
  if (!isCompleted(status?.status)) return [unfinished];
  return hasFailedBefore(status) ? [failedBefore] : [];
}

/**
 * The keys of all versions of a kind that have not ended, or failed before anything could start, without going through the
 * others: what the settings may concern.
 */
export function unfinishedOrFailedIn<T extends KubernetesObject>(
  index: IndexDefinition<T>,
  lookup: Lookup,
): readonly Key[] {
  return [unfinished, failedBefore]
    .flatMap((value) => lookup.byIndex(index, value))
    .map(({ metadata }) => metadata);
}

/** The versions of an app. */
export const appVersionsByApp: IndexDefinition<KeptnAppVersion> = {
  kind: KeptnAppVersion,
  name: 'app',
  values: ({ metadata, spec }) => [inNamespace(metadata.namespace, spec.appName)],
};

/** Workload versions by the definitions they may wait for. */
export const workloadVersionsByDefinition: IndexDefinition<KeptnWorkloadVersion> = {
  kind: KeptnWorkloadVersion,
  name: 'definition',
  values: (version) => [
    ...awaitedDefinitions(withAllChecks(version)),
    ...failedDefinitions(version.status),
  ],
};

/** App versions by the definitions they may wait for. */
export const appVersionsByDefinition: IndexDefinition<KeptnAppVersion> = {
  kind: KeptnAppVersion,
  name: 'definition',
  values: (version) => [...awaitedDefinitions(version), ...failedDefinitions(version.status)],
};

/** Watched Pods by the KeptnWorkload they name themselves. */
export const podsByWorkload: IndexDefinition<Pod> = {
  kind: PodKind,
  name: 'workload',
  values: (pod) =>
    possibleWorkloadNames(pod).map((name) => inNamespace(pod.metadata.namespace, name)),
};

/** Watched Pods that name no workload themselves, by namespace: whose they are is their owner's word. */
export const podsWithoutWorkload: IndexDefinition<Pod> = {
  kind: PodKind,
  name: 'without-workload',
  values: (pod) => (possibleWorkloadNames(pod).length === 0 ? [pod.metadata.namespace ?? ''] : []),
};

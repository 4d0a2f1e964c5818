import { createHash } from 'node:crypto';

import type { PodTemplate } from '../../../api/builtin.ts';
import type { Condition, Kind, KubernetesObject, OwnerReference } from '../../../api/object.ts';

/** The built-in kinds as they are stored: whole, where Sluice's caches hold projections. */

export interface StoredDeployment extends KubernetesObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    revisionHistoryLimit?: number;
    template: PodTemplate;
    [field: string]: unknown;
  };
  status?: {
    observedGeneration: number;
    replicas: number;
    updatedReplicas: number;
    readyReplicas: number;
    availableReplicas: number;
    conditions: Condition[];
  };
}

export interface StoredReplicaSet extends KubernetesObject {
  spec: { replicas: number; template: PodTemplate };
  status?: {
    observedGeneration: number;
    replicas: number;
    readyReplicas: number;
    availableReplicas: number;
  };
}

export interface StoredStatefulSet extends KubernetesObject {
  spec: {
    replicas?: number;
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
    template: PodTemplate;
    [field: string]: unknown;
  };
  status?: {
    observedGeneration: number;
    replicas: number;
    readyReplicas: number;
    availableReplicas: number;
    updatedReplicas: number;
    currentReplicas: number;
    currentRevision: string;
    updateRevision: string;
  };
}

export interface StoredDaemonSet extends KubernetesObject {
  spec: { updateStrategy?: { type?: string }; template: PodTemplate; [field: string]: unknown };
  status?: {
    observedGeneration: number;
    desiredNumberScheduled: number;
    updatedNumberScheduled: number;
    numberReady: number;
    numberAvailable: number;
  };
}

export interface StoredControllerRevision extends KubernetesObject {
  revision: number;
  data: { spec: { template: PodTemplate } };
}

export const StoredDeploymentKind: Kind<StoredDeployment> = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
export const StoredReplicaSetKind: Kind<StoredReplicaSet> = {
  apiVersion: 'apps/v1',
  kind: 'ReplicaSet',
  plural: 'replicasets',
  namespaced: true,
};
export const StoredStatefulSetKind: Kind<StoredStatefulSet> = {
  apiVersion: 'apps/v1',
  kind: 'StatefulSet',
  plural: 'statefulsets',
  namespaced: true,
};
export const StoredDaemonSetKind: Kind<StoredDaemonSet> = {
  apiVersion: 'apps/v1',
  kind: 'DaemonSet',
  plural: 'daemonsets',
  namespaced: true,
};
export interface StoredRollout extends KubernetesObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    strategy: {
      blueGreen?: object;
      canary?: { steps?: readonly object[]; trafficRouting?: object };
    };
    template: PodTemplate;
    [field: string]: unknown;
  };
  status?: {
    observedGeneration: string;
    currentPodHash: string;
    stableRS: string;
    phase: string;
    replicas: number;
    updatedReplicas: number;
    readyReplicas: number;
    availableReplicas: number;
  };
}

export const StoredRolloutKind: Kind<StoredRollout> = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'Rollout',
  plural: 'rollouts',
  namespaced: true,
};
export const StoredControllerRevisionKind: Kind<StoredControllerRevision> = {
  apiVersion: 'apps/v1',
  kind: 'ControllerRevision',
  plural: 'controllerrevisions',
  namespaced: true,
};

/** The reference that makes `owner` the controller of an object. */
export function controllerReference(owner: KubernetesObject): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  const { name, uid = '' } = metadata;
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

/** The objects that `owner` controls. */
export function controlledBy<T extends KubernetesObject>(
  objects: readonly T[],
  owner: KubernetesObject,
): T[] {
  return objects.filter(({ metadata }) =>
    metadata.ownerReferences?.some(
      ({ controller, uid }) => controller === true && uid === owner.metadata.uid,
    ),
  );
}

/** A short hash of a template, equal for equal templates. */
export function templateHash(template: PodTemplate): string {
  return createHash('sha256').update(JSON.stringify(template)).digest('hex').slice(0, 10);
}

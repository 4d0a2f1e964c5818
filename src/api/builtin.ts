import type { Condition, Kind, KubernetesObject, ObjectMeta } from './object.ts';

/**
 * The built-in kinds Sluice watches or writes, typed as far as Sluice reads them. Objects of these types may be
 * projections: what `src/kubernetes/projection/projections.ts` drops is absent.
 */

export interface Container {
  name: string;
  image?: string;
  env?: { name: string; value?: string; valueFrom?: unknown }[];
  /** Of a Pod of a task: a digest of image, command and arguments, comparable with `Job.programs`. */
  program?: string;
  [field: string]: unknown;
}

/** The part of a Pod template that decides identity and version; `digest` stands for the rest. */
export interface PodTemplate {
  metadata?: { labels?: Record<string, string>; annotations?: Record<string, string> };
  spec?: { containers?: Container[]; [field: string]: unknown };
}

export interface ContainerState {
  waiting?: { reason?: string; message?: string };
  running?: { startedAt?: string };
  terminated?: {
    exitCode: number;
    signal?: number;
    reason?: string;
    message?: string;
    startedAt?: string;
    finishedAt?: string;
  };
}

export interface ContainerStatus {
  name: string;
  ready?: boolean;
  restartCount?: number;
  image?: string;
  state?: ContainerState;
  lastState?: ContainerState;
}

export interface Pod extends KubernetesObject {
  spec?: {
    nodeName?: string;
    schedulingGates?: { name: string }[];
    containers?: Container[];
    initContainers?: Container[];
    [field: string]: unknown;
  };
  status?: {
    phase?: string;
    reason?: string;
    message?: string;
    conditions?: { type: string; status: string; reason?: string; message?: string }[];
    containerStatuses?: ContainerStatus[];
    initContainerStatuses?: ContainerStatus[];
    [field: string]: unknown;
  };
}

/**
 * What a projected owner keeps of its Pod template: enough to find identity and version, and a digest that is equal for
 * equal templates (`pod-template-hash` and `rollouts-pod-template-hash` left out).
 */
export interface ProjectedTemplate {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  containers: Container[];
  digest: string;
  /** The digest without `kubectl.kubernetes.io/restartedAt`, where the template carries that. */
  unrestartedDigest?: string;
}

export interface Deployment extends KubernetesObject {
  spec: { replicas?: number; paused?: boolean; progressDeadlineSeconds?: number };
  template: ProjectedTemplate;
  status?: {
    observedGeneration?: number;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    conditions?: Condition[];
  };
}

export interface ReplicaSet extends KubernetesObject {
  spec: { replicas?: number };
  template: ProjectedTemplate;
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
  };
}

export interface StatefulSet extends KubernetesObject {
  spec: {
    replicas?: number;
    /** The number of its first Pod; 0 unless it is said. */
    ordinals?: { start?: number };
    updateStrategy?: { type?: string; rollingUpdate?: { partition?: number } };
  };
  template: ProjectedTemplate;
  status?: {
    observedGeneration?: number;
    replicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
    updatedReplicas?: number;
    currentReplicas?: number;
    currentRevision?: string;
    updateRevision?: string;
  };
}

export interface DaemonSet extends KubernetesObject {
  spec: { updateStrategy?: { type?: string } };
  template: ProjectedTemplate;
  status?: {
    observedGeneration?: number;
    currentNumberScheduled?: number;
    desiredNumberScheduled?: number;
    updatedNumberScheduled?: number;
    numberReady?: number;
    numberAvailable?: number;
  };
}

/** Argo's Rollout (argoproj.io/v1alpha1). */
export interface Rollout extends KubernetesObject {
  spec: {
    replicas?: number;
    paused?: boolean;
    /** Which strategy it has; its steps are Argo's business. */
    strategy?: { blueGreen?: object; canary?: { trafficRouting?: object } };
  };
  template: ProjectedTemplate;
  status?: {
    /** Argo writes it as a string. */
    observedGeneration?: string | number;
    /** Of the Deployment that `workloadRef` names. */
    workloadObservedGeneration?: string | number;
    /** Somebody, or an analysis, has aborted the roll-out. */
    abort?: boolean;
    currentPodHash?: string;
    stableRS?: string;
    phase?: string;
    message?: string;
    replicas?: number;
    updatedReplicas?: number;
    readyReplicas?: number;
    availableReplicas?: number;
  };
}

/** A revision of a StatefulSet or DaemonSet; of its Pod template only what says what its Pods are. */
export interface ControllerRevision extends KubernetesObject {
  revision: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}

export interface Namespace extends KubernetesObject {
  status?: { phase?: string };
}

export interface JobCondition {
  type: string;
  status: string;
  reason?: string;
  message?: string;
  lastTransitionTime?: string;
}

export interface Job extends KubernetesObject {
  spec: {
    backoffLimit?: number;
    activeDeadlineSeconds?: number;
    ttlSecondsAfterFinished?: number;
    suspend?: boolean;
    template: { metadata?: Partial<ObjectMeta>; spec: Record<string, unknown> };
    [field: string]: unknown;
  };
  /** Of one that was read and has no time to live yet: digests of what its containers run, by their names. */
  programs?: Record<string, string>;
  status?: {
    active?: number;
    failed?: number;
    succeeded?: number;
    startTime?: string;
    completionTime?: string;
    conditions?: JobCondition[];
    [field: string]: unknown;
  };
}

export interface ConfigMap extends KubernetesObject {
  /** Of one that is to be written. One that was read has `content` in its place. */
  data?: Record<string, string>;
  /** What is kept of the data of one that was read; absent where it has none. */
  content?: ConfigMapContent;
}

/** As much of the data of a ConfigMap as is decided on, whose size does not depend on the data. */
export interface ConfigMapContent {
  /** SHA-256 of the UTF-8 text under the key `code`, in lower-case hex; absent where there is no such key. */
  readonly codeDigest?: string;
  /** Whether there are other keys, too. */
  readonly hasOtherKeys: boolean;
}

const builtin = <T extends KubernetesObject>(
  apiVersion: string,
  kind: string,
  plural: string,
): Kind<T> => ({ apiVersion, kind, plural, namespaced: true });

export const PodKind = builtin<Pod>('v1', 'Pod', 'pods');
export const NamespaceKind: Kind<Namespace> = {
  ...builtin('v1', 'Namespace', 'namespaces'),
  namespaced: false,
};
export const ConfigMapKind = builtin<ConfigMap>('v1', 'ConfigMap', 'configmaps');
/**
 * That there is a ConfigMap or a ServiceAccount of a name, all namespaces: what references are checked against. Their content
 * is never asked for, and of ConfigMaps it is many times as large.
 */
export const ConfigMapMetadataKind: Kind = {
  ...builtin('v1', 'ConfigMap', 'configmaps'),
  view: 'metadata',
};
export const ServiceAccountMetadataKind: Kind = {
  ...builtin('v1', 'ServiceAccount', 'serviceaccounts'),
  view: 'metadata',
};
export const DeploymentKind = builtin<Deployment>('apps/v1', 'Deployment', 'deployments');
export const ReplicaSetKind = builtin<ReplicaSet>('apps/v1', 'ReplicaSet', 'replicasets');
export const StatefulSetKind = builtin<StatefulSet>('apps/v1', 'StatefulSet', 'statefulsets');
export const DaemonSetKind = builtin<DaemonSet>('apps/v1', 'DaemonSet', 'daemonsets');
export const ControllerRevisionKind = builtin<ControllerRevision>(
  'apps/v1',
  'ControllerRevision',
  'controllerrevisions',
);
export const RolloutKind = builtin<Rollout>('argoproj.io/v1alpha1', 'Rollout', 'rollouts');
export const JobKind = builtin<Job>('batch/v1', 'Job', 'jobs');

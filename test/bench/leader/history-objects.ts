import {
  DeploymentKind,
  NamespaceKind,
  PodKind,
  ReplicaSetKind,
} from '../../../src/api/builtin.ts';
import { schedulingGate, sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Kind } from '../../../src/api/object.ts';

/** How much there is in a cluster in which everything has ended long ago. */
export interface Amount {
  /** Each has a Deployment with ten ReplicaSets, a metric and an application. */
  readonly workloads: number;
  /** KeptnWorkloadVersions, two tasks with each; the newest of each workload. Default: one for each ReplicaSet. */
  readonly records?: number;
  /** Pods of an eleventh version that has failed its checks, ten of each of the first workloads. Default: none. */
  readonly heldPods?: number;
}

export const versionsPerWorkload = 10;
const podsPerHeldVersion = 10;
const namespaces = 50;
const endedAt = '2026-01-01T00:00:00Z';

type Written = Record<string, unknown>;

/** Everything of such a cluster, owners first. */
export function historyObjects(amount: Amount): readonly (readonly [Kind, readonly Written[]])[] {
  const { workloads, records = workloads * versionsPerWorkload, heldPods = 0 } = amount;
  const each = Array.from({ length: workloads }, (_, index) => index);
  const newest = (index: number): number =>
    versionsPerWorkload + (index < heldPods / podsPerHeldVersion ? 1 : 0);
  const all = each.flatMap((index) =>
    Array.from({ length: newest(index) }, (_, at) => ({ index, version: String(at + 1) })),
  );
  const recorded = all.filter(({ index, version }) => {
    const kept =
      Math.floor(((index + 1) * records) / workloads) - Math.floor((index * records) / workloads);
    return Number(version) > newest(index) - kept;
  });
  const ended = recorded.filter(({ version }) => !isHeld(version));
  const spaces = Array.from({ length: namespaces }, (_, index) => namespace(index));
  return [
    [NamespaceKind, spaces],
    [DeploymentKind, each.map((index) => deployment({ index, version: String(newest(index)) }))],
    [ReplicaSetKind, all.map(replicaSet)],
    [KeptnWorkload, each.map((index) => workload({ index, version: String(newest(index)) }))],
    [KeptnWorkloadVersion, recorded.map(workloadVersion)],
    [KeptnTask, ended.flatMap((one) => ['before', 'after'].map((name) => task(one, name)))],
    [KeptnMetric, each.map(metric)],
    [KeptnApp, each.map((index) => app({ index, version: String(newest(index)) }))],
    [KeptnAppVersion, each.map((index) => appVersion({ index, version: String(newest(index)) }))],
    [PodKind, all.filter(({ version }) => isHeld(version)).flatMap(podsHeld)],
  ];
}

function isHeld(version: string): boolean {
  return Number(version) > versionsPerWorkload;
}

interface VersionOf {
  readonly index: number;
  readonly version: string;
}

const current = String(versionsPerWorkload);

function uidOf(name: string): string {
  const hex = Buffer.from(name).toString('hex').padEnd(32, '0').slice(-32);
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}

function metadata(name: string, index: number, owner?: { kind: Kind; name: string }) {
  return {
    name,
    namespace: `team-${index % namespaces}`,
    uid: uidOf(name),
    resourceVersion: '1',
    generation: 1,
    creationTimestamp: endedAt,
    ...(owner !== undefined && {
      ownerReferences: [
        {
          apiVersion: owner.kind.apiVersion,
          kind: owner.kind.kind,
          name: owner.name,
          uid: uidOf(owner.name),
          controller: true,
          blockOwnerDeletion: true,
        },
      ],
    }),
  };
}

function namespace(index: number) {
  return {
    metadata: {
      name: `team-${index}`,
      uid: uidOf(`team-${index}`),
      resourceVersion: '1',
      annotations: {
        'keptn.sh/lifecycle-toolkit': 'enabled',
        // Otherwise nothing in it would be decided, and a start would seem to cost nothing.
        [sluiceKeys.optInRecorded]: uidOf(`team-${index}`),
      },
      labels: { 'sluice.keptn.sh/enabled': 'true' },
    },
  };
}

function template({ index, version }: VersionOf) {
  const annotations = {
    'keptn.sh/app': `app-${index}`,
    'keptn.sh/workload': 'main',
    'keptn.sh/version': version,
    'keptn.sh/pre-deployment-tasks': 'before',
    'keptn.sh/post-deployment-tasks': 'after',
  };
  return {
    metadata: { annotations },
    spec: { containers: [{ name: 'main', image: `registry.example.com/team/main:${version}` }] },
  };
}

function deployment({ index, version }: VersionOf) {
  return {
    metadata: {
      ...metadata(`deployment-${index}`, index),
      annotations: { 'deployment.kubernetes.io/revision': version },
    },
    spec: { replicas: 2, template: template({ index, version }) },
    status: {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 2,
    },
  };
}

function replicaSet({ index, version }: VersionOf) {
  const owner = { kind: DeploymentKind, name: `deployment-${index}` };
  const replicas = isHeld(version) ? podsPerHeldVersion : version === current ? 2 : 0;
  return {
    metadata: {
      ...metadata(`deployment-${index}-${version}`, index, owner),
      annotations: { 'deployment.kubernetes.io/revision': version },
    },
    spec: { replicas, template: template({ index, version }) },
    status: {
      observedGeneration: 1,
      replicas,
      readyReplicas: replicas,
      availableReplicas: replicas,
    },
  };
}

function referenceOf({ index, version }: VersionOf) {
  const name = `deployment-${index}-${version}`;
  return { kind: 'ReplicaSet', name, uid: uidOf(name) };
}

const lists = { preDeploymentTasks: ['before'], postDeploymentTasks: ['after'] };

function workload(one: VersionOf) {
  const { index, version } = one;
  return {
    metadata: metadata(`app-${index}-main`, index, {
      kind: DeploymentKind,
      name: `deployment-${index}`,
    }),
    spec: {
      app: `app-${index}`,
      version,
      ...lists,
      resourceReference: referenceOf(one),
    },
    status: { currentVersion: version },
  };
}

function workloadVersion(one: VersionOf) {
  const { index, version } = one;
  const workloadName = `app-${index}-main`;
  return {
    metadata: metadata(`${workloadName}-${version}`, index, {
      kind: KeptnWorkload,
      name: workloadName,
    }),
    spec: {
      app: `app-${index}`,
      version,
      workloadName,
      ...lists,
      resourceReference: referenceOf(one),
    },
    status: isHeld(version) ? failedStatus : completedStatus(one),
  };
}

const succeeded = 'Succeeded';

function completedStatus(one: VersionOf) {
  return {
    currentPhase: 'Completed',
    status: succeeded,
    preDeploymentStatus: succeeded,
    preDeploymentEvaluationStatus: succeeded,
    deploymentStatus: succeeded,
    postDeploymentStatus: succeeded,
    postDeploymentEvaluationStatus: succeeded,
    startTime: endedAt,
    endTime: endedAt,
    preDeploymentTaskStatus: [item(one, 'before')],
    postDeploymentTaskStatus: [item(one, 'after')],
    conditions: [
      condition('Released', ['True', 'ChecksPassed'], 'its checks passed'),
      condition('Succeeded', ['True', 'Succeeded'], 'all phases passed'),
    ],
  };
}

const failedStatus = {
  currentPhase: 'WorkloadPreDeployTasks',
  status: 'Failed',
  preDeploymentStatus: 'Failed',
  startTime: endedAt,
  endTime: endedAt,
  conditions: [condition('Released', ['False', 'ChecksFailed'], 'its checks have failed')],
};

function condition(type: string, [status, reason]: readonly [string, string], message: string) {
  return { type, status, reason, message, lastTransitionTime: endedAt };
}

/** As the webhook has left them, and the explanation with them. */
function podsHeld(one: VersionOf) {
  const { index, version } = one;
  const { annotations } = template(one).metadata;
  const owner = `deployment-${index}-${version}`;
  return Array.from({ length: podsPerHeldVersion }, (_, at) => ({
    metadata: {
      ...metadata(`${owner}-${at}`, index, { kind: ReplicaSetKind, name: owner }),
      annotations: { ...annotations, [sluiceKeys.explanation]: 'its checks have failed' },
      labels: { [sluiceKeys.watched]: 'true' },
    },
    spec: { ...template(one).spec, schedulingGates: [{ name: schedulingGate }] },
    status: { phase: 'Pending' },
  }));
}

function taskName({ index, version }: VersionOf, name: string): string {
  return `${name}-${index}-${version}`;
}

function item(one: VersionOf, definitionName: string) {
  const name = taskName(one, definitionName);
  return { definitionName, name, status: 'Succeeded', startTime: endedAt, endTime: endedAt };
}

/** One for each workload. */
function metric(index: number) {
  return {
    metadata: metadata(`metric-${index}`, index),
    spec: {
      provider: { name: 'prometheus' },
      query: `up{app="app-${index}"}`,
      fetchIntervalSeconds: 3600,
    },
    status: { value: '1', rawValue: 'MQ==', lastUpdated: endedAt },
  };
}

/** The spans of the newest tasks are still to be exported. */
const pending = {
  type: 'Exported',
  status: 'False',
  reason: 'Pending',
  message: '',
  lastTransitionTime: endedAt,
};

function task(one: VersionOf, definition: string) {
  const { index, version } = one;
  const name = taskName(one, definition);
  return {
    metadata: metadata(name, index, {
      kind: KeptnWorkloadVersion,
      name: `app-${index}-main-${version}`,
    }),
    spec: { taskDefinition: definition, checkType: definition === 'before' ? 'pre' : 'post' },
    status: {
      status: 'Succeeded',
      startTime: endedAt,
      endTime: endedAt,
      jobName: name,
      jobUID: uidOf(`${name}-job`),
      ...(one.version === current && { conditions: [pending] }),
    },
  };
}

function app({ index, version }: VersionOf) {
  const workloads = [{ name: 'main', version }];
  return { metadata: metadata(`app-${index}`, index), spec: { version, workloads } };
}

function appVersion(one: VersionOf) {
  const { index, version } = one;
  const { metadata: owner, spec } = app(one);
  return {
    metadata: metadata(`${owner.name}-${version}-6b86b273`, index, {
      kind: KeptnApp,
      name: owner.name,
    }),
    spec: { ...spec, appName: owner.name },
    status: {
      currentPhase: isHeld(version) ? 'AppDeploy' : 'Completed',
      status: isHeld(version) ? 'Failed' : 'Succeeded',
      startTime: endedAt,
      endTime: endedAt,
    },
  };
}

import { DeploymentKind, NamespaceKind, ReplicaSetKind } from '../../../src/api/builtin.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Kind } from '../../../src/api/object.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import { allIndexes } from '../../support/memory/all-indexes.ts';

/** How much history a cluster has: ten versions of each workload, two tasks of each version, one ReplicaSet of each. */
export interface Amount {
  readonly workloads: number;
}

export const versionsPerWorkload = 10;
const namespaces = 50;
const endedAt = '2026-01-01T00:00:00Z';

/** Caches of a cluster in which everything has ended long ago and nothing is left to do. */
export function cachesWithHistory({ workloads }: Amount): ObjectCaches {
  const caches = new ObjectCaches({ clock: systemClock, indexes: allIndexes });
  const fill = (kind: Kind, objects: Iterable<Record<string, unknown>>): void => {
    const feed = caches.feed(kind);
    feed.listing();
    for (const object of objects) {
      const { apiVersion, kind: name } = kind;
      const projected = project(kind, { apiVersion, kind: name, ...object });
      if (projected !== undefined) feed.listed(projected);
    }
    feed.listComplete('1');
  };
  const each = Array.from({ length: workloads }, (_, index) => index);
  const versions = each.flatMap((index) =>
    Array.from({ length: versionsPerWorkload }, (_, at) => ({ index, version: String(at + 1) })),
  );
  fill(
    NamespaceKind,
    Array.from({ length: namespaces }, (_, index) => namespace(index)),
  );
  fill(DeploymentKind, each.map(deployment));
  fill(ReplicaSetKind, versions.map(replicaSet));
  fill(KeptnWorkload, each.map(workload));
  fill(KeptnWorkloadVersion, versions.map(workloadVersion));
  fill(
    KeptnTask,
    versions.flatMap((one) => ['before', 'after'].map((name) => task(one, name))),
  );
  fill(KeptnMetric, each.map(metric));
  fill(KeptnApp, each.map(app));
  fill(KeptnAppVersion, each.map(appVersion));
  return caches;
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
      annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' },
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

function deployment(index: number) {
  return {
    metadata: {
      ...metadata(`deployment-${index}`, index),
      annotations: { 'deployment.kubernetes.io/revision': current },
    },
    spec: { replicas: 2, template: template({ index, version: current }) },
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
  const replicas = version === current ? 2 : 0;
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

function workload(index: number) {
  return {
    metadata: metadata(`app-${index}-main`, index, {
      kind: DeploymentKind,
      name: `deployment-${index}`,
    }),
    spec: {
      app: `app-${index}`,
      version: current,
      ...lists,
      resourceReference: referenceOf({ index, version: current }),
    },
    status: { currentVersion: current },
  };
}

function workloadVersion(one: VersionOf) {
  const { index, version } = one;
  const workloadName = `app-${index}-main`;
  const succeeded = 'Succeeded';
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
    status: {
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
        {
          type: 'Released',
          status: 'True',
          reason: 'ChecksPassed',
          message: 'its checks passed',
          lastTransitionTime: endedAt,
        },
        {
          type: 'Succeeded',
          status: 'True',
          reason: 'Succeeded',
          message: 'all phases passed',
          lastTransitionTime: endedAt,
        },
      ],
    },
  };
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

function app(index: number) {
  const workloads = [{ name: 'main', version: current }];
  return { metadata: metadata(`app-${index}`, index), spec: { version: current, workloads } };
}

function appVersion(index: number) {
  const { metadata: owner, spec } = app(index);
  return {
    metadata: metadata(`${owner.name}-${current}-6b86b273`, index, {
      kind: KeptnApp,
      name: owner.name,
    }),
    spec: { ...spec, appName: owner.name },
    status: {
      currentPhase: 'Completed',
      status: 'Succeeded',
      startTime: endedAt,
      endTime: endedAt,
    },
  };
}

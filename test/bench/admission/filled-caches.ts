import { DeploymentKind, ReplicaSetKind } from '../../../src/api/builtin.ts';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Kind } from '../../../src/api/object.ts';
import { ObjectCaches } from '../../../src/kubernetes/cache/caches.ts';
import { project } from '../../../src/kubernetes/projection/projections.ts';
import { systemClock } from '../../../src/runtime/clock.ts';
import {
  application,
  namespace,
  templateAnnotations,
  uidOf,
  version,
  workloadNames,
} from './pod-review.ts';
import { allIndexes } from '../../support/memory/all-indexes.ts';

/** How many workloads there are. */
const workloads = 300;

/** Caches that hold what admission answers from in a cluster of 300 workloads, all in a version not yet released. */
export function filledCaches(): ObjectCaches {
  const caches = new ObjectCaches({ clock: systemClock, indexes: allIndexes });
  const fill = (kind: Kind, objects: readonly Record<string, unknown>[]): void => {
    const feed = caches.feed(kind);
    feed.listing();
    for (const object of objects) {
      const { apiVersion, kind: name } = kind;
      const projected = project(kind, { apiVersion, kind: name, ...object });
      if (projected !== undefined) feed.listed(projected);
    }
    feed.listComplete('1');
  };
  const all = Array.from({ length: workloads }, (_, index) => index);
  fill(DeploymentKind, all.map(deployment));
  fill(ReplicaSetKind, all.map(replicaSet));
  fill(KeptnWorkload, all.map(keptnWorkload));
  fill(KeptnWorkloadVersion, all.map(keptnWorkloadVersion));
  fill(KeptnConfig, [{ metadata: metadata('config', 'keptn-system'), spec: {} }]);
  return caches;
}

function metadata(name: string, inNamespace = namespace) {
  return { name, namespace: inNamespace, uid: uidOf(name), resourceVersion: '1', generation: 1 };
}

function template(workload: string) {
  return {
    metadata: { annotations: templateAnnotations(workload) },
    spec: { containers: [{ name: 'main', image: `registry.example.com/team/main:${version}` }] },
  };
}

function deployment(index: number) {
  const { workload, deployment: name } = workloadNames(index);
  return { metadata: metadata(name), spec: { replicas: 2, template: template(workload) } };
}

function replicaSet(index: number) {
  const { workload, deployment: name, replicaSet: replicaSetName } = workloadNames(index);
  const owner = { apiVersion: 'apps/v1', kind: 'Deployment', name, uid: uidOf(name) };
  return {
    metadata: {
      ...metadata(replicaSetName),
      ownerReferences: [{ ...owner, controller: true, blockOwnerDeletion: true }],
    },
    spec: { replicas: 2, template: template(workload) },
  };
}

function keptnWorkload(index: number) {
  const { workload, replicaSet: name } = workloadNames(index);
  const resourceReference = { kind: 'ReplicaSet', name, uid: uidOf(name) };
  return {
    metadata: metadata(`${application}-${workload}`),
    spec: { app: application, version, resourceReference },
  };
}

function keptnWorkloadVersion(index: number) {
  const { metadata: described, spec } = keptnWorkload(index);
  return {
    metadata: metadata(`${described.name}-${version}`),
    spec: { ...spec, workloadName: described.name },
    status: { currentPhase: 'WorkloadPreDeployTasks', status: 'Progressing' },
  };
}

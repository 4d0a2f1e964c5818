import jsonpatch from 'fast-json-patch';

import { admissionIndexes } from '../../src/admission/indexes.ts';
import { webhooks, type Webhook } from '../../src/admission/registry.ts';
import { ConfigMapKind, JobKind, PodKind } from '../../src/api/builtin.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnMetric, type KeptnMetric as Metric } from '../../src/api/keptn/metric.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { controllerOf, refOf } from '../../src/api/object.ts';
import type { AdmissionRequest } from '../../src/api/review.ts';
import { appCreationController } from '../../src/controllers/app-creation.ts';
import { appVersionController } from '../../src/controllers/app-version.ts';
import { appController } from '../../src/controllers/app.ts';
import type { Controller } from '../../src/controllers/controller.ts';
import {
  evaluationController,
  openEvaluationsByDefinition,
} from '../../src/controllers/evaluation.ts';
import { keptnConfigController } from '../../src/controllers/keptn-config.ts';
import { lifecycleIndexes } from '../../src/controllers/lifecycle-indexes.ts';
import { namespaceController } from '../../src/controllers/namespace.ts';
import { podGateController } from '../../src/controllers/pod-gate.ts';
import {
  taskDefinitionController,
  taskDefinitionsByFunctionRef,
} from '../../src/controllers/task-definition.ts';
import {
  taskController,
  tasksAwaitingDefinition,
  tasksAwaitingSlot,
} from '../../src/controllers/task.ts';
import { workloadVersionController } from '../../src/controllers/workload-version.ts';
import { workloadController } from '../../src/controllers/workload.ts';
import { daemonSetController } from './actors/daemon-sets.ts';
import { deploymentController, replicaSetController } from './actors/deployments.ts';
import { garbageCollector } from './actors/garbage-collector.ts';
import { jobController } from './actors/jobs.ts';
import { kubelet } from './actors/kubelet.ts';
import { statefulSetController } from './actors/stateful-sets.ts';
import type { Actor, Admission, SimulationOptions } from './simulation.ts';
import { Simulation } from './simulation.ts';

const operatorNamespace = 'keptn-system';
const places = { operatorNamespace, definitionsNamespace: operatorNamespace };

const controllers: readonly Controller[] = [
  namespaceController(),
  keptnConfigController(places),
  workloadController(places),
  workloadVersionController(places),
  appCreationController(places),
  appController(),
  appVersionController(places),
  podGateController(places),
  taskDefinitionController(places),
  taskController({ ...places, denoImage: 'deno', pythonImage: 'python' }),
  evaluationController(places),
];

/** Gives every KeptnMetric the value its query names. */
const metricsServer: Actor = {
  name: 'metrics-server',
  step({ store, now }) {
    for (const metric of store.list<Metric>(KeptnMetric)) {
      const value = metric.spec.query;
      if (metric.status?.value === value) continue;
      const lastUpdated = new Date(now).toISOString();
      const rawValue = btoa(value);
      store.writeStatus(refOf(KeptnMetric, metric), undefined, { value, rawValue, lastUpdated });
    }
  },
};

/**
 * All of Sluice in a simulated cluster: every controller, the admission webhooks (with the caches of another replica), and
 * the cluster's own controllers. What is watched by label on a real cluster is so here.
 */
export function sluice(
  options: Partial<SimulationOptions> & { readonly seed: number },
): Simulation {
  return new Simulation({
    controllers,
    indexes: [
      ...lifecycleIndexes,
      ...admissionIndexes,
      tasksAwaitingDefinition,
      tasksAwaitingSlot,
      taskDefinitionsByFunctionRef,
      openEvaluationsByDefinition,
    ],
    watched: [
      {
        kind: PodKind,
        scopes: [{ labelSelector: sluiceKeys.watched }, { labelSelector: sluiceKeys.task }],
      },
      { kind: JobKind, scopes: [{ labelSelector: sluiceKeys.task }] },
      { kind: ConfigMapKind, scopes: [{ labelSelector: sluiceKeys.function }] },
      { kind: KeptnAppContext },
      { kind: KeptnMetric },
    ],
    admission: webhooks(places)
      .filter(({ type }) => type === 'mutating')
      .map(asAdmission),
    actors: [
      deploymentController,
      replicaSetController,
      statefulSetController,
      daemonSetController,
      jobController,
      kubelet(),
      garbageCollector,
      metricsServer,
    ],
    latencyMs: 5,
    ...options,
  });
}

/** A webhook as the API server would call it: in labelled namespaces, and not for Pods of Jobs or on a node. */
function asAdmission(webhook: Webhook): Admission {
  const { group, version, kind, plural, scope } = webhook.resource;
  const reviewed: Kind = {
    apiVersion: group === '' ? version : `${group}/${version}`,
    kind,
    plural,
    namespaced: scope === 'Namespaced',
  };
  return {
    kind: reviewed,
    admit(object, lookup, now) {
      const verdict = webhook.handle(requestFor(object, webhook), lookup, now);
      if (verdict.type === 'denied') {
        throw new ClusterError({ code: 422, reason: 'Invalid', message: verdict.message });
      }
      return jsonpatch.applyPatch(object, [...verdict.patch], true, false).newDocument;
    },
    isAsked: (object, namespace) => {
      const isOfJob = kind === 'Pod' && controllerOf(object)?.kind === 'Job';
      if (isOfJob) return false;
      return webhook.namespaceSelector === undefined || isEnabled(namespace);
    },
  };
}

function isEnabled(namespace: KubernetesObject | undefined): boolean {
  return namespace?.metadata.labels?.[sluiceKeys.enabled] === 'true';
}

function requestFor(object: KubernetesObject, webhook: Webhook): AdmissionRequest {
  const { group, version, kind, plural } = webhook.resource;
  const { namespace, name } = object.metadata;
  return {
    uid: 'review',
    kind: { group, version, kind },
    resource: { group, version, resource: plural },
    operation: 'CREATE',
    userInfo: { username: 'simulation' },
    name,
    ...(namespace !== undefined && { namespace }),
    object,
  };
}

import jsonpatch from 'fast-json-patch';

import { type LabelSelector, webhooks, type Webhook } from '../../src/admission/registry.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import type { Pod } from '../../src/api/builtin.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { controllerOf } from '../../src/api/object.ts';
import type { AdmissionRequest } from '../../src/api/review.ts';
import { allControllers, allIndexes } from '../../src/process/controllers.ts';
import { watchedKinds } from '../../src/process/watched-kinds.ts';
import { configFrom } from '../../src/config/config.ts';
import type { ListScope } from '../../src/kubernetes/wire/resource-path.ts';
import type { Watched } from '../support/memory/memory-caches.ts';
import { daemonSetController } from './actors/daemon-sets.ts';
import { deploymentController, replicaSetController } from './actors/deployments.ts';
import { metricsActor } from './actors/metrics.ts';
import { garbageCollector } from './actors/garbage-collector.ts';
import { jobController } from './actors/jobs.ts';
import { kubelet } from './actors/kubelet.ts';
import { rolloutController } from './actors/rollouts.ts';
import { statefulSetController } from './actors/stateful-sets.ts';
import type { Admission, SimulationOptions } from './simulation.ts';
import { Simulation } from './simulation.ts';

const config = configFrom({ flags: new Map(), env: {} });

/** What a process watches, by kind. */
function watchedByKind(): Watched[] {
  const scopes = new Map<Kind, ListScope[]>();
  for (const { kind, labelSelector } of watchedKinds(undefined).watched) {
    const scope = labelSelector === undefined ? {} : { labelSelector };
    scopes.set(kind, [...(scopes.get(kind) ?? []), scope]);
  }
  return [...scopes].map(([kind, of]) => ({ kind, scopes: of }));
}

/**
 * All of Sluice in a simulated cluster, put together as `sluice run` does: every controller, the admission webhooks (with
 * the caches of another replica), watches and indexes; and the cluster's own controllers.
 */
export function sluice(
  options: Partial<SimulationOptions> & {
    readonly seed: number;
    /** What else changes objects on their way in, before Sluice's webhooks. */
    readonly policies?: readonly Admission[];
    /** The Pods whose image cannot be pulled; none by default. */
    readonly lacksImage?: (pod: Pod) => boolean;
    /** How long the Job controller collects the ends of Pods; default 0. */
    readonly jobBatchMs?: number;
  },
): Simulation {
  const ownWebhooks = webhooks({ operatorNamespace: config.namespace })
    .filter(({ type, resource }) => type === 'mutating' || resource.kind === 'Pod')
    .map(asAdmission);
  return new Simulation({
    controllers: allControllers(config),
    indexes: allIndexes,
    watched: watchedByKind(),
    admission: [...(options.policies ?? []), ...ownWebhooks],
    actors: [
      deploymentController,
      replicaSetController,
      statefulSetController,
      daemonSetController,
      rolloutController,
      jobController(options.jobBatchMs),
      kubelet(undefined, options.lacksImage),
      garbageCollector,
      // Every KeptnMetric has the value its query names.
      metricsActor(({ spec }) => spec.query),
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
      return (
        webhook.namespaceSelector === undefined || selects(webhook.namespaceSelector, namespace)
      );
    },
  };
}

function selects(
  { matchExpressions }: LabelSelector,
  namespace: KubernetesObject | undefined,
): boolean {
  return matchExpressions.every(({ key, operator, values }) => {
    const label = namespace?.metadata.labels?.[key];
    return (label !== undefined && values.includes(label)) === (operator === 'In');
  });
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

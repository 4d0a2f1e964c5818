import { webhooks, type Webhook } from '../../src/admission/registry.ts';
import { ClusterError } from '../../src/api/cluster-error.ts';
import type { Pod } from '../../src/api/builtin.ts';
import type { Kind } from '../../src/api/object.ts';
import { isAsked, patched, reviewedKind, verdictOf } from '../../src/cli/played/webhook-calls.ts';
import { allControllers, indexesOf } from '../../src/process/controllers.ts';
import { watchedKinds } from '../../src/process/watched-kinds.ts';
import { configFrom } from '../../src/config/config.ts';
import type { ListScope } from '../../src/kubernetes/wire/resource-path.ts';
import type { Watched } from '../support/memory/memory-caches.ts';
import { daemonSetController } from '../../src/cli/played/actors/daemon-sets.ts';
import {
  deploymentController,
  replicaSetController,
} from '../../src/cli/played/actors/deployments.ts';
import { metricsActor } from '../../src/cli/played/actors/metrics.ts';
import { garbageCollector } from '../../src/cli/played/actors/garbage-collector.ts';
import { jobController } from '../../src/cli/played/actors/jobs.ts';
import { kubelet } from '../../src/cli/played/actors/kubelet.ts';
import { rolloutController } from '../../src/cli/played/actors/rollouts.ts';
import { statefulSetController } from '../../src/cli/played/actors/stateful-sets.ts';
import type { Admission, SimulationOptions } from './simulation.ts';
import { Simulation } from './simulation.ts';

const config = configFrom({ flags: new Map(), env: {} });

/** What a process watches, by kind. */
function watchedByKind(): Watched[] {
  const scopes = new Map<Kind, ListScope[]>();
  for (const { kind, labelSelector } of watchedKinds(undefined, allControllers(config)).watched) {
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
    indexes: indexesOf(allControllers(config)),
    watched: watchedByKind(),
    admission: [...(options.policies ?? []), ...ownWebhooks],
    actors: [
      deploymentController,
      replicaSetController,
      statefulSetController,
      daemonSetController,
      rolloutController,
      jobController(options.jobBatchMs),
      kubelet(options.lacksImage && { lacksImage: options.lacksImage }),
      garbageCollector,
      // Every KeptnMetric has the value its query names.
      metricsActor(({ spec }) => spec.query),
    ],
    latencyMs: 5,
    ...options,
  });
}

/** A webhook as the API server would call it. */
function asAdmission(webhook: Webhook): Admission {
  return {
    kind: reviewedKind(webhook),
    admit(object, lookup, now) {
      const verdict = verdictOf(webhook, object, { lookup, now, user: 'simulation' });
      if (verdict.type === 'denied') {
        throw new ClusterError({ code: 422, reason: 'Invalid', message: verdict.message });
      }
      return patched(object, verdict);
    },
    isAsked: (object, namespace) => isAsked(webhook, object, namespace),
  };
}

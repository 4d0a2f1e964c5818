import { CheckDefinition } from '../../../src/api/keptn/check-definition.ts';
import { KeptnAppContext } from '../../../src/api/keptn/app-context.ts';
import { KeptnAppCreationRequest } from '../../../src/api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';
import { KeptnConfig } from '../../../src/api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../../src/api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnMetric } from '../../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../../src/api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../../src/api/keptn/task-definition.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type { ObjectMeta } from '../../../src/api/object.ts';
import type { OwnObject, Resource } from '../../../src/api/resource.ts';

/**
 * Complete, valid objects of every own kind, the same at every run. A test states only what its claim is about:
 *
 *     aTask({ metadata: { name: 'smoke' }, spec: { timeout: '1s' }, status: { status: 'Failed' } })
 *
 * The top-level fields given replace the standard ones of the same name; all others stay. An object has a status only if it
 * is given one. The standard objects belong together: application `shop` in version `1.0.0` with the workload `shop-cart`,
 * in the namespace `shop`.
 */
export interface Given<Spec, Status> {
  readonly metadata?: Partial<ObjectMeta>;
  readonly spec?: Partial<Spec>;
  readonly status?: Partial<Status>;
}

/** When every built object was created, in milliseconds since the Unix epoch. */
export const creationMs = Date.UTC(2026, 0, 1);

/** What every built object has in its metadata, unless the test says otherwise; the uid follows from kind and address. */
function standardMetadata(
  kind: string,
  standardName: string,
  given: Partial<ObjectMeta> = {},
): ObjectMeta {
  const { name = standardName, namespace = 'shop' } = given;
  return {
    name,
    namespace,
    uid: `uid-${kind.toLowerCase()}-${namespace}-${name}`,
    resourceVersion: '1000',
    generation: 1,
    creationTimestamp: '2026-01-01T00:00:00Z',
    ...given,
  };
}

interface Standard<Spec, Status> {
  readonly name: string;
  readonly spec: Spec;
  /** What a status must have to be valid. */
  readonly status: Status;
}

function builderOf<Spec extends object, Status extends object>(
  resource: Resource<Spec, Status>,
  standard: Standard<Spec, Status>,
): (given?: Given<Spec, Status>) => OwnObject<Spec, Status> {
  return ({ metadata, spec, status } = {}) => ({
    apiVersion: resource.apiVersion,
    kind: resource.kind,
    metadata: standardMetadata(resource.kind, standard.name, metadata),
    spec: structuredClone({ ...standard.spec, ...spec }),
    ...(status === undefined ? {} : { status: structuredClone({ ...standard.status, ...status }) }),
  });
}

const cart = { name: 'cart', version: '1.0.0' };
const cartReplicaSet = { uid: 'uid-replicaset-shop-cart-1', kind: 'ReplicaSet', name: 'cart-1' };

export const anApp = builderOf(KeptnApp, {
  name: 'shop',
  spec: { version: '1.0.0', revision: 1, workloads: [cart] },
  status: {},
});

export const anAppContext = builderOf(KeptnAppContext, { name: 'shop', spec: {}, status: {} });

export const anAppCreationRequest = builderOf(KeptnAppCreationRequest, {
  name: 'shop',
  spec: { appName: 'shop' },
  status: {},
});

/** The reference by which app `shop` controls its versions. */
const ownedByShop = {
  apiVersion: KeptnApp.apiVersion,
  kind: KeptnApp.kind,
  name: 'shop',
  uid: 'uid-keptnapp-shop-shop',
  controller: true,
  blockOwnerDeletion: true,
};

const aBareAppVersion = builderOf(KeptnAppVersion, {
  name: 'shop-1.0.0-6b86b273',
  spec: { appName: 'shop', version: '1.0.0', revision: 1, workloads: [cart] },
  status: {},
});

export const anAppVersion: typeof aBareAppVersion = (given = {}) =>
  aBareAppVersion({
    ...given,
    metadata: { ownerReferences: [ownedByShop], ...given.metadata },
  });

export const aWorkload = builderOf(KeptnWorkload, {
  name: 'shop-cart',
  spec: { app: 'shop', version: '1.0.0', resourceReference: cartReplicaSet },
  status: {},
});

export const aWorkloadVersion = builderOf(KeptnWorkloadVersion, {
  name: 'shop-cart-1.0.0',
  spec: {
    app: 'shop',
    version: '1.0.0',
    workloadName: 'shop-cart',
    resourceReference: cartReplicaSet,
  },
  status: {},
});

export const aTaskDefinition = builderOf(KeptnTaskDefinition, {
  name: 'smoke',
  spec: {
    container: { name: 'smoke', image: 'busybox:1.37', command: ['true'] },
    retries: 10,
    timeout: '5m',
    ttlSecondsAfterFinished: 300,
  },
  status: {},
});

export const aTask = builderOf(KeptnTask, {
  name: 'pre-smoke-0000000000',
  spec: {
    taskDefinition: 'smoke',
    checkType: 'pre',
    context: {
      workloadName: 'shop-cart',
      appName: 'shop',
      appVersion: '',
      workloadVersion: '1.0.0',
      taskType: 'pre',
      objectType: 'Workload',
    },
    retries: 10,
    timeout: '5m',
  },
  status: {},
});

export const anEvaluationDefinition = builderOf(KeptnEvaluationDefinition, {
  name: 'cpu-free',
  spec: {
    objectives: [{ keptnMetricRef: { name: 'cpu' }, evaluationTarget: '<80' }],
    retries: 10,
    retryInterval: '5s',
  },
  status: {},
});

export const anEvaluation = builderOf(KeptnEvaluation, {
  name: 'pre-eval-cpu-free-0000000000',
  spec: {
    evaluationDefinition: 'cpu-free',
    appName: 'shop',
    workload: 'shop-cart',
    workloadVersion: '1.0.0',
    checkType: 'pre-eval',
    retries: 10,
    retryInterval: '5s',
  },
  status: { retryCount: 0, overallStatus: 'Pending', evaluationStatus: {} },
});

export const aMetric = builderOf(KeptnMetric, {
  name: 'cpu',
  spec: { provider: { name: 'prometheus' }, query: 'cpu_load', fetchIntervalSeconds: 10 },
  status: {},
});

export const aMetricsProvider = builderOf(KeptnMetricsProvider, {
  name: 'prometheus',
  spec: { type: 'prometheus', targetServer: 'http://prometheus.monitoring.svc:9090' },
  status: {},
});

const aCheckDefinition = builderOf(CheckDefinition, {
  name: 'office-hours',
  spec: {
    freezeWindow: {
      timeZone: 'Europe/Berlin',
      windows: [{ name: 'weekend', start: '0 17 * * 5', end: '0 8 * * 1' }],
    },
  },
  status: {},
});

export const aConfig = builderOf(KeptnConfig, {
  name: 'keptn-config',
  spec: {
    keptnAppCreationRequestTimeoutSeconds: 30,
    blockDeployment: true,
    observabilityTimeout: '5m',
  },
  status: {},
});

/** One object of each own kind, with the least status that is valid. */
export const standardObjects: readonly OwnObject<object, object>[] = [
  anApp({ status: {} }),
  anAppContext({ status: {} }),
  anAppCreationRequest({ status: {} }),
  anAppVersion({ status: {} }),
  aWorkload({ status: {} }),
  aWorkloadVersion({ status: {} }),
  aTask({ status: {} }),
  aTaskDefinition({ status: {} }),
  anEvaluation({ status: {} }),
  anEvaluationDefinition({ status: {} }),
  aMetric({ status: {} }),
  aMetricsProvider({ status: {} }),
  aCheckDefinition({ status: {} }),
  aConfig({ metadata: { namespace: 'keptn-system' }, status: {} }),
];

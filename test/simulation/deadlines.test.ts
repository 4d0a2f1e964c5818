import { describe, expect, it } from 'vitest';

import { NamespaceKind, type Pod } from '../../src/api/builtin.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import type { Condition, Kind, KubernetesObject } from '../../src/api/object.ts';
import { conditionOf } from '../../src/domain/conditions.ts';
import { allRun, expectNoHarm, podsOf, versionBecomes } from './scenario.ts';
import { aTaskDefinition, aWorkload } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';

const minute = 60_000;

/** Namespace `shop` with annotations of Sluice. */
const aNamespace = (annotations: Readonly<Record<string, string>> = {}): string => `
apiVersion: v1
kind: Namespace
metadata:
  name: shop
  annotations: ${JSON.stringify({ 'keptn.sh/lifecycle-toolkit': 'enabled', ...annotations })}
`;

const anEvaluationDefinition = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: { namespace: shop, name: enough }
spec: { objectives: [{ keptnMetricRef: { name: cpus, namespace: shop }, evaluationTarget: ">1" }] }
`;

/** An application of somebody's own that does not list the workload. */
const aForeignApp = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnApp
metadata: { namespace: shop, name: cart }
spec: { version: "1", workloads: [{ name: pay, version: "1" }] }
`;

/** Whether a Pod is of a Job whose image nobody has. */
const hasNoImage = ({ metadata }: Pod): boolean => metadata.labels?.['app'] === undefined;

interface Case {
  readonly key: string;
  readonly reason: string;
  readonly annotations: Readonly<Record<string, string>>;
  readonly manifests: readonly string[];
  /** Where it waits, and where the end says why. */
  readonly waits: Kind<Stated>;
  /** No image can be pulled. */
  readonly hasNoImages?: boolean;
}

const preTask = { 'keptn.sh/pre-deployment-tasks': 'check' };
const preEvaluation = { 'keptn.sh/pre-deployment-evaluations': 'enough' };

const cases: Readonly<Record<string, Case>> = {
  'a definition': {
    key: 'definition',
    reason: 'DefinitionDeadlineExceeded',
    annotations: preTask,
    manifests: [],
    waits: KeptnWorkloadVersion,
  },
  'an application': {
    key: 'app',
    reason: 'AppDeadlineExceeded',
    annotations: {},
    manifests: [aForeignApp],
    waits: KeptnWorkloadVersion,
  },
  'a metric': {
    key: 'metric',
    reason: 'MetricDeadlineExceeded',
    annotations: preEvaluation,
    manifests: [anEvaluationDefinition],
    waits: KeptnEvaluation,
  },
  'the start of a Job': {
    key: 'job-start',
    reason: 'JobStartDeadlineExceeded',
    annotations: preTask,
    // Its own time-out must not be over first.
    manifests: [aTaskDefinition('check').replace('timeout: 5m', 'timeout: 100h')],
    waits: KeptnTask,
    hasNoImages: true,
  },
};

type Stated = KubernetesObject & { readonly status?: { readonly conditions?: Condition[] } };

function waitingIn({ store }: Simulation, kind: Kind<Stated>): Stated | undefined {
  return store.list(kind)[0];
}

const messageOf = (object: Stated | undefined, type: string) => conditionOf(object, type)?.message;

async function begun(
  one: Case,
  namespace: Readonly<Record<string, string>>,
  check: (simulation: Simulation) => Promise<void>,
): Promise<void> {
  const simulation = sluice({
    seed: 1,
    ...(one.hasNoImages === true && { lacksImage: hasNoImage }),
  });
  await simulation.explained(async () => {
    simulation.apply(aNamespace(namespace), ...one.manifests);
    simulation.apply(aWorkload('cart', { app: 'cart', annotations: one.annotations }));
    simulation.start();
    await simulation.until('it waits', () => {
      const object = waitingIn(simulation, one.waits);
      return messageOf(object, 'Waiting') !== undefined;
    });
    await check(simulation);
    expectNoHarm(simulation);
  });
}

describe.each(Object.entries(cases))('a wait for %s', (_, one) => {
  it('lasts as long as Keptn’s without a deadline, says since when, and writes nothing meanwhile', async () => {
    await begun(one, {}, async (simulation) => {
      await simulation.pass(2 * minute);
      const writes = simulation.writes.length;
      await simulation.pass(24 * 60 * minute);
      expect(simulation.writes.slice(writes).map(({ kind }) => kind.kind)).toEqual([]);
      expect(messageOf(waitingIn(simulation, one.waits), 'Waiting')).toMatch(
        /^since .*Z, no deadline$/u,
      );
      expect(podsOf(simulation, 'cart').every((pod) => pod.status?.phase === 'Pending')).toBe(true);
    });
  });

  it('ends at the deadline of its Namespace with a precise reason, and holds the Pods', async () => {
    const namespace = { [`sluice.keptn.sh/${one.key}-deadline`]: '10m' };
    await begun(one, namespace, async (simulation) => {
      await simulation.pass(8 * minute);
      expect(messageOf(waitingIn(simulation, one.waits), 'Waiting')).toMatch(
        new RegExp(`until .*Z; then it fails with the reason ${one.reason}$`, 'u'),
      );
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      const version = simulation.store.list(KeptnWorkloadVersion)[0];
      expect(JSON.stringify(version?.status)).toContain(one.reason);
      expect(conditionOf(waitingIn(simulation, one.waits), 'Waiting')).toBeUndefined();
      await simulation.pass(30 * minute);
      expect(podsOf(simulation, 'cart').every((pod) => pod.status?.phase === 'Pending')).toBe(true);
    });
  });

  it('that warns lets the version go on at the deadline, and says what would have been blocked', async () => {
    const namespace = {
      [`sluice.keptn.sh/${one.key}-deadline`]: '10m',
      'sluice.keptn.sh/mode': 'warn',
    };
    await begun(one, namespace, async (simulation) => {
      await simulation.until(
        'its Pods run',
        () => allRun(simulation, 'cart', { version: '1' }),
        12 * minute,
      );
      const version = simulation.store.list(KeptnWorkloadVersion)[0];
      expect(messageOf(version, 'WouldBlock')).toContain('would have');
      expect(JSON.stringify(version?.status)).toContain(one.reason);
      expect(conditionOf(version, 'Released')?.reason).toBe('Warning');
    });
  });

  it('takes a deadline that is set while it lasts', async () => {
    await begun(one, {}, async (simulation) => {
      await simulation.pass(30 * minute);
      const { store } = simulation;
      const home = store.get(NamespaceKind, undefined, 'shop');
      if (home === undefined) throw new Error('there is no Namespace');
      const { resourceVersion: _version, ...metadata } = home.metadata;
      const annotations = {
        ...metadata.annotations,
        [`sluice.keptn.sh/${one.key}-deadline`]: '20m',
      };
      store.update(NamespaceKind, { ...home, metadata: { ...metadata, annotations } });
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
    });
  });
});

describe('the deadline of a workload', () => {
  const annotations = { ...preTask, 'sluice.keptn.sh/definition-deadline': '5m' };

  it('comes before that of its Namespace, and a definition that is created later repeats the check', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace({ 'sluice.keptn.sh/definition-deadline': '0s' }));
      simulation.apply(aWorkload('cart', { app: 'cart', annotations }));
      simulation.start();
      await versionBecomes(simulation, 'cart-cart-1', 'Failed');
      simulation.apply(aTaskDefinition('check'));
      await versionBecomes(simulation, 'cart-cart-1', 'Succeeded');
      expectNoHarm(simulation);
    });
  });

  it('survives a restart of Sluice: what has passed before counts', async () => {
    const simulation = sluice({ seed: 1 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace(), aWorkload('cart', { app: 'cart', annotations }));
      const first = simulation.start();
      await simulation.pass(3 * minute);
      first.kill();
      await simulation.pass(minute);
      simulation.start();
      await simulation.until(
        'it fails',
        () => simulation.store.list(KeptnWorkloadVersion)[0]?.status?.status === 'Failed',
        2 * minute,
      );
    });
  });
});

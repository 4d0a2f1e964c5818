import { describe, expect, it } from 'vitest';
import { ConfigMapKind } from '../../src/api/builtin.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../src/api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { type Condition, type Kind, type KubernetesObject, refOf } from '../../src/api/object.ts';
import { referenceControllers } from '../../src/controllers/resolved-refs.ts';
import { taskDefinitionController } from '../../src/controllers/task-definition.ts';
import type { Referrer } from '../../src/domain/resolved-refs.ts';
import {
  aConfig,
  aMetric,
  aMetricsProvider,
  anAppContext,
  anEvaluationDefinition,
  aTaskDefinition,
  aWorkload,
} from '../support/builders/builders.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';
import { fog, storm } from './weather.ts';
import { allIndexes } from '../support/memory/all-indexes.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };

const ServiceAccountKind: Kind = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};

const named = (kind: Kind, name: string, namespace = 'shop'): KubernetesObject => ({
  apiVersion: kind.apiVersion,
  kind: kind.kind,
  metadata: { name, namespace },
});

class Scene extends Simulation {
  constructor(options: Partial<SimulationOptions> = {}) {
    super({
      seed: 1,
      controllers: [taskDefinitionController(places), ...referenceControllers(places)],
      indexes: allIndexes,
      kinds: [ConfigMapKind, ServiceAccountKind],
      latencyMs: 5,
      ...options,
    });
  }

  condition(kind: Kind<Referrer>, name: string, type = 'ResolvedRefs'): Condition | undefined {
    const { status } = this.store.get(kind, 'shop', name) ?? {};
    return status?.conditions?.find((condition) => condition.type === type);
  }

  /** `Reason: message` of what is not resolved, `resolved`, or `silent`. */
  refs(kind: Kind<Referrer>, name: string): string {
    const condition = this.condition(kind, name);
    if (condition === undefined) return 'silent';
    return condition.status === 'True' ? 'resolved' : `${condition.reason}: ${condition.message}`;
  }

  remove(kind: Kind, name: string, namespace = 'shop'): void {
    const object = this.store.get(kind, namespace, name);
    if (object === undefined) throw new Error(`no ${kind.kind} ${name}`);
    this.store.delete(refOf(kind, object), { uid: object.metadata.uid ?? '' });
  }

  /** Applies, and waits until everything is quiet. */
  async after(...objects: readonly KubernetesObject[]): Promise<void> {
    this.apply(...objects.map(asWritten));
    await this.pass(2_000);
  }

  /** Nothing is written while nothing changes. */
  async staysQuiet(): Promise<void> {
    const writes = this.writes.length;
    await this.pass(600_000);
    expect(this.writes.slice(writes)).toEqual([]);
  }
}

/** The object as a user has it in a file. */
function asWritten(object: KubernetesObject): KubernetesObject {
  const { name, namespace = '' } = object.metadata;
  return { ...object, metadata: { name, namespace } };
}

async function play(story: (scene: Scene) => Promise<void>): Promise<void> {
  const scene = new Scene();
  await scene.explained(async () => {
    scene.start();
    await story(scene);
    await scene.staysQuiet();
    expect(scene.complaints).toEqual([]);
  });
}

const KED = KeptnEvaluationDefinition;
const KTD = KeptnTaskDefinition;

const followedBy = (name: string, ...followUps: string[]) =>
  aTaskDefinition({ metadata: { name }, spec: { onFailure: followUps } });

describe('a context', () => {
  it('says that no application has its name, until one has: a workload that names it, or a KeptnApp', async () => {
    const scene = new Scene();
    await scene.explained(async () => {
      scene.start();
      await scene.after(anAppContext({ metadata: { name: 'shop' } }));
      expect(scene.condition(KeptnAppContext, 'shop', 'AppMissing')).toMatchObject({
        status: 'True',
        reason: 'AppNotFound',
        message: expect.stringContaining('There is no application shop here yet'),
      });
      expect(scene.condition(KeptnAppContext, 'shop', 'Ready')).toMatchObject({ status: 'True' });
      await scene.staysQuiet();
      await scene.after(aWorkload());
      expect(scene.condition(KeptnAppContext, 'shop', 'AppMissing')).toBeUndefined();
      await scene.staysQuiet();
    });
  });
});

describe('what names something that is not there', () => {
  it('says so, with one Event, until it has come', () =>
    play(async (scene) => {
      await scene.after(anEvaluationDefinition());
      const missing =
        'ReferenceMissing: spec.objectives[0].keptnMetricRef.name: KeptnMetric cpu does not exist in shop or keptn-system; create it, or correct the name';
      expect(scene.refs(KED, 'cpu-free')).toBe(missing);
      expect(scene.condition(KED, 'cpu-free', 'Ready')?.status).toBe('False');
      expect(scene.condition(KED, 'cpu-free', 'Reconciling')?.status).toBe('True');
      expect(scene.condition(KED, 'cpu-free', 'Stalled')?.status).toBe('False');
      expect(scene.notes).toMatchObject([
        {
          type: 'Warning',
          reason: 'ReferenceMissing',
          about: { kind: 'KeptnEvaluationDefinition' },
        },
      ]);
      await scene.after(aMetricsProvider(), aMetric());
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
      const { status } = scene.store.get(KED, 'shop', 'cpu-free') ?? {};
      expect(status?.observedGeneration).toBe(1);
      expect(scene.condition(KED, 'cpu-free', 'Ready')).toMatchObject({
        status: 'True',
        reason: 'Valid',
        observedGeneration: 1,
      });
      await scene.staysQuiet();
      scene.remove(KeptnMetric, 'cpu');
      await scene.pass(2_000);
      expect(scene.refs(KED, 'cpu-free')).toBe(missing);
      expect(scene.notes).toHaveLength(2);
      await scene.after(aMetric({ metadata: { namespace: 'keptn-system' } }));
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
    }));

  it('is not mentioned when everything comes at once', () =>
    play(async (scene) => {
      await scene.after(
        aTaskDefinition(),
        anEvaluationDefinition(),
        aMetricsProvider(),
        aMetric(),
        anAppContext({
          spec: { preDeploymentTasks: ['smoke'], postDeploymentEvaluations: ['cpu-free'] },
        }),
      );
      expect(scene.refs(KeptnAppContext, 'shop')).toBe('resolved');
      expect(scene.refs(KeptnMetric, 'cpu')).toBe('resolved');
      expect(scene.condition(KeptnMetricsProvider, 'prometheus', 'Ready')?.status).toBe('True');
      expect(scene.notes).toEqual([]);
    }));

  it('is looked through: a provider of a type that nothing asks is told on the provider, its metrics and their evaluations', () =>
    play(async (scene) => {
      const dynatrace = aMetricsProvider({ spec: { type: 'dynatrace' } });
      const flaw =
        'spec.type: Sluice cannot ask dynatrace yet, so its metrics get no value and evaluations of them wait; use one of prometheus, thanos, cortex';
      await scene.after(dynatrace, aMetric(), anEvaluationDefinition());
      expect(scene.condition(KeptnMetricsProvider, 'prometheus', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'ProviderTypeUnsupported',
        message: flaw,
      });
      expect(scene.condition(KeptnMetricsProvider, 'prometheus', 'Stalled')?.status).toBe('True');
      const ofMetric = `spec.provider.name: KeptnMetricsProvider prometheus gives no value: ${flaw}`;
      expect(scene.refs(KeptnMetric, 'cpu')).toBe(`ReferenceUnusable: ${ofMetric}`);
      expect(scene.refs(KED, 'cpu-free')).toBe(
        `ReferenceUnusable: spec.objectives[0].keptnMetricRef.name: KeptnMetric cpu gives no value: ${ofMetric}`,
      );
      await scene.after(aMetricsProvider());
      expect(scene.refs(KeptnMetric, 'cpu')).toBe('resolved');
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
      await scene.after(dynatrace);
      expect(scene.refs(KED, 'cpu-free')).toContain('dynatrace');
    }));

  it('is told of definitions of an application, and shared ones count', () =>
    play(async (scene) => {
      await scene.after(
        anAppContext({ spec: { preDeploymentTasks: ['smoke'], promotionTasks: ['deploy-next'] } }),
      );
      expect(scene.refs(KeptnAppContext, 'shop')).toBe(
        'ReferenceMissing: spec.preDeploymentTasks[0]: KeptnTaskDefinition smoke does not exist in shop or keptn-system; create it, or correct the name; spec.promotionTasks[0]: KeptnTaskDefinition deploy-next does not exist in shop or keptn-system; create it, or correct the name',
      );
      await scene.after(
        aTaskDefinition(),
        aTaskDefinition({ metadata: { name: 'deploy-next', namespace: 'keptn-system' } }),
      );
      expect(scene.refs(KeptnAppContext, 'shop')).toBe('resolved');
      expect(scene.notes).toHaveLength(1);
    }));

  it('is told of workloads, which say nothing as long as nothing was missing', () =>
    play(async (scene) => {
      await scene.after(
        aTaskDefinition(),
        aWorkload({ spec: { preDeploymentTasks: ['smoke'] } }),
        aWorkload({ metadata: { name: 'shop-till' }, spec: { onFailure: ['tell'] } }),
      );
      expect(scene.refs(KeptnWorkload, 'shop-cart')).toBe('silent');
      expect(scene.refs(KeptnWorkload, 'shop-till')).toBe(
        'ReferenceMissing: spec.onFailure[0]: KeptnTaskDefinition tell does not exist in shop or keptn-system; create it, or correct the name',
      );
      await scene.after(aTaskDefinition({ metadata: { name: 'tell' } }));
      expect(scene.refs(KeptnWorkload, 'shop-till')).toBe('resolved');
    }));

  it('is told of ConfigMaps and ServiceAccounts', () =>
    play(async (scene) => {
      const definition = aTaskDefinition({
        spec: {
          container: {
            name: 'smoke',
            image: 'busybox:1.37',
            envFrom: [{ configMapRef: { name: 'settings' } }],
          },
          serviceAccount: { name: 'releaser' },
        },
      });
      await scene.after(definition, named(ConfigMapKind, 'settings', 'other'));
      expect(scene.refs(KTD, 'smoke')).toContain('ConfigMap settings does not exist in shop');
      expect(scene.refs(KTD, 'smoke')).toContain('ServiceAccount releaser does not exist in shop');
      // What it runs is there all the same.
      expect(scene.condition(KTD, 'smoke', 'Ready')?.status).toBe('True');
      await scene.after(named(ConfigMapKind, 'settings'), named(ServiceAccountKind, 'releaser'));
      expect(scene.refs(KTD, 'smoke')).toBe('resolved');
      expect(scene.condition(KTD, 'smoke', 'Ready')?.status).toBe('True');
      scene.remove(ConfigMapKind, 'settings');
      await scene.pass(2_000);
      expect(scene.refs(KTD, 'smoke')).toContain('ConfigMap settings does not exist in shop');
    }));

  it('is told of providers, named ones and those of queries that name none', () =>
    play(async (scene) => {
      const query = { query: 'up', evaluationTarget: '>0' };
      await scene.after(aMetric(), anEvaluationDefinition({ spec: { objectives: [query] } }));
      expect(scene.refs(KeptnMetric, 'cpu')).toBe(
        'ReferenceMissing: spec.provider.name: KeptnMetricsProvider prometheus does not exist in shop; create it, or correct the name',
      );
      expect(scene.refs(KED, 'cpu-free')).toBe(
        'ObjectiveProviderUnclear: spec.objectives[0]: there is no KeptnMetricsProvider in shop to ask; create one',
      );
      await scene.after(aMetricsProvider());
      expect(scene.refs(KeptnMetric, 'cpu')).toBe('resolved');
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
      await scene.after(aMetricsProvider({ metadata: { name: 'thanos' } }));
      expect(scene.refs(KED, 'cpu-free')).toBe(
        'ObjectiveProviderUnclear: spec.objectives[0]: names no provider, and shop has 2; set provider.name to one of: prometheus, thanos',
      );
      // Not ours to say: whoever asks for the value does.
      expect(scene.condition(KeptnMetric, 'cpu', 'Ready')).toBeUndefined();
      expect(scene.store.get(KeptnMetric, 'shop', 'cpu')?.status?.observedGeneration).toBe(
        undefined,
      );
    }));
});

describe('what could never work', () => {
  it('is stalled, and told apart from what is missing', () =>
    play(async (scene) => {
      await scene.after(
        aTaskDefinition({ metadata: { name: 'cpu-free' } }),
        anAppContext({ spec: { preDeploymentEvaluations: ['cpu-free'] } }),
        aMetricsProvider({ spec: { type: 'prometheus', targetServer: 'prometheus:9090' } }),
      );
      expect(scene.refs(KeptnAppContext, 'shop')).toMatch(/^ReferenceWrongKind: /);
      expect(scene.condition(KeptnAppContext, 'shop', 'Stalled')?.status).toBe('True');
      expect(scene.condition(KeptnMetricsProvider, 'prometheus', 'Ready')).toMatchObject({
        status: 'False',
        reason: 'ProviderAddress',
      });
      expect(scene.refs(KeptnMetricsProvider, 'prometheus')).toBe('silent');
      await scene.after(
        aMetricsProvider(),
        anEvaluationDefinition({ metadata: { name: 'cpu-free' } }),
      );
      expect(scene.refs(KeptnAppContext, 'shop')).toBe('resolved');
      expect(scene.condition(KeptnMetricsProvider, 'prometheus', 'Ready')?.status).toBe('True');
    }));

  it('is a circle of follow-ups, whoever closed it, and nothing more once it is open', () =>
    play(async (scene) => {
      await scene.after(followedBy('a', 'b'), followedBy('b', 'c'), followedBy('c', 'a'));
      expect(scene.refs(KTD, 'a')).toBe(
        'FollowUpCycle: spec.onFailure[0]: follow-ups lead in a circle: a → b → c → a; remove one of the references',
      );
      expect(scene.refs(KTD, 'b')).toContain('b → c → a → b');
      expect(scene.refs(KTD, 'c')).toContain('c → a → b → c');
      await scene.after(anEvaluationDefinition({ spec: { objectives: [], onSuccess: ['a'] } }));
      expect(scene.refs(KED, 'cpu-free')).toContain('FollowUpCycle');
      await scene.after(followedBy('c'));
      for (const name of ['a', 'b']) expect(scene.refs(KTD, name)).toBe('resolved');
      expect(scene.refs(KTD, 'c')).toBe('silent');
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
    }));

  it('is a chain that is too deep, for as long as the limit says so', () =>
    play(async (scene) => {
      await scene.after(
        followedBy('a', 'b'),
        followedBy('b', 'c'),
        followedBy('c', 'd'),
        followedBy('d'),
      );
      expect(scene.refs(KTD, 'a')).toBe('resolved');
      await scene.after(followedBy('d', 'e'), followedBy('e'));
      expect(scene.refs(KTD, 'a')).toMatch(/^FollowUpTooDeep: .*a → b → c → d → e/);
      for (const name of ['b', 'c', 'd']) expect(scene.refs(KTD, name)).toBe('resolved');
      await scene.after(
        aConfig({ metadata: { namespace: 'keptn-system' }, spec: { maxFollowUpDepth: 4 } }),
      );
      expect(scene.refs(KTD, 'a')).toBe('resolved');
      scene.remove(KeptnConfig, 'keptn-config', 'keptn-system');
      await scene.pass(2_000);
      expect(scene.refs(KTD, 'a')).toContain('FollowUpTooDeep');
    }));

  it('is a follow-up in both spellings, or of another shape', () =>
    play(async (scene) => {
      await scene.after(
        aTaskDefinition({ metadata: { name: 'tell' } }),
        aTaskDefinition({
          metadata: { name: 'twice' },
          spec: { onFailure: ['tell'], 'on-failure': 'tell' },
        }),
        aTaskDefinition({ metadata: { name: 'odd' }, spec: { 'on-success': { name: 'tell' } } }),
      );
      expect(scene.refs(KTD, 'twice')).toContain('FollowUpSpelledTwice: spec.on-failure');
      expect(scene.refs(KTD, 'odd')).toContain('FollowUpUnreadable: spec.on-success');
    }));
});

describe('whatever happens to caches and processes', () => {
  it.each([
    ['storm', storm],
    ['fog', fog],
  ])('what is said in the end is true: %s', async (_name, weather) => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const scene = new Scene({ seed, weather, crashAfterWrites: [2, 5, 6], latencyMs: 50 });
      await scene.explained(async () => {
        scene.start();
        scene.apply(anEvaluationDefinition(), followedBy('a', 'b'));
        await scene.pass(scene.random.between(0, 10_000));
        scene.apply(aMetric(), followedBy('b', 'a'));
        await scene.pass(scene.random.between(0, 10_000));
        scene.apply(aMetricsProvider());
        scene.remove(KTD, 'b');
        await scene.pass(scene.random.between(0, 10_000));
        scene.apply(followedBy('b', 'c'));
        await scene.pass(60_000);
        expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
        expect(scene.refs(KeptnMetric, 'cpu')).toBe('resolved');
        expect(scene.refs(KTD, 'a')).toBe('resolved');
        expect(scene.refs(KTD, 'b')).toContain('KeptnTaskDefinition c does not exist');
        await scene.staysQuiet();
      });
    }
  });

  it('what is only heard of late is looked for before it is called missing', async () => {
    const lagMs = ({ kind }: { kind: Kind }) => (kind.kind === KeptnMetric.kind ? 5_000 : 0);
    const scene = new Scene({ weather: () => ({ lagMs }) });
    await scene.explained(async () => {
      scene.start();
      scene.apply(aMetric(), anEvaluationDefinition());
      await scene.pass(1_000);
      expect(scene.refs(KED, 'cpu-free')).toBe('resolved');
      await scene.pass(10_000);
      expect(scene.notes.map(({ about }) => about.kind)).toEqual(['KeptnMetric']);
    });
  });
});

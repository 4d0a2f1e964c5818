import { describe, expect, it } from 'vitest';

import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { PodKind, type Pod } from '../../src/api/builtin.ts';
import { refOf } from '../../src/api/object.ts';
import type { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { seedsTo } from '../support/clock-and-chance/seeds.ts';
import { isReleased } from '../../src/domain/gate/release.ts';
import { isOf } from '../../src/cli/played/memory-store.ts';
import { isHeld } from './oracles.ts';
import { podsOf } from './scenario.ts';
import { aShopNamespace, aTaskDefinition } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

const kinds = ['Deployment', 'StatefulSet', 'DaemonSet'] as const;
type PodMakerKind = (typeof kinds)[number];

/** What a template may differ in while Keptn's computed version stays the same. */
const bodies = [
  '',
  'command: [serve]',
  'args: [--fast]',
  'envFrom: [{ configMapRef: { name: settings } }]',
  'ports: [{ containerPort: 80 }]',
] as const;
const specs = [
  '',
  'initContainers: [{ name: first, image: "shop/init:1" }],',
  'volumes: [{ name: data, emptyDir: {} }],',
] as const;

interface Template {
  readonly body: string;
  readonly spec: string;
  readonly restartedAt?: number;
}

function cart(kind: PodMakerKind, { body, spec, restartedAt }: Template): string {
  const annotations = JSON.stringify({
    'keptn.sh/app': 'shop',
    'keptn.sh/workload': 'cart',
    'keptn.sh/pre-deployment-tasks': 'check',
    ...(restartedAt !== undefined && { 'kubectl.kubernetes.io/restartedAt': String(restartedAt) }),
  });
  return `
apiVersion: apps/v1
kind: ${kind}
metadata: { namespace: shop, name: cart }
spec:
  replicas: 2
  selector: { matchLabels: { app: cart } }
  template:
    metadata: { labels: { app: cart }, annotations: ${annotations} }
    spec: { ${spec} containers: [{ name: server, image: "shop/cart:1"${body === '' ? '' : `, ${body}`} }] }
`;
}

/** What of a Pod the author of its template wrote, as a text: by this two templates are told apart. */
function contentOf({ spec }: Pod): string {
  const { containers, initContainers, volumes } = spec ?? {};
  return JSON.stringify({ containers, initContainers, volumes });
}

/** Pods that were not held at a moment when fewer versions had been released than there were templates at work. */
function unchecked({ store }: Simulation): string[] {
  const released = new Set<string>();
  const started = new Set<string>();
  const found: string[] = [];
  for (const { type, object } of store.history) {
    if (isOf(KeptnWorkloadVersion, object) && isReleased(object.status)) {
      released.add(object.spec.version);
    }
    const isOfCart = isOf(PodKind, object) && object.metadata.labels?.['app'] === 'cart';
    if (type === 'deleted' || !isOfCart || isHeld(object)) continue;
    started.add(contentOf(object));
    if (started.size > released.size) found.push(`${object.metadata.name}: ${contentOf(object)}`);
  }
  return found;
}

function choose<T>(from: readonly T[], random: SeededRandom): T {
  const chosen = from[random.between(0, from.length - 1)];
  if (chosen === undefined) throw new Error('there is nothing to choose from');
  return chosen;
}

function allRun(simulation: Simulation, template: Template): boolean {
  const pods = podsOf(simulation, 'cart');
  const content = template.body.split(':')[0] ?? '';
  return (
    pods.length > 0 &&
    pods.every((pod) => pod.status?.phase === 'Running' && contentOf(pod).includes(content.trim()))
  );
}

describe('a computed version', () => {
  it.each(seedsTo(25))(
    'never releases another template than was checked (seed %i)',
    async (seed) => {
      const simulation = sluice({ seed, weather: storm });
      await simulation.explained(async () => {
        const random = simulation.random.fork();
        const kind = choose(kinds, random);
        simulation.apply(aShopNamespace, aTaskDefinition('check'));
        simulation.start();
        await simulation.pass(6_000);
        let template: Template = { body: '', spec: '' };
        simulation.apply(cart(kind, template));
        for (let step = 0; step < 5; step += 1) {
          await simulation.pass(random.between(0, 90_000));
          const restart = random.chance(0.3);
          template = restart
            ? { ...template, restartedAt: step }
            : { body: choose(bodies, random), spec: choose(specs, random) };
          simulation.apply(cart(kind, template));
          const [pod] = podsOf(simulation, 'cart');
          if (pod !== undefined && random.chance(0.3)) simulation.store.delete(refOf(PodKind, pod));
        }
        await simulation.until('what was deployed last runs', () => allRun(simulation, template));
        await simulation.pass(60_000);
        expect(unchecked(simulation)).toEqual([]);
      });
    },
  );

  it('is neither another one nor checked again after a restart alone', async () => {
    for (const kind of kinds) {
      const simulation = sluice({ seed: 1 });
      await simulation.explained(async () => {
        simulation.apply(
          aShopNamespace,
          aTaskDefinition('check'),
          cart(kind, { body: '', spec: '' }),
        );
        simulation.start();
        await simulation.pass(120_000);
        const before = podsOf(simulation, 'cart').map(({ metadata }) => metadata.uid);
        simulation.apply(cart(kind, { body: '', spec: '', restartedAt: 1 }));
        await simulation.until('the Pods are new ones and run', () => {
          const pods = podsOf(simulation, 'cart');
          return pods.every(
            ({ metadata, status }) => !before.includes(metadata.uid) && status?.phase === 'Running',
          );
        });
        await simulation.pass(60_000);
        expect(simulation.store.list(KeptnWorkloadVersion)).toHaveLength(1);
        expect(simulation.store.list(KeptnTask)).toHaveLength(1);
      });
    }
  });
});

import { describe, expect, it } from 'vitest';
import { type Namespace, NamespaceKind, type Pod, PodKind } from '../../src/api/builtin.ts';
import { namespaceController } from '../../src/controllers/namespace.ts';
import { Simulation, type SimulationOptions } from './simulation.ts';

const aNamespace = (
  annotations: Record<string, string> = {},
  labels: Record<string, string> = {},
): Namespace => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations, labels },
});

const aPod = (name: string): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: { namespace: 'shop', name, labels: { 'sluice.keptn.sh/watched': 'true' } },
  spec: { schedulingGates: [{ name: 'foreign' }, { name: 'keptn-prechecks-gate' }] },
});

const optIn = { 'keptn.sh/lifecycle-toolkit': 'enabled' };
const labelOf = ({ store }: Simulation): string | undefined =>
  store.get(NamespaceKind, undefined, 'shop')?.metadata.labels?.['sluice.keptn.sh/enabled'];
const gatesOf = ({ store }: Simulation, name: string): readonly string[] | undefined =>
  store.get(PodKind, 'shop', name)?.spec?.schedulingGates?.map((gate) => gate.name);

function optingIn(options: Partial<SimulationOptions> = {}): Simulation {
  return new Simulation({
    seed: 1,
    controllers: [namespaceController({ operatorNamespace: 'keptn-system' })],
    ...options,
  });
}

describe('the opt-in of a Namespace', () => {
  it('labels a Namespace that was there before Sluice, and repairs the label', async () => {
    const simulation = optingIn();
    await simulation.explained(async () => {
      simulation.apply(aNamespace(optIn));
      simulation.start();
      await simulation.until('it is labelled', () => labelOf(simulation) === 'true', 1_000);
      simulation.apply(aNamespace(optIn, { team: 'a' }));
      await simulation.until('it is labelled again', () => labelOf(simulation) === 'true', 1_000);
      expect(simulation.writes).toHaveLength(2);
    });
  });

  it('when withdrawn, takes the label and our gate from every Pod, also from one that comes late', async () => {
    const simulation = optingIn({ latencyMs: 10 });
    await simulation.explained(async () => {
      simulation.apply(aNamespace(optIn), aPod('one'), aPod('two'));
      simulation.start();
      await simulation.pass(1_000);
      expect(gatesOf(simulation, 'one')).toEqual(['foreign', 'keptn-prechecks-gate']);
      simulation.apply(aNamespace({}, { 'sluice.keptn.sh/enabled': 'true' }));
      await simulation.pass(1_000);
      simulation.apply(aPod('late'));
      await simulation.pass(1_000);
      expect(labelOf(simulation)).toBeUndefined();
      for (const name of ['one', 'two', 'late'])
        expect(gatesOf(simulation, name)).toEqual(['foreign']);
      // One for each Pod, and one on the Namespace each time.
      expect(simulation.notes.map(({ reason }) => reason)).toEqual(
        Array(5).fill('NamespaceDisabled'),
      );
    });
  });

  it('never lifts a gate on the word of a cache that has not seen the opt-in yet', async () => {
    const simulation = optingIn({
      weather: () => ({ lagMs: ({ kind }) => (kind.kind === 'Namespace' ? 5_000 : 0) }),
    });
    await simulation.explained(async () => {
      simulation.apply(aNamespace());
      simulation.start();
      await simulation.pass(10_000);
      simulation.apply(aNamespace(optIn), aPod('one'));
      await simulation.pass(60_000);
      expect(gatesOf(simulation, 'one')).toEqual(['foreign', 'keptn-prechecks-gate']);
      expect(labelOf(simulation)).toBe('true');
    });
  });
});

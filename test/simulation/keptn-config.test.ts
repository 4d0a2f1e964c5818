import { describe, expect, it } from 'vitest';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { keptnConfigController } from '../../src/controllers/keptn-config.ts';
import { isTrue } from '../../src/domain/conditions.ts';
import { Simulation } from './simulation.ts';

const aConfig = (namespace: string): string => `
apiVersion: options.keptn.sh/v1alpha1
kind: KeptnConfig
metadata: { namespace: ${namespace}, name: keptnconfig }
spec: { blockDeployment: false }
`;

describe('KeptnConfigs', () => {
  it.each([
    { way: 'only one of the operator’s namespace', configsAnywhere: false, without: [] },
    { way: 'in Keptn’s way one elsewhere, if need be', configsAnywhere: true, without: ['one'] },
  ])('B16: say at every moment which of them rules: $way', async ({ configsAnywhere, without }) => {
    const places = { operatorNamespace: 'keptn-system', configsAnywhere };
    const simulation = new Simulation({ seed: 1, controllers: [keptnConfigController(places)] });
    const rules = (namespace: string): boolean => {
      const config = simulation.store.get(KeptnConfig, namespace, 'keptnconfig');
      return isTrue(config, 'Ready') && !isTrue(config, 'Ignored');
    };
    const ruling = (): readonly string[] => ['keptn-system', 'one', 'two'].filter(rules);
    await simulation.explained(async () => {
      simulation.start();
      simulation.apply(aConfig('one'));
      await simulation.pass(2_000);
      simulation.apply(aConfig('two'));
      await simulation.pass(2_000);
      expect(ruling()).toEqual(without);
      simulation.apply(aConfig('keptn-system'));
      await simulation.pass(2_000);
      expect(ruling()).toEqual(['keptn-system']);
      const own = simulation.store.get(KeptnConfig, 'keptn-system', 'keptnconfig');
      const ref = { kind: KeptnConfig, namespace: 'keptn-system', name: 'keptnconfig' };
      simulation.store.delete(ref, { uid: own?.metadata.uid ?? '' });
      await simulation.pass(2_000);
      expect(ruling()).toEqual(without);
      const writes = simulation.writes.length;
      await simulation.pass(60_000);
      expect(simulation.writes).toHaveLength(writes);
    });
  });
});

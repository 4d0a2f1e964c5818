import { KeptnConfig } from '../api/keptn/config.ts';
import { type ConfigObservation, decideConfig } from '../domain/settings/keptn-config.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import type { Places } from '../domain/settings/places.ts';

/** Says on every KeptnConfig whether it rules. What it sets is read where it is needed, by `settingsFrom`. */
export function keptnConfigController(
  places: Pick<Places, 'operatorNamespace' | 'configsAnywhere'>,
): Controller<ConfigObservation> {
  const { operatorNamespace, configsAnywhere = false } = places;
  return {
    name: 'keptn-config',
    watches: [
      // One that comes, goes or changes may change who rules, so all of them are judged again.
      watch(KeptnConfig, (config, lookup) => [config, ...lookup.list(KeptnConfig)].map(keyOf)),
    ],
    workers: 1,
    gather({ namespace, name }, world) {
      const config = world.get(KeptnConfig, namespace, name);
      if (config === undefined) return undefined;
      const configs = world.list(KeptnConfig);
      return { now: world.now, config, configs, operatorNamespace, configsAnywhere };
    },
    decide: decideConfig,
  };
}

function keyOf({ metadata: { namespace, name } }: KeptnConfig): Key {
  return namespace === undefined ? { name } : { namespace, name };
}

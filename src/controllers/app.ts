import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { type AppSeen, decideApp } from '../domain/app.ts';
import { ownerIndex } from '../domain/lookup.ts';
import { type Controller, watch } from './controller.ts';
import { controllerKey } from './version-checks.ts';

/** Makes a KeptnAppVersion for every generation of a KeptnApp. */
export function appController(): Controller<AppSeen> {
  return {
    name: 'app',
    startingPoints: [watch(KeptnApp, ({ metadata }) => [metadata])],
    watches: [
      watch(KeptnApp, ({ metadata }) => [metadata]),
      watch(KeptnAppVersion, (version) => controllerKey(version, KeptnApp)),
      // Read when a version is made, so it has to be cached. A change of the context alone makes no version.
      watch(KeptnAppContext, () => []),
    ],
    gather({ namespace, name }, world) {
      const app = world.get(KeptnApp, namespace, name);
      if (app === undefined) return undefined;
      return {
        app,
        now: world.now,
        versions: world.byIndex(KeptnAppVersion, ownerIndex, app.metadata.uid ?? ''),
        context: world.get(KeptnAppContext, namespace, name),
        live: (ref) => world.live(ref),
        refusal: (ref) => world.refusal(ref),
      };
    },
    decide: decideApp,
  };
}

import { defined } from '../api/json.ts';
import { refOf } from '../api/object.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { type AppSeen, decideApp } from '../domain/app/app.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { type Lookup } from '../domain/lookup.ts';
import { lists } from '../domain/phase/newest-app-version.ts';
import { isReleased } from '../domain/gate/release.ts';
import { type Controller, watch } from './engine/controller.ts';
import type { Places } from '../domain/settings/places.ts';
import { controllerKey } from './gathering/version-checks.ts';
import {
  inNamespace,
  unfinishedAppVersions,
  unfinishedOrFailedIn,
  workloadVersionsByApp,
} from './gathering/lifecycle-indexes.ts';

/** Makes a KeptnAppVersion for every generation of a KeptnApp. */
export function appController({ operatorNamespace }: Places): Controller<AppSeen> {
  return {
    name: 'app',
    stepsToGate: 3,
    startingPoints: [watch(KeptnApp, ({ metadata }) => [metadata])],
    indexes: [workloadVersionsByApp, unfinishedAppVersions],
    watches: [
      watch(KeptnApp, ({ metadata }) => [metadata]),
      watch(KeptnAppVersion, (version) => controllerKey(version, KeptnApp)),
      // A change of the context alone makes no version, but one that has just come may be meant for the present one.
      watch(KeptnAppContext, ({ metadata }) => [metadata], 'spec'),
      // Which of their versions are Released is asked when a context comes.
      watch(KeptnWorkloadVersion, () => [], 'existence'),
      watch(
        KeptnConfig,
        (_config, lookup) =>
          unfinishedOrFailedIn(unfinishedAppVersions, lookup).flatMap(({ namespace, name }) => {
            const version = lookup.get(KeptnAppVersion, namespace, name);
            return version === undefined ? [] : controllerKey(version, KeptnApp);
          }),
        'spec',
      ),
    ],
    gather({ namespace, name }, world) {
      const app = world.get(KeptnApp, namespace, name);
      if (app === undefined) return undefined;
      const context = world.get(KeptnAppContext, namespace, name);
      const versions = world.byOwner(KeptnAppVersion, app.metadata.uid ?? '');
      const settings = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      return {
        app,
        now: world.now,
        clockSteps: world.clockSteps,
        versions,
        context,
        isAnyReleased: context !== undefined && isAnyReleased(app, world),
        contextWindowMs: settings.appContextWindowMs,
        repeatFailedChecks: settings.repeatFailedChecks,
        ...world.answers([
          { kind: KeptnAppContext, ...defined({ namespace }), name },
          refOf(KeptnApp, app),
          ...versions.map((version) => refOf(KeptnAppVersion, version)),
        ]),
      };
    },
    decide: decideApp,
  };
}

function isAnyReleased({ metadata: { namespace, name }, spec }: KeptnApp, lookup: Lookup): boolean {
  const listing = { spec: { ...spec, appName: name } };
  return lookup
    .byIndex(workloadVersionsByApp, inNamespace(namespace, name))
    .some((version) => isReleased(version.status) && lists(listing, version));
}

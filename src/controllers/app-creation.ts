import { NamespaceKind } from '../api/builtin.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import {
  type AppCreationObservation,
  decideAppCreation,
  singleWorkload,
  workloadsOf,
} from '../domain/app/app-creation.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import {
  appVersionsByApp,
  inNamespace,
  workloadsByApp,
  workloadVersionsByApp,
} from './gathering/lifecycle-indexes.ts';
import type { Places } from '../domain/settings/places.ts';
import { defined } from '../api/json.ts';

/** Makes the KeptnApps that are asked for out of the workloads that name them. */
export function appCreationController(
  places: Pick<Places, 'operatorNamespace' | 'configsAnywhere'>,
  { promotionTasks }: { readonly promotionTasks: boolean },
): Controller<AppCreationObservation> {
  const { operatorNamespace } = places;
  return {
    name: 'app-creation',
    stepsToGate: 5,
    indexes: [appVersionsByApp, workloadVersionsByApp, workloadsByApp],
    watches: [
      watch(KeptnAppCreationRequest, ({ metadata }) => [metadata]),
      // Requests are named after their app. An app of the users' own ends the request for it.
      watch(KeptnApp, ({ metadata }) => [metadata]),
      // One whose promotion comes first holds the request back until it is over, or cannot come to it.
      watch(KeptnAppVersion, ({ metadata: { namespace }, spec }): Key[] => [
        { name: spec.appName, ...defined({ namespace }) },
      ]),
      watch(KeptnWorkloadVersion, () => [], 'existence'),
      // The discovery window may have changed.
      watch(KeptnConfig, (_, lookup) =>
        lookup.list(KeptnAppCreationRequest).map(({ metadata }) => metadata),
      ),
      // Of a Namespace that opts out, or whose opt-in is on record now.
      watch(NamespaceKind, ({ metadata: { name } }, lookup) =>
        lookup.list(KeptnAppCreationRequest, name).map(({ metadata }) => metadata),
      ),
      // Read when the window closes; until then it makes no difference how many there are.
      watch(KeptnWorkload, () => []),
    ],
    gather({ namespace = '', name }, world) {
      const request = world.get(KeptnAppCreationRequest, namespace, name);
      if (request === undefined) return undefined;
      const app = request.spec.appName;
      const ofApp = inNamespace(namespace, app);
      const { kind, labelSelector } = workloadsOf(namespace);
      const settings = settingsFrom(world.list(KeptnConfig), operatorNamespace, places);
      return {
        now: world.now,
        clockSteps: world.clockSteps,
        request,
        optIn: optInOf(world.get(NamespaceKind, undefined, namespace)),
        app: world.get(KeptnApp, namespace, app),
        appVersions: world.byIndex(appVersionsByApp, ofApp),
        workloadVersions: world.byIndex(workloadVersionsByApp, ofApp),
        workloads: world.byIndex(workloadsByApp, ofApp),
        listed: world.listed(kind, namespace, labelSelector),
        windowMs: settings.appCreationRequestTimeoutMs,
        promotionAfterSupersessions: settings.promotionAfterSupersessions,
        promotionTasksEnabled: settings.promotionTasksEnabled && promotionTasks,
        ...world.answers([{ kind: KeptnApp, namespace, name: app }, singleWorkload(request)]),
      };
    },
    decide: decideAppCreation,
  };
}

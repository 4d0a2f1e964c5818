import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import {
  type AppCreationObservation,
  decideAppCreation,
  workloadsOf,
} from '../domain/app/app-creation.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { type Controller, watch } from './engine/controller.ts';
import { inNamespace, workloadsByApp } from './gathering/lifecycle-indexes.ts';
import type { Places } from './gathering/places.ts';

/** Makes the KeptnApps that are asked for out of the workloads that name them. */
export function appCreationController(
  places: Pick<Places, 'operatorNamespace' | 'configsAnywhere'>,
): Controller<AppCreationObservation> {
  const { operatorNamespace } = places;
  return {
    name: 'app-creation',
    watches: [
      watch(KeptnAppCreationRequest, ({ metadata }) => [metadata]),
      // Requests are named after their app. An app of the users' own ends the request for it.
      watch(KeptnApp, ({ metadata }) => [metadata]),
      // The discovery window may have changed.
      watch(KeptnConfig, (_, lookup) =>
        lookup.list(KeptnAppCreationRequest).map(({ metadata }) => metadata),
      ),
      // Read when the window closes; until then it makes no difference how many there are.
      watch(KeptnWorkload, () => []),
    ],
    gather({ namespace = '', name }, world) {
      const request = world.get(KeptnAppCreationRequest, namespace, name);
      if (request === undefined) return undefined;
      const app = request.spec.appName;
      const { kind, labelSelector } = workloadsOf(namespace);
      return {
        now: world.now,
        clockSteps: world.clockSteps,
        request,
        app: world.get(KeptnApp, namespace, app),
        workloads: world.byIndex(KeptnWorkload, workloadsByApp.name, inNamespace(namespace, app)),
        listed: world.listed(kind, namespace, labelSelector),
        windowMs: settingsFrom(world.list(KeptnConfig), operatorNamespace, places)
          .appCreationRequestTimeoutMs,
        live: (ref) => world.live(ref),
        refusal: (ref) => world.refusal(ref),
      };
    },
    decide: decideAppCreation,
  };
}

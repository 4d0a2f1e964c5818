import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import {
  type AppCreationObservation,
  decideAppCreation,
  namesApp,
  workloadsOf,
} from '../domain/app-creation.ts';
import { settingsFrom } from '../domain/keptn-config.ts';
import { appName } from '../domain/names.ts';
import { type Controller, watch } from './controller.ts';
import type { IndexDefinition } from './indexes.ts';

/** The workloads of an app: `namespace/app`, the app by its legal name. */
export const workloadsByApp: IndexDefinition<KeptnWorkload> = {
  kind: KeptnWorkload,
  name: 'app',
  values: ({ metadata, spec }) => [placeOf(metadata.namespace, appName(spec.app))],
};

/** Makes the KeptnApps that are asked for out of the workloads that name them. */
export function appCreationController(
  operatorNamespace: string,
): Controller<AppCreationObservation> {
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
        request,
        app: world.get(KeptnApp, namespace, app),
        workloads: world
          .byIndex(KeptnWorkload, workloadsByApp.name, placeOf(namespace, appName(app)))
          .filter((workload) => namesApp(workload, app)),
        listed: world.listed(kind, namespace, labelSelector),
        windowMs: settingsFrom(world.list(KeptnConfig), operatorNamespace)
          .appCreationRequestTimeoutMs,
        live: (ref) => world.live(ref),
        refusal: (ref) => world.refusal(ref),
      };
    },
    decide: decideAppCreation,
  };
}

function placeOf(namespace: string | undefined, app: string): string {
  return `${namespace ?? ''}/${app}`;
}

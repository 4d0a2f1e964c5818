import { NamespaceKind } from '../api/builtin.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnWorkload } from '../api/keptn/workload.ts';
import { workloadsOf } from '../domain/app/app-creation.ts';
import { type AppMembershipSeen, decideAppMembership } from '../domain/app/app-membership.ts';
import { appName } from '../domain/names.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { inNamespace, workloadsByApp } from './gathering/lifecycle-indexes.ts';
import { controllerKey } from './gathering/version-checks.ts';
import { defined } from '../api/json.ts';

/** Has the workloads of a generated app gathered again when one that it waits for is gone or retired. */
export function appMembershipController(): Controller<AppMembershipSeen> {
  return {
    name: 'app-membership',
    workers: 1,
    startingPoints: [watch(KeptnApp, ({ metadata }) => [metadata])],
    indexes: [workloadsByApp],
    watches: [
      watch(KeptnApp, ({ metadata }) => [metadata], 'spec'),
      watch(KeptnAppVersion, (version) => controllerKey(version, KeptnApp)),
      watch(KeptnWorkload, ({ metadata: { namespace }, spec }): Key[] => [
        { name: appName(spec.app), ...defined({ namespace }) },
      ]),
      watch(NamespaceKind, ({ metadata: { name } }, lookup) =>
        lookup.list(KeptnApp, name).map(({ metadata }) => metadata),
      ),
      // Asked whether there is one; when it goes, the app has followed.
      watch(KeptnAppCreationRequest, () => [], 'existence'),
    ],
    gather({ namespace = '', name }, world) {
      const app = world.get(KeptnApp, namespace, name);
      if (app === undefined) return undefined;
      const { kind, labelSelector } = workloadsOf(namespace);
      return {
        app,
        optIn: optInOf(world.get(NamespaceKind, undefined, namespace)),
        versions: world.byOwner(KeptnAppVersion, app.metadata.uid ?? ''),
        workloads: world.byIndex(workloadsByApp, inNamespace(namespace, name)),
        listed: world.listed(kind, namespace, labelSelector),
        isAsked: world.get(KeptnAppCreationRequest, namespace, name) !== undefined,
      };
    },
    decide: decideAppMembership,
  };
}

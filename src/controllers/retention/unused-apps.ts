import { NamespaceKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../../api/keptn/app-creation-request.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { refOf } from '../../api/object.ts';
import { workloadsOf } from '../../domain/app/app-creation.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import { appName } from '../../domain/names.ts';
import { isRetired } from '../../domain/owner/retired-workload.ts';
import { decideUnusedApp, type UnusedAppSeen } from '../../domain/retention/unused-app.ts';
import { type Controller, type Key, watch } from '../engine/controller.ts';
import { inNamespace, workloadsByApp } from '../gathering/lifecycle-indexes.ts';
import type { Places } from '../../domain/settings/places.ts';
import { stateOfNamespace } from '../engine/terminating-namespace.ts';
import type { IsTraced } from '../engine/traced.ts';
import { hasUnfinished } from './unfinished.ts';
import { defined } from '../../api/json.ts';

const kinds = [NamespaceKind, KeptnApp, KeptnAppCreationRequest, KeptnWorkload, KeptnAppVersion];

/** Deletes generated apps of which no workload is left. */
export function unusedAppController(
  { operatorNamespace }: Places,
  isTraced: IsTraced,
): Controller<UnusedAppSeen> {
  return {
    name: 'unused-app',
    workers: 1,
    indexes: [workloadsByApp],
    watches: [
      watch(KeptnApp, ({ metadata }) => [metadata], 'spec'),
      watch(KeptnWorkload, ({ metadata: { namespace }, spec }) => [
        { name: appName(spec.app), ...defined({ namespace }) },
      ]),
      watch(
        KeptnConfig,
        (_config, lookup) => lookup.list(KeptnApp).map((app): Key => app.metadata),
        'spec',
      ),
    ],
    gather({ namespace = '', name }, world) {
      const app = world.get(KeptnApp, namespace, name);
      if (app === undefined) return undefined;
      const { uid = '' } = app.metadata;
      const { retention } = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      const ofApp = inNamespace(namespace, name);
      const isUsed =
        !world.byIndex(workloadsByApp, ofApp).every(isRetired) ||
        world.get(KeptnAppCreationRequest, namespace, name) !== undefined;
      const { kind, labelSelector } = workloadsOf(namespace);
      return {
        now: world.now,
        clockSteps: world.clockSteps,
        app,
        limits: retention,
        isUsed,
        isUnfinished:
          !isUsed &&
          world
            .byOwner(KeptnAppVersion, uid)
            .some((version) => hasUnfinished(version, world, isTraced)),
        isCertain:
          stateOfNamespace(namespace, world) === 'stays' &&
          world.isSynced?.(...kinds) !== false &&
          world.isMissing?.(...kinds) !== true,
        isRead:
          world.live(refOf(KeptnApp, app)) !== 'unread' &&
          world.listed(kind, namespace, labelSelector),
      };
    },
    decide: decideUnusedApp,
  };
}

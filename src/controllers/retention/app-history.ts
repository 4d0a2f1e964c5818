import { NamespaceKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Kind, refOf } from '../../api/object.ts';
import { settingsFrom } from '../../domain/settings/keptn-config.ts';
import { type World } from '../../domain/lookup.ts';
import {
  type AppHistorySeen,
  type AppUses,
  decideAppHistory,
} from '../../domain/retention/app-history.ts';
import { excessOf } from '../../domain/settings/retention-limits.ts';
import { type Controller, type Key, watch } from '../engine/controller.ts';
import {
  appVersionsByApp,
  inNamespace,
  workloadVersionsByApp,
} from '../gathering/lifecycle-indexes.ts';
import type { Places } from '../../domain/settings/places.ts';
import { stateOfNamespace } from '../engine/terminating-namespace.ts';
import type { IsTraced } from '../engine/traced.ts';
import { controllerKey } from '../gathering/version-checks.ts';
import { isRetired } from '../../domain/owner/retired-workload.ts';
import { hasUnfinished } from './unfinished.ts';

/** The kinds that decide whether a version is still needed. */
const kinds: readonly Kind[] = [
  NamespaceKind,
  KeptnApp,
  KeptnAppVersion,
  KeptnWorkload,
  KeptnWorkloadVersion,
  KeptnTask,
  KeptnEvaluation,
];

/** Deletes old versions of apps. An app is looked at when one of its versions comes or goes. */
export function appHistoryController(
  { operatorNamespace }: Places,
  isTraced: IsTraced,
): Controller<AppHistorySeen> {
  return {
    name: 'app-history',
    workers: 1,
    indexes: [appVersionsByApp, workloadVersionsByApp],
    watches: [
      watch(KeptnApp, ({ metadata }) => [metadata], 'spec'),
      watch(KeptnAppVersion, (one) => controllerKey(one, KeptnApp), 'existence'),
      watch(
        KeptnConfig,
        (_config, lookup) => lookup.list(KeptnApp).map((app): Key => app.metadata),
        'spec',
      ),
    ],
    gather({ namespace = '', name }, world) {
      const app = world.get(KeptnApp, namespace, name);
      if (app === undefined) return undefined;
      const versions = world.byOwner(KeptnAppVersion, app.metadata.uid ?? '');
      const { retention } = settingsFrom(world.list(KeptnConfig), operatorNamespace);
      const excess = excessOf(versions, retention, world);
      const isUnread = (one: KeptnAppVersion): boolean =>
        world.live(refOf(KeptnAppVersion, one)) === 'unread';
      const ref = refOf(KeptnApp, app);
      return {
        app,
        excess,
        uses:
          excess.versions.length > 0
            ? usesOf(app, excess.versions, { world, isTraced })
            : undefined,
        unread: world.live(ref) === 'unread' ? [ref] : [],
        read: uidsOf(excess.versions.filter((one) => !isUnread(one))),
      };
    },
    decide: decideAppHistory,
  };
}

/** Undefined where it cannot be told: nothing is deleted then. */
function usesOf(
  { metadata: { namespace, name } }: KeptnApp,
  excess: readonly KeptnAppVersion[],
  { world, isTraced }: { readonly world: World; readonly isTraced: IsTraced },
): AppUses | undefined {
  const isCertain = stateOfNamespace(namespace, world) === 'stays';
  const isBlind = world.isSynced?.(...kinds) === false || world.isMissing?.(...kinds) === true;
  if (!isCertain || isBlind) return undefined;
  const ofApp = inNamespace(namespace, name);
  return {
    appVersions: world.byIndex(appVersionsByApp, ofApp),
    openOrCurrent: world
      .byIndex(workloadVersionsByApp, ofApp)
      .filter((version) => !isCompleted(version.status?.status) || isCurrent(version, world)),
    unfinished: uidsOf(excess.filter((one) => hasUnfinished(one, world, isTraced))),
  };
}

/** Whether the workload names this version, or one of its owners is said to carry it. */
function isCurrent({ metadata, spec }: KeptnWorkloadVersion, world: World): boolean {
  const workload = world.get(KeptnWorkload, metadata.namespace, spec.workloadName);
  const owners = workload?.status?.owners ?? [];
  return (
    (workload?.spec.version === spec.version && !isRetired(workload)) ||
    owners.some(({ version }) => version === spec.version)
  );
}

function uidsOf(versions: readonly KeptnAppVersion[]): ReadonlySet<string> {
  return new Set(versions.map(({ metadata }) => metadata.uid ?? ''));
}

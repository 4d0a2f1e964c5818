import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../api/object.ts';
import { type AppVersionSeen, decideAppVersion } from '../domain/app/app-version.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { recordedVersion } from '../domain/phase/newest-app-version.ts';
import { appPhases } from '../domain/phase/phases.ts';
import { type Lookup, ownerIndex } from '../domain/lookup.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { gatherFollowUps } from './gathering/follow-ups.ts';
import { isVersionOver, versionBehind } from './gathering/history.ts';
import {
  appVersionsByApp,
  appVersionsByDefinition,
  inNamespace,
  unfinishedAppVersions,
  unfinishedIn,
  workloadVersionsByApp,
} from './gathering/lifecycle-indexes.ts';
import type { Places } from './gathering/places.ts';
import { awaiting, controllerKey, gatherChecks } from './gathering/version-checks.ts';

/** Moves KeptnAppVersions through their phases. */
export function appVersionController(
  places: Places,
  { promotionTasks }: { readonly promotionTasks: boolean },
): Controller<AppVersionSeen> {
  const waiting = { ...places, kind: KeptnAppVersion, index: appVersionsByDefinition.name };
  const supersededBy = (app: KeptnApp, lookup: Lookup): readonly Key[] =>
    supersedable(
      lookup.byIndex(KeptnAppVersion, ownerIndex, app.metadata.uid ?? ''),
      app.spec.version,
    );
  const own = { kind: KeptnAppVersion, phases: appPhases };
  return {
    name: 'app-version',
    startingPoints: [
      watch(KeptnAppVersion, ({ metadata, status }) =>
        isVersionOver(status, appPhases) ? [] : [metadata],
      ),
      // A raised revision supersedes what has ended, too.
      watch(KeptnApp, supersededBy),
      watch(KeptnTask, (task, lookup) => versionBehind(task, own, lookup)),
      watch(KeptnEvaluation, (evaluation, lookup) => versionBehind(evaluation, own, lookup)),
    ],
    watches: [
      // A new version supersedes its siblings.
      watch(KeptnAppVersion, (version, lookup) => [
        version.metadata,
        ...supersedable(versionsOf(version.spec.appName, version, lookup), version.spec.version),
      ]),
      watch(KeptnApp, (app, lookup) => [...supersededBy(app, lookup), ...onRecord(app, lookup)]),
      watch(KeptnWorkloadVersion, (version, lookup) =>
        unfinished(versionsOf(version.spec.app, version, lookup)),
      ),
      watch(KeptnTask, (task) => controllerKey(task, KeptnAppVersion)),
      watch(KeptnEvaluation, (evaluation) => controllerKey(evaluation, KeptnAppVersion)),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, waiting)),
      watch(KeptnEvaluationDefinition, (definition, lookup) =>
        awaiting(definition, lookup, waiting),
      ),
      watch(KeptnConfig, (_config, lookup) => unfinishedIn(unfinishedAppVersions, lookup)),
    ],
    gather({ namespace, name }, world) {
      const version = world.get(KeptnAppVersion, namespace, name);
      if (version === undefined) return undefined;
      const { appName } = version.spec;
      const ofApp = inNamespace(namespace, appName);
      const settings = settingsFrom(world.list(KeptnConfig), places.operatorNamespace, places);
      return {
        ...gatherChecks(version, world, places.definitionsNamespace),
        followUps: gatherFollowUps(version, world, places.definitionsNamespace),
        version,
        now: world.now,
        settings: {
          ...settings,
          promotionTasksEnabled: settings.promotionTasksEnabled && promotionTasks,
        },
        app: world.get(KeptnApp, namespace, appName),
        siblings: world.byIndex(KeptnAppVersion, appVersionsByApp.name, ofApp),
        workloadVersions: world.byIndex(KeptnWorkloadVersion, workloadVersionsByApp.name, ofApp),
      };
    },
    decide: decideAppVersion,
  };
}

/** The version that its app has on record: before that it does not begin. */
function onRecord(app: KeptnApp, lookup: Lookup): readonly Key[] {
  const recorded = recordedVersion(app);
  return keysOf(
    lookup
      .byIndex(KeptnAppVersion, ownerIndex, app.metadata.uid ?? '')
      .filter(({ metadata }) => metadata.uid === recorded),
  );
}

/** The versions of an app in the namespace of an object. */
function versionsOf(
  app: string,
  { metadata }: KubernetesObject,
  lookup: Lookup,
): readonly KeptnAppVersion[] {
  const index = appVersionsByApp.name;
  return lookup.byIndex(KeptnAppVersion, index, inNamespace(metadata.namespace, app));
}

function unfinished(versions: readonly KeptnAppVersion[]): readonly Key[] {
  return keysOf(versions.filter(({ status }) => !isCompleted(status?.status)));
}

/** What a version like this may put an end to: history of other versions is over and costs nothing. */
function supersedable(versions: readonly KeptnAppVersion[], version: string): readonly Key[] {
  return keysOf(
    versions.filter(
      ({ spec, status }) =>
        !isCompleted(status?.status) ||
        (spec.version === version && status?.status !== 'Deprecated'),
    ),
  );
}

function keysOf(versions: readonly KeptnAppVersion[]): readonly Key[] {
  return versions.map(({ metadata }) => metadata);
}

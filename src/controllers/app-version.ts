import { defined } from '../api/json.ts';
import { NamespaceKind } from '../api/builtin.ts';
import type { AppVersionSeen } from '../domain/app/app-version-run.ts';
import { sluiceKeys } from '../api/keptn/annotations.ts';
import { CheckDefinition } from '../api/keptn/check-definition.ts';
import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppContext } from '../api/keptn/app-context.ts';
import { KeptnAppVersion, type KeptnAppVersionStatus } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnMetric } from '../api/keptn/metric.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../api/object.ts';
import { settingsFrom } from '../domain/settings/keptn-config.ts';
import { optInOf } from '../domain/opt-in-state.ts';
import { recordedVersion } from '../domain/phase/newest-app-version.ts';
import { appPhases } from '../domain/phase/phases.ts';
import { decideAppVersion, hasFailedInWorkloads } from '../domain/app/app-version.ts';
import { hasFailedBefore } from '../domain/check/repeated-checks.ts';
import { checkModes } from '../domain/check/check-modes.ts';
import { type Lookup } from '../domain/lookup.ts';
import { type Controller, type Key, watch } from './engine/controller.ts';
import { gatherFollowUps } from './gathering/follow-ups.ts';
import { isVersionOver, versionBehind } from './gathering/history.ts';
import {
  appVersionsByApp,
  appVersionsByDefinition,
  inNamespace,
  unfinishedAppVersions,
  unfinishedOrFailedIn,
  workloadVersionsByApp,
} from './gathering/lifecycle-indexes.ts';
import { deadlinesOfApp } from './gathering/nearest-deadlines.ts';
import type { Places } from '../domain/settings/places.ts';
import {
  awaiting,
  awaitingCheck,
  awaitingTaskDefinition,
  controllerKey,
  gatherChecks,
  judgedBy,
} from './gathering/version-checks.ts';
import { definitionsByMetric } from './gathering/evaluated-values.ts';
import { taskDefinitionsByFunctionRef } from './task-definition.ts';

/** Moves KeptnAppVersions through their phases. */
export function appVersionController(
  places: Places,
  { promotionTasks }: { readonly promotionTasks: boolean },
): Controller<AppVersionSeen> {
  const waiting = { ...places, index: appVersionsByDefinition };
  const supersededBy = (app: KeptnApp, lookup: Lookup): readonly Key[] =>
    supersedable(lookup.byOwner(KeptnAppVersion, app.metadata.uid ?? ''), app.spec.version);
  const own = { kind: KeptnAppVersion, phases: appPhases };
  return {
    name: 'app-version',
    stepsToGate: 2,
    startingPoints: [
      watch(KeptnAppVersion, (version) =>
        isVersionOver(version, appPhases) && !mayGoOn(version.status) ? [] : [version.metadata],
      ),
      // A raised revision supersedes what has ended, too.
      watch(KeptnApp, supersededBy),
      watch(KeptnTask, (task, lookup) => versionBehind(task, own, lookup)),
      watch(KeptnEvaluation, (evaluation, lookup) => versionBehind(evaluation, own, lookup)),
    ],
    indexes: [
      appVersionsByApp,
      workloadVersionsByApp,
      unfinishedAppVersions,
      appVersionsByDefinition,
      definitionsByMetric,
      taskDefinitionsByFunctionRef,
    ],
    watches: [
      // A new version supersedes its siblings.
      watch(KeptnAppVersion, (version, lookup) => [
        version.metadata,
        ...supersedable(versionsOf(version.spec.appName, version, lookup), version.spec.version),
      ]),
      watch(KeptnApp, (app, lookup) => [...supersededBy(app, lookup), ...onRecord(app, lookup)]),
      watch(KeptnWorkloadVersion, (version, lookup) =>
        affected(versionsOf(version.spec.app, version, lookup)),
      ),
      watch(KeptnTask, (task) => controllerKey(task, KeptnAppVersion)),
      watch(KeptnEvaluation, (evaluation) => controllerKey(evaluation, KeptnAppVersion)),
      watch(KeptnTaskDefinition, (definition, lookup) =>
        awaitingTaskDefinition(definition, lookup, waiting),
      ),
      watch(KeptnMetric, (metric, lookup) => judgedBy(metric, lookup, waiting), 'spec'),
      watch(KeptnEvaluationDefinition, (definition, lookup) =>
        awaiting(definition, lookup, waiting),
      ),
      watch(CheckDefinition, (definition, lookup) => awaitingCheck(definition, lookup, waiting)),
      // Its annotations say what a failed check does.
      watch(NamespaceKind, ({ metadata }, lookup) =>
        unfinishedOrFailedIn(unfinishedAppVersions, lookup).filter(
          ({ namespace }) => namespace === metadata.name,
        ),
      ),
      // So may those of its KeptnAppContext, which also say how long it waits.
      watch(KeptnAppContext, ({ metadata: { namespace, name } }, lookup) =>
        affected(lookup.byIndex(appVersionsByApp, inNamespace(namespace, name))),
      ),
      watch(KeptnConfig, (_config, lookup) => unfinishedOrFailedIn(unfinishedAppVersions, lookup)),
    ],
    gather({ namespace, name }, world) {
      const version = world.get(KeptnAppVersion, namespace, name);
      if (version === undefined) return undefined;
      const { appName } = version.spec;
      const home = world.get(NamespaceKind, undefined, namespace ?? '');
      const ofApp = inNamespace(namespace, appName);
      const settings = settingsFrom(world.list(KeptnConfig), places.operatorNamespace, places);
      return {
        ...gatherChecks(version, world, places),
        ...world.answers([{ kind: KeptnApp, ...defined({ namespace }), name: appName }]),
        followUps: gatherFollowUps(version, world, places.definitionsNamespace),
        version,
        now: world.now,
        clockSteps: world.clockSteps,
        settings: {
          ...settings,
          deadlines: deadlinesOfApp(version, world, settings.deadlines),
          promotionTasksEnabled: settings.promotionTasksEnabled && promotionTasks,
        },
        optIn: optInOf(home),
        modes: checkModes(
          world.get(KeptnAppContext, namespace, appName)?.metadata.annotations?.[sluiceKeys.mode],
          home,
          settings,
        ),
        app: world.get(KeptnApp, namespace, appName),
        siblings: world.byIndex(appVersionsByApp, ofApp),
        workloadVersions: world.byIndex(workloadVersionsByApp, ofApp),
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
      .byOwner(KeptnAppVersion, app.metadata.uid ?? '')
      .filter(({ metadata }) => metadata.uid === recorded),
  );
}

/** The versions of an app in the namespace of an object. */
function versionsOf(
  app: string,
  { metadata }: KubernetesObject,
  lookup: Lookup,
): readonly KeptnAppVersion[] {
  return lookup.byIndex(appVersionsByApp, inNamespace(metadata.namespace, app));
}

/** Whether a version that has failed may go on: with its workloads, or because what its checks name has changed. */
function mayGoOn(status: KeptnAppVersionStatus | undefined): boolean {
  return hasFailedInWorkloads(status) || hasFailedBefore(status);
}

/** The versions that a workload version may move: those that are not over, or failed with their workloads. */
function affected(versions: readonly KeptnAppVersion[]): readonly Key[] {
  return keysOf(
    versions.filter((one) => !isCompleted(one.status?.status) || hasFailedInWorkloads(one.status)),
  );
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

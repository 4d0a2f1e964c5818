import { KeptnApp } from '../api/keptn/app.ts';
import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnConfig } from '../api/keptn/config.ts';
import { KeptnEvaluation } from '../api/keptn/evaluation.ts';
import { KeptnEvaluationDefinition } from '../api/keptn/evaluation-definition.ts';
import { isCompleted } from '../api/keptn/states.ts';
import { KeptnTask } from '../api/keptn/task.ts';
import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { type AppVersionSeen, decideAppVersion } from '../domain/app-version.ts';
import { settingsFrom } from '../domain/keptn-config.ts';
import { ownerIndex } from '../domain/lookup.ts';
import { type Controller, watch } from './controller.ts';
import {
  appVersionsByApp,
  appVersionsByDefinition,
  inNamespace,
  workloadVersionsByApp,
} from './lifecycle-indexes.ts';
import type { Places } from './places.ts';
import { awaiting, controllerKey, gatherChecks } from './version-checks.ts';

/** Moves KeptnAppVersions through their phases. */
export function appVersionController(places: Places): Controller<AppVersionSeen> {
  const waiting = { ...places, kind: KeptnAppVersion, index: appVersionsByDefinition.name };
  return {
    name: 'app-version',
    watches: [
      watch(KeptnAppVersion, ({ metadata, spec }, lookup) => [
        metadata,
        // A new version supersedes its siblings.
        ...lookup
          .byIndex(
            KeptnAppVersion,
            appVersionsByApp.name,
            inNamespace(metadata.namespace, spec.appName),
          )
          .map((sibling) => sibling.metadata),
      ]),
      watch(KeptnApp, ({ metadata }, lookup) =>
        lookup
          .byIndex(KeptnAppVersion, ownerIndex, metadata.uid ?? '')
          .map((version) => version.metadata),
      ),
      watch(KeptnWorkloadVersion, ({ metadata, spec }, lookup) =>
        lookup
          .byIndex(
            KeptnAppVersion,
            appVersionsByApp.name,
            inNamespace(metadata.namespace, spec.app),
          )
          .filter(({ status }) => !isCompleted(status?.status))
          .map((version) => version.metadata),
      ),
      watch(KeptnTask, (task) => controllerKey(task, KeptnAppVersion)),
      watch(KeptnEvaluation, (evaluation) => controllerKey(evaluation, KeptnAppVersion)),
      watch(KeptnTaskDefinition, (definition, lookup) => awaiting(definition, lookup, waiting)),
      watch(KeptnEvaluationDefinition, (definition, lookup) =>
        awaiting(definition, lookup, waiting),
      ),
      watch(KeptnConfig, (_config, lookup) =>
        lookup
          .list(KeptnAppVersion)
          .filter(({ status }) => !isCompleted(status?.status))
          .map((version) => version.metadata),
      ),
    ],
    gather({ namespace, name }, world) {
      const version = world.get(KeptnAppVersion, namespace, name);
      if (version === undefined) return undefined;
      const { appName } = version.spec;
      const ofApp = inNamespace(namespace, appName);
      return {
        ...gatherChecks(version, world, places.definitionsNamespace),
        version,
        now: world.now,
        settings: settingsFrom(world.list(KeptnConfig), places.operatorNamespace),
        app: world.get(KeptnApp, namespace, appName),
        siblings: world.byIndex(KeptnAppVersion, appVersionsByApp.name, ofApp),
        workloadVersions: world.byIndex(KeptnWorkloadVersion, workloadVersionsByApp.name, ofApp),
      };
    },
    decide: decideAppVersion,
  };
}

import { NamespaceKind } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import { checkModes, modeOf } from '../../domain/check/check-modes.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { newestListing } from '../../domain/phase/newest-app-version.ts';
import type { Settings } from '../../domain/settings/keptn-config.ts';
import { appVersionsByApp, inNamespace } from './lifecycle-indexes.ts';

/**
 * Whether the application of a workload version holds nothing: its mode is `observe`, and so is that of every check of it before
 * the deployment. Then it is not waited for, not even to be made.
 */
export function isAppObserved(
  version: KeptnWorkloadVersion,
  lookup: Lookup,
  at: { readonly settings: Settings; readonly definitionsNamespace: string },
): boolean {
  const { namespace = '' } = version.metadata;
  const { app } = version.spec;
  const context = lookup.get(KeptnAppContext, namespace, app);
  const home = lookup.get(NamespaceKind, undefined, namespace);
  const own = context?.metadata.annotations?.[sluiceKeys.mode];
  const modes = checkModes(own, home, at.settings);
  if (modeOf(undefined, modes) !== 'observe') return false;
  const appVersions = lookup.byIndex(appVersionsByApp, inNamespace(namespace, app));
  const made = { app: lookup.get(KeptnApp, namespace, app), appVersions };
  const specs = [newestListing(version, made)?.spec, context?.spec];
  const isObserved = <T extends KubernetesObject>(kind: Kind<T>, name: string): boolean => {
    const definition = [namespace, at.definitionsNamespace]
      .map((place) => lookup.get(kind, place, name))
      .find((one) => one !== undefined);
    return modeOf(definition, modes) === 'observe';
  };
  return specs.every(
    (spec) =>
      (spec?.preDeploymentTasks ?? []).every((name) => isObserved(KeptnTaskDefinition, name)) &&
      (spec?.preDeploymentEvaluations ?? []).every((name) =>
        isObserved(KeptnEvaluationDefinition, name),
      ) &&
      (spec?.preDeploymentChecks ?? []).every((name) => isObserved(CheckDefinition, name)),
  );
}

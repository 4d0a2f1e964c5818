import { convertObject } from '../../api/conversion/conversion.ts';
import { defined, isJsonObject, type JsonObject } from '../../api/json.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnEvaluationProvider } from '../../api/keptn/evaluation-provider.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { servedKinds } from '../../api/keptn/registry.ts';
import type { Conversion } from './slo.ts';

/** The key of a Secret that Keptn read where v1alpha1 of a provider named the Secret alone. */
const keyOfOldSecrets = 'DT_TOKEN';

/**
 * A Kubernetes object as one would write it today: an old version as the stored one, the checks of a KeptnApp as a
 * KeptnAppContext, a KeptnEvaluationProvider as a KeptnMetricsProvider. Anything else stays as it is.
 */
export function convertOldObject(object: JsonObject): Conversion {
  const resource = servedKinds.find(
    ({ kind, group, versions }) =>
      kind === object['kind'] &&
      versions.some(({ name }) => object['apiVersion'] === `${group}/${name}`),
  );
  if (resource === undefined) return { objects: [object], lost: [] };
  const { metadata, ...converted } = convertObject(object, resource.apiVersion, servedKinds);
  const { metadata: tidy, lost } = withoutRemainders(isJsonObject(metadata) ? metadata : {});
  const whole = { ...converted, metadata: tidy };
  if (resource.kind === KeptnApp.kind) return { objects: appAndContext(whole), lost };
  if (resource.kind === KeptnEvaluationProvider.kind) {
    return { objects: [metricsProvider(whole)], lost };
  }
  return { objects: [whole], lost };
}

/** A manifest says what is wanted; what v1 has no field for is nothing to keep in it. */
function withoutRemainders(metadata: JsonObject): {
  metadata: JsonObject;
  lost: readonly string[];
} {
  const { annotations, ...rest } = metadata;
  if (!isJsonObject(annotations)) return { metadata, lost: [] };
  const isRemainder = (key: string): boolean => key.startsWith(sluiceKeys.conversion);
  const own = Object.entries(annotations).filter(([key]) => !isRemainder(key));
  const lost = Object.entries(annotations)
    .filter(([key]) => isRemainder(key))
    .map(
      ([, remainder]) =>
        `${String(rest['name'])}: left out, because the present version says it otherwise or not at all: ${String(remainder)}`,
    );
  return {
    metadata: { ...rest, ...(own.length > 0 && { annotations: Object.fromEntries(own) }) },
    lost,
  };
}

const outdatedLists: readonly string[] = [
  'preDeploymentTasks',
  'postDeploymentTasks',
  'preDeploymentEvaluations',
  'postDeploymentEvaluations',
];

function appAndContext(app: JsonObject): readonly JsonObject[] {
  const { spec, metadata } = app;
  if (!isJsonObject(spec)) return [app];
  const isList = (key: string): boolean => outdatedLists.includes(key);
  const lists = Object.entries(spec).filter(
    ([key, value]) => isList(key) && Array.isArray(value) && value.length > 0,
  );
  const rest = Object.entries(spec).filter(([key]) => !isList(key));
  const { name, namespace }: JsonObject = isJsonObject(metadata) ? metadata : {};
  const context = {
    apiVersion: KeptnAppContext.apiVersion,
    kind: KeptnAppContext.kind,
    metadata: { name, ...defined({ namespace }) },
    spec: Object.fromEntries(lists),
  };
  return [{ ...app, spec: Object.fromEntries(rest) }, ...(lists.length > 0 ? [context] : [])];
}

function metricsProvider({ metadata, spec }: JsonObject): JsonObject {
  const { name } = isJsonObject(metadata) ? metadata : {};
  const { secretName, secretKeyRef, ...rest } = isJsonObject(spec) ? spec : {};
  const key = secretKeyRef ?? (secretName && { name: secretName, key: keyOfOldSecrets });
  return {
    apiVersion: KeptnMetricsProvider.apiVersion,
    kind: KeptnMetricsProvider.kind,
    metadata,
    // Keptn took the name of a provider as its type.
    spec: { type: name, ...rest, ...defined({ secretKeyRef: key }) },
  };
}

import { fieldOf, isJsonObject, type JsonObject } from '../../api/json.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { type DeadValue, deadValues, lifecycleOperatorValues } from '../keptn-values.ts';
import type { FoundKeptn } from './found-keptn.ts';
import { valuesOf } from './helm-release.ts';
import { replicasOf, webhooksOf } from './keptn-parts.ts';
import { replicasRecorded } from './operators.ts';
import type { MigrationRecord } from './record.ts';

/** What is carried over from how a Keptn was set up. */
export interface Carried {
  /** Where its lifecycle operator runs, and so where its shared definitions are; undefined where it is not there. */
  readonly namespace?: string;
  readonly replicas?: number;
  readonly environment: readonly { readonly name: string; readonly value: string }[];
  readonly placement: JsonObject;
  readonly allowedNamespaces: readonly string[];
  readonly deniedNamespaces: readonly string[];
}

/** A key of Keptn's values that does nothing for Sluice. */
export interface DeadKey {
  readonly path: string;
  readonly why: string;
}

/** Fields of a Pod spec that say where a Pod may run and how its image is got. */
const placing = [
  'nodeSelector',
  'tolerations',
  'imagePullSecrets',
  'priorityClassName',
  'affinity',
];

/** So many replicas of Sluice are made at most: one works and the others answer webhooks, for which a few are enough. */
export const mostReplicas = 5;

/** A Keptn as it was before the migration that this is the record of: its webhooks say what they said then. */
export function asItWas(found: FoundKeptn, record: MigrationRecord | undefined): FoundKeptn {
  const recorded = (record?.objects ?? []).filter(({ kind }) =>
    kind.endsWith('WebhookConfiguration'),
  );
  return record === undefined ? found : { ...found, webhookConfigurations: recorded };
}

/** What the running Keptn says of itself, to be carried over to a Sluice in this namespace. */
export function carriedFrom(found: FoundKeptn, namespace?: string): Carried {
  const operator = found.deployments.find(({ metadata }) => metadata.name === 'lifecycle-operator');
  const lists = namespaceLists(found.webhookConfigurations, operator?.metadata.namespace);
  if (operator === undefined) return { environment: [], placement: {}, ...lists };
  const { namespace: home = '' } = operator.metadata;
  const pod = fieldOf(fieldOf(fieldOf(operator, 'spec'), 'template'), 'spec');
  return {
    namespace: home,
    replicas: Math.min(
      mostReplicas,
      Math.max(2, replicasRecorded(operator) ?? replicasOf(operator).wanted),
    ),
    environment: environmentOf(found, pod, namespace ?? home),
    placement: Object.fromEntries(
      placing.flatMap((key) => {
        const value = fieldOf(pod, key);
        return value === undefined ? [] : [[key, value]];
      }),
    ),
    ...lists,
  };
}

function environmentOf(
  found: FoundKeptn,
  pod: unknown,
  namespace: string,
): readonly { readonly name: string; readonly value: string }[] {
  const home = found.deployments.find(({ metadata }) => metadata.name === 'lifecycle-operator');
  const shared = home?.metadata.namespace;
  const further: { name: string; value: string }[] = [];
  if (shared !== undefined && shared !== namespace) {
    further.push({ name: 'SLUICE_DEFINITIONS_NAMESPACE', value: shared });
  }
  if (!promotes(pod) && hasPromotion(found)) {
    further.push({ name: 'PROMOTION_TASKS_ENABLED', value: 'false' });
  }
  for (const name of ['FUNCTION_RUNNER_IMAGE', 'PYTHON_RUNNER_IMAGE']) {
    const value = variableOf(pod, name);
    // Keptn's own image is its default, and Sluice has better ones.
    if (value !== undefined && !isKeptnsImage(value)) further.push({ name, value });
  }
  return further;
}

function isKeptnsImage(image: string): boolean {
  return /(?:^|\/)keptn\/(?:deno|python)-runtime[:@]/u.test(image);
}

function promotes(pod: unknown): boolean {
  return variableOf(pod, 'PROMOTION_TASKS_ENABLED') === 'true';
}

/** Whether a context names promotion tasks, which Keptn runs only where its settings switch them on. */
function hasPromotion({ kinds }: FoundKeptn): boolean {
  const contexts = kinds.find(({ resource }) => resource === KeptnAppContext)?.objects ?? [];
  return contexts.some((context) => {
    const tasks = fieldOf(fieldOf(context, 'spec'), 'promotionTasks');
    return Array.isArray(tasks) && tasks.length > 0;
  });
}

function variableOf(pod: unknown, name: string): string | undefined {
  const containers = fieldOf(pod, 'containers');
  const variables: unknown = Array.isArray(containers) ? fieldOf(containers[0], 'env') : undefined;
  const found: unknown = Array.isArray(variables)
    ? variables.find((one: unknown) => fieldOf(one, 'name') === name)
    : undefined;
  const value = fieldOf(found, 'value');
  return typeof value === 'string' ? value : undefined;
}

/** Those that are left out of every installation anyway. */
const neverHeld: readonly string[] = ['kube-system', 'kube-public', 'kube-node-lease'];

/** By which names Keptn's webhook on Pods lets Namespaces in and leaves them out. */
function namespaceLists(configurations: readonly KubernetesObject[], home: string | undefined) {
  const hook = configurations
    .flatMap(webhooksOf)
    .find((one) => fieldOf(one, 'name') === 'mpod.keptn.sh');
  const expressions = fieldOf(fieldOf(hook, 'namespaceSelector'), 'matchExpressions');
  const namesIn = (operator: string): readonly string[] => [
    ...new Set(
      (Array.isArray(expressions) ? expressions : [])
        .filter(
          (one: unknown) =>
            fieldOf(one, 'key') === 'kubernetes.io/metadata.name' &&
            fieldOf(one, 'operator') === operator,
        )
        .flatMap((one: unknown) => {
          const values = fieldOf(one, 'values');
          return Array.isArray(values) ? values.map(String) : [];
        }),
    ),
  ];
  return {
    allowedNamespaces: namesIn('In'),
    deniedNamespaces: namesIn('NotIn').filter((name) => !neverHeld.includes(name) && name !== home),
  };
}

/** The values for Sluice's chart, and which keys of Keptn's have no meaning for it. */
export function chartValues(
  found: FoundKeptn,
  carried: Carried,
): { readonly values: JsonObject; readonly without: readonly DeadKey[] } {
  const release = found.releases.find(({ newest }) => newest !== undefined)?.newest;
  const without: DeadKey[] = [];
  const kept = release === undefined ? {} : withoutDead(valuesOf(release), [], without);
  const definitions = carried.environment.find(
    ({ name }) => name === 'SLUICE_DEFINITIONS_NAMESPACE',
  );
  const live: JsonObject = liveValues(carried);
  // What the release says itself is not said twice; the defaults of Keptn's chart are not Sluice's.
  const inRelease = fieldOf(kept, 'lifecycleOperator');
  const defaults = ['allowedNamespaces', 'deniedNamespaces', 'promotionTasksEnabled'];
  const added = Object.entries(live).filter(
    ([key]) =>
      release === undefined || (defaults.includes(key) && fieldOf(inRelease, key) === undefined),
  );
  return {
    values: {
      ...Object.fromEntries(added),
      ...(definitions !== undefined && {
        extraArgs: ['--definitions-namespace', definitions.value],
      }),
      ...(isJsonObject(kept) && kept),
    },
    without,
  };
}

/** What the values of a Helm release would say, from the live objects: the only source without one. */
function liveValues({
  replicas,
  environment,
  placement,
  allowedNamespaces,
  deniedNamespaces,
}: Carried): JsonObject {
  const variable = (name: string) => environment.find((one) => one.name === name)?.value;
  const { imagePullSecrets, ...placed } = placement;
  const deno = variable('FUNCTION_RUNNER_IMAGE');
  const python = variable('PYTHON_RUNNER_IMAGE');
  return {
    ...(replicas !== undefined && replicas > 2 && { replicas }),
    ...(imagePullSecrets !== undefined && { global: { imagePullSecrets } }),
    ...placed,
    ...(allowedNamespaces.length > 0 && { allowedNamespaces }),
    ...(deniedNamespaces.length > 0 && { deniedNamespaces }),
    ...(variable('PROMOTION_TASKS_ENABLED') !== undefined && { promotionTasksEnabled: false }),
    ...((deno !== undefined || python !== undefined) && {
      env: {
        ...(deno !== undefined && { functionRunnerImage: deno }),
        ...(python !== undefined && { pythonRunnerImage: python }),
      },
    }),
  };
}

/** The values without what does nothing, each of which is printed. */
function withoutDead(value: unknown, path: readonly string[], dead: DeadKey[]): unknown {
  const at = path.join('.');
  const is = at === '' ? undefined : deadAt(at, value);
  if (is !== undefined) {
    // What says what is so anyway need not be named.
    if (is.unlessIs === undefined || is.unlessIs !== value) dead.push({ path: at, why: is.why });
    return undefined;
  }
  if (!isJsonObject(value) || isWhole(path)) return value;
  const entries = Object.entries(value).flatMap(([key, inner]) => {
    const kept = withoutDead(inner, [...path, key], dead);
    return kept === undefined ? [] : [[key, kept] as const];
  });
  return entries.length === 0 ? undefined : Object.fromEntries(entries);
}

/** Values that mean what they mean as a whole: `resources`, whose keys are not the chart's. */
function isWhole([first, ...rest]: readonly string[]): boolean {
  return first === 'lifecycleOperator' && lifecycleOperatorValues.includes(rest.join('.'));
}

const unknown = 'Keptn’s chart has no such value';
/** The keys under which Keptn's chart, or its documentation, has values. */
const topKeys = ['global', 'lifecycleOperator', 'metricsOperator', 'certManager'];

function deadAt(path: string, value: unknown): Omit<DeadValue, 'path'> | undefined {
  const exact = deadValues.find((one) => one.path === path);
  if (exact !== undefined) return exact;
  const [first = '', ...rest] = path.split('.');
  const isParent = isJsonObject(value) && deadValues.some((one) => one.path.startsWith(`${path}.`));
  if (isParent) return undefined;
  const any = deadValues.find((one) => one.path === `${first}.*`);
  if (any !== undefined && rest.length > 0) return any;
  if (rest.length === 0) return topKeys.includes(first) ? undefined : { why: unknown };
  if (first !== 'lifecycleOperator') return undefined;
  const inner = rest.join('.');
  const isKnown = lifecycleOperatorValues.some(
    (known) => known === inner || known.startsWith(`${inner}.`),
  );
  return isKnown ? undefined : { why: unknown };
}

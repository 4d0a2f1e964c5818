import { type ConfigMap, ConfigMapKind } from '../../api/builtin.ts';
import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import { controllerOf, type ObjectRef, refOf, ownedBy } from '../../api/object.ts';
import { type Progress, withProgress } from '../conditions.ts';
import { codeKey, functionConfigMap, holdsCode } from './function-config-map.ts';
import { type Blueprint, type BlueprintProblem, type Code, ownCode } from './function-source.ts';
import { functionConfigMapName } from '../names.ts';
import { phaseEvent } from '../phase-event.ts';
import { type Effect, nothing, patching, type Plan, type Refusal, storing } from '../plan.ts';
import { setKey } from '../set-key.ts';
import { defined } from '../../api/json.ts';

/** Everything the decision on a definition may know. */
export interface TaskDefinitionObservation {
  readonly now: number;
  readonly definition: KeptnTaskDefinition;
  /** What the definition runs, its chain resolved as for a task in its own namespace. */
  readonly blueprint: Blueprint | BlueprintProblem;
  /** Definitions of the chain that only a cache said are not there. */
  readonly unread: readonly ObjectRef[];
  /** The ConfigMap that has the name of the definition's own. */
  readonly configMap: ConfigMap | undefined;
  readonly configMapLive: 'unread' | 'absent' | 'present';
  /** Why the last change of that ConfigMap was refused. */
  readonly refusal: Refusal | undefined;
}

/** Where the ConfigMap for the inline code of a definition is, whether it has such code or not. */
export function configMapRefOf({ metadata }: KeptnTaskDefinition): ObjectRef {
  const name = functionConfigMapName(metadata.name);
  return refOf(ConfigMapKind, { metadata: { ...metadata, name } });
}

/**
 * Keeps inline code in a ConfigMap that belongs to the definition, and says whether the definition can be run. A ConfigMap
 * that Keptn left (it has no owner) is taken over.
 */
export function decideTaskDefinition(observation: TaskDefinitionObservation): Plan {
  const { definition, blueprint, unread } = observation;
  if (definition.metadata.deletionTimestamp !== undefined) return nothing;
  if (blueprint.type === 'problem' && unread.length > 0) return { look: unread };
  const code = ownCode(definition);
  if (code?.type === 'inline') return keepCode(code.code, observation);
  const reference = code?.type === 'configMap' ? code.name : undefined;
  return show(progressOf(blueprint), reference, observation);
}

function keepCode(code: string, observation: TaskDefinitionObservation): Plan {
  const { definition, configMap, configMapLive, refusal } = observation;
  const ref = configMapRefOf(definition);
  if (configMap === undefined) {
    // What is in the way may lack the label by which ConfigMaps are cached.
    const isHidden = refusal?.reason === 'NameTaken' && configMapLive === 'unread';
    return isHidden ? { look: [ref] } : change(creation(code, definition), observation);
  }
  const owner = controllerOf(configMap);
  if (owner !== undefined && owner.uid !== definition.metadata.uid) {
    const message = `ConfigMap ${ref.name} belongs to ${owner.kind} ${owner.name}; rename the definition`;
    return show({ kind: 'stalled', reason: 'NameTaken', message }, undefined, observation);
  }
  const operations = corrections(configMap, { code, definition });
  if (operations.length > 0) {
    return change(patching(ConfigMapKind, configMap, { operations }), observation);
  }
  return show(progressOf(observation.blueprint), ref.name, observation);
}

function creation(code: string, definition: KeptnTaskDefinition): Effect {
  const { name, namespace } = configMapRefOf(definition);
  const object = functionConfigMap(
    {
      name,
      ...defined({ namespace }),
      ownerReferences: [ownedBy(KeptnTaskDefinition, definition)],
    },
    code,
  );
  return { type: 'create', kind: ConfigMapKind, object };
}

/** What has to be changed so that the ConfigMap holds the code, belongs to the definition, and is watched. */
function corrections(
  configMap: ConfigMap,
  wanted: { code: string; definition: KeptnTaskDefinition },
): JsonPatchOperation[] {
  const { metadata, content } = configMap;
  const { labels, ownerReferences } = metadata;
  const operations: JsonPatchOperation[] = [];
  if (!holdsCode(configMap, wanted.code)) {
    operations.push(setKey(['data'], codeKey, { record: content, value: wanted.code }));
  }
  if (labels?.[sluiceKeys.function] !== 'true') {
    operations.push(
      setKey(['metadata', 'labels'], sluiceKeys.function, { record: labels, value: 'true' }),
    );
  }
  if (controllerOf({ metadata }) === undefined) {
    const owner = ownedBy(KeptnTaskDefinition, wanted.definition);
    operations.push(
      ownerReferences === undefined
        ? { op: 'add', path: '/metadata/ownerReferences', value: [owner] }
        : { op: 'add', path: '/metadata/ownerReferences/-', value: owner },
    );
  }
  return operations;
}

/** Makes or corrects the ConfigMap. What the API server refuses is shown while the engine tries again. */
function change(effect: Effect, observation: TaskDefinitionObservation): Plan {
  const { definition, refusal } = observation;
  if (refusal === undefined) return { effects: [effect] };
  const { name } = configMapRefOf(definition);
  const deed = effect.type === 'create' ? 'create' : 'update';
  const passes = refusal.reason === 'Terminating' || refusal.reason === 'Unavailable';
  const progress: Progress = {
    kind: passes ? 'waiting' : 'stalled',
    reason: 'ConfigMapRefused',
    message: `could not ${deed} ConfigMap ${name}: ${refusal.message}`,
  };
  const event = phaseEvent(
    { object: definition, annotations: {}, reportedBy: 'keptntaskdefinition-controller' },
    { short: 'ReconcileTask', long: 'Reconcile Task' },
    { suffix: 'Failed', type: 'Warning', text: `could not ${deed} configmap: ${refusal.message}` },
  );
  return { ...show(progress, undefined, observation), effects: [effect], events: [event] };
}

function progressOf(blueprint: Blueprint | BlueprintProblem): Progress {
  if (blueprint.type === 'problem') {
    return { kind: 'stalled', reason: blueprint.reason, message: blueprint.message };
  }
  const message =
    blueprint.type === 'container'
      ? `runs container ${blueprint.container.name}`
      : `runs ${blueprint.runner} code from ${placeOf(blueprint.code)}`;
  return { kind: 'succeeded', reason: 'Resolved', message };
}

function placeOf(code: Code): string {
  switch (code.type) {
    case 'url':
      return code.url;
    case 'configMap':
      return `ConfigMap ${code.name}`;
    case 'inline':
      return `KeptnTaskDefinition ${code.definition}`;
  }
}

/** The status that says so. `configMap` is where the definition's own code is; it goes when the source changes. */
function show(
  progress: Progress,
  configMap: string | undefined,
  { definition, now }: TaskDefinitionObservation,
): Plan {
  const { function: _function, ...status } = definition.status ?? {};
  return storing(KeptnTaskDefinition, definition, {
    ...status,
    ...(configMap !== undefined && { function: { configMap } }),
    conditions: withProgress(status.conditions, progress, {
      now,
      of: definition,
      positive: 'Ready',
    }),
  });
}

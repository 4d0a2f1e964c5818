import { isJsonObject, isEqualJson } from '../../api/json.ts';
import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { controllerOf, isSameOwner, type KubernetesObject } from '../../api/object.ts';

/**
 * Whether a task or evaluation that was found is the one that would be made: the same definition for the same place, told the
 * same. Its name and owner prove nothing, anybody can compute them. Retries and time-outs are not compared: they are copied
 * from a definition that may have changed since, and none of them makes a check pass.
 */
export function isCheckAsMade(found: KubernetesObject, wanted: KubernetesObject): boolean {
  const [owner, wantedOwner] = [controllerOf(found), controllerOf(wanted)];
  return (
    wantedOwner !== undefined &&
    isSameOwner(owner, wantedOwner) &&
    isEqualJson(compared(found), compared(wanted))
  );
}

function compared(object: KubernetesObject & { spec?: unknown }): unknown {
  const spec: Partial<KeptnTask['spec'] & KeptnEvaluation['spec']> = isJsonObject(object.spec)
    ? object.spec
    : {};
  const { retries: _retries, timeout: _timeout, retryInterval: _interval, context, ...rest } = spec;
  // Trace context is added while tracing is on, which may have been switched meanwhile.
  const { traceparent: _parent, tracestate: _state, ...metadata } = context?.metadata ?? {};
  const told = { ...rest, context: { ...context, metadata } };
  return withoutEmpty(rest.taskDefinition === undefined ? told : withoutColumns(told));
}

/** What a task repeats of its context for printer columns; a task of an earlier release has none of it. */
function withoutColumns(spec: Partial<KeptnTask['spec']>): Partial<KeptnTask['spec']> {
  const { app: _app, appVersion: _version, workload: _workload, ...rest } = spec;
  delete rest.workloadVersion;
  return rest;
}

/** An empty text or list says no more than none: clients leave one out or write it. */
function withoutEmpty(value: unknown): unknown {
  if (!isJsonObject(value)) return value;
  const entries = Object.entries(value)
    .map(([key, each]): [string, unknown] => [key, withoutEmpty(each)])
    .filter(([, each]) => each !== '' && !(isJsonObject(each) && Object.keys(each).length === 0));
  return Object.fromEntries(entries);
}

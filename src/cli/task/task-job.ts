import type { Job } from '../../api/builtin.ts';
import { defined, isJsonObject } from '../../api/json.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { blueprintOf, type Code } from '../../domain/job/function-source.ts';
import { jobFor, jobParts, type JobRequest } from '../../domain/job/job.ts';
import { runnerImage, type JobSettings } from '../../domain/job/runner-image.ts';
import type { GivenContext, GivenSecret } from './task-inputs.ts';
import type { TaskObjects } from './task-objects.ts';
import { BadInput } from '../../process/terminal.ts';

/** What is asked of a task on this machine. */
export interface TaskAsked {
  readonly definition: KeptnTaskDefinition;
  readonly objects: TaskObjects;
  readonly given: GivenContext;
  readonly secrets: readonly GivenSecret[];
  readonly parameters: Readonly<Record<string, string>>;
  readonly retries?: number;
  readonly now: number;
}

/** A task with the Job that a cluster would run it by, and what the runner in that Job is given. */
export interface LocalTask {
  readonly task: KeptnTask;
  readonly job: Job;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** The script where it is no URL, and the name of the file it is mounted as. */
  readonly script?: { readonly name: string; readonly code: string };
}

const image = runnerImage('sluice-functions');

/** What applies to the Job: Sluice's own image, which is what runs here. */
export const localSettings: JobSettings = {
  images: { deno: image, python: image, bash: image },
  functionRetries: 'insideContainer',
  jobDefaults: {},
};

/** The task and its Job. Throws `BadInput` for what cannot run on this machine, by the name of its field. */
export function localTask(asked: TaskAsked): LocalTask {
  const definition = withoutClusterOptions(asked.definition);
  const { name } = asked.definition.metadata;
  const found = blueprintOf(name, (wanted) => asked.objects.definitions.get(wanted));
  if (found.type === 'container') {
    throw new BadInput(
      `${name}: spec.container: only functions run on this machine; start the image with a container engine instead`,
    );
  }
  if (found.type === 'problem') throw new BadInput(`${name}: ${found.message}`);
  const blueprint = { ...found, parameters: { ...found.parameters, ...asked.parameters } };
  const task = taskFor(asked);
  const request = {
    name: `${task.metadata.name}-job`,
    task,
    definition,
    blueprint,
    settings: localSettings,
    traceparent: asked.given.traceparent,
  };
  const job = jobFor(request);
  const created = { ...job, metadata: { ...job.metadata, uid: madeUpUid } };
  return {
    task,
    job: created,
    ...givenToRunner(request, blueprint.code, asked),
  };
}

// An object that was never created has no uid; this one shows it.
const madeUpUid = '00000000-0000-0000-0000-000000000000';

function taskFor({ definition, given, retries, now }: TaskAsked): KeptnTask {
  const { metadata, spec } = definition;
  const times = retries ?? spec.retries;
  return {
    apiVersion: KeptnTask.apiVersion,
    kind: KeptnTask.kind,
    metadata: {
      name: `local-${metadata.name}`,
      namespace: metadata.namespace ?? 'default',
      uid: madeUpUid,
      generation: 1,
      creationTimestamp: new Date(now).toISOString(),
    },
    spec: {
      taskDefinition: metadata.name,
      context: given.context,
      checkType: given.context.taskType ?? 'pre',
      ...defined({ retries: times, timeout: spec.timeout }),
    },
  };
}

/** There is no cluster to take volumes, nodes and environments from. */
function withoutClusterOptions(definition: KeptnTaskDefinition): KeptnTaskDefinition {
  const { job: _job, ...spec } = definition.spec;
  return { ...definition, spec };
}

/** What the runner in the Job is given, taken from what the Job is made of. */
function givenToRunner(request: JobRequest, source: Code, asked: TaskAsked) {
  const { workload, retries } = jobParts(request);
  const variables = (workload.container.env ?? []).map(
    ({ name, value, valueFrom }): [string, string] => [
      name,
      valueFrom === undefined ? (value ?? '') : secretValue(valueFrom, asked),
    ],
  );
  const { SCRIPT: path = '', ...env } = Object.fromEntries(variables);
  const code = codeOf(source, asked);
  return {
    args: retries.args ?? [],
    ...(code === undefined
      ? { env: { ...env, SCRIPT: path } }
      : { env, script: { name: path.replace(/^.*\//u, ''), code } }),
  };
}

function secretValue(valueFrom: unknown, { definition, secrets, objects }: TaskAsked): string {
  const ref = isJsonObject(valueFrom) ? valueFrom['secretKeyRef'] : undefined;
  const { name = '', key = '' } = isJsonObject(ref) ? ref : {};
  const wanted = String(name);
  const named =
    secrets.find((secret) => secret.name === wanted)?.data ?? objects.secrets.get(wanted);
  const anonymous = secrets.find((secret) => secret.name === undefined)?.data;
  const data = named ?? anonymous;
  const value =
    data === undefined ? undefined : Object.entries(data).find(([one]) => one === key)?.[1];
  if (value !== undefined) return value;
  const where = `${definition.metadata.name}: secureParameters: Secret ${wanted}`;
  throw new BadInput(
    data === undefined
      ? `${where} is not given; add --secret FILE with a line ${String(key)}=…, or a Secret of this name with -f`
      : `${where} has no key ${String(key)}; it has ${Object.keys(data).join(', ') || 'none'}`,
  );
}

function codeOf(code: Code, { definition, objects }: TaskAsked): string | undefined {
  if (code.type === 'url') return undefined;
  if (code.type === 'inline') return code.code;
  const where = `${definition.metadata.name}: configMapRef.name: ConfigMap ${code.name}`;
  const data = objects.configMaps.get(code.name);
  if (data === undefined) throw new BadInput(`${where} is not in the files; add it with -f`);
  const text = data['code'];
  if (text === undefined) throw new BadInput(`${where} has no key code, which holds the function`);
  return text;
}

import { stringify } from 'yaml';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { defaultRetries, defaultTimeoutMs } from '../../domain/job/job-retries.ts';
import { fullMessageOf } from '../../domain/task/task-status.ts';
import { systemClock } from '../../runtime/clock.ts';
import { admitted } from './task-admission.ts';
import { documentsIn } from './task-documents.ts';
import { contextFrom, parametersFrom, secretFrom } from './task-inputs.ts';
import { localTask } from './task-job.ts';
import { type TaskObjects, taskObjects } from './task-objects.ts';
import { runLocally } from './task-process.ts';
import { statusAfter } from './task-status.ts';
import { BadInput, type Terminal } from '../../process/terminal.ts';
import { defined } from '../../api/json.ts';

/** What a command line asks for. */
export interface TaskRunOptions {
  readonly filename: readonly string[];
  readonly name?: string;
  readonly context?: string;
  readonly secret?: readonly string[];
  readonly parameter?: readonly string[];
  readonly retries?: number;
  readonly allowHost?: readonly string[];
}

/** The task on this machine has ended, and not well: the message is what its status says. Ends with exit code 1. */
class TaskFailed extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'TaskFailed';
  }
}

/** Runs the function of a definition on this machine and prints what its status would be; throws `TaskFailed` unless it succeeds. */
export async function runTask(options: TaskRunOptions, terminal: Terminal): Promise<void> {
  const objects = taskObjects(await documentsIn(options.filename));
  const definition = chosen(objects, options.name);
  for (const warning of admitted(definition, objects)) terminal.writeError(`⚠ ${warning}\n`);
  const parameters = parametersFrom(options.parameter ?? []);
  const given = await contextFrom(options.context);
  const secrets = await Promise.all((options.secret ?? []).map(secretFrom));
  const { retries, allowHost: allowedHosts = [] } = options;
  const startedAt = systemClock.now();
  const local = localTask({
    definition,
    objects,
    given,
    secrets,
    parameters,
    ...defined({ retries }),
    now: startedAt,
  });
  const { name } = definition.metadata;
  terminal.writeError(
    `… ${name} runs on this machine${leftOut(definition)}; ${limitsOf(local.task)}\n`,
  );
  const end = await runLocally(local, { terminal, allowedHosts });
  const endedAt = systemClock.now();
  const status = statusAfter(local, { ...end, startedAt, endedAt }, objects);
  terminal.write(stringify({ status }, { lineWidth: 0, aliasDuplicateObjects: false }));
  const took = formatDuration(endedAt - startedAt);
  if (status?.status !== 'Succeeded') {
    const why = fullMessageOf(status) ?? `the runner ended with exit code ${end.exitCode}`;
    throw new TaskFailed(`✖ ${definition.metadata.name} failed after ${took}: ${why}`);
  }
  terminal.writeError(`✔ ${definition.metadata.name} succeeded after ${took}\n`);
}

function chosen({ definitions }: TaskObjects, name: string | undefined): KeptnTaskDefinition {
  const names = [...definitions.keys()].join(', ');
  if (definitions.size === 0) throw new BadInput('-f: the files hold no KeptnTaskDefinition');
  const [only] = definitions.values();
  const found = name === undefined ? only : definitions.get(name);
  if (found === undefined) throw new BadInput(`--name ${name}: the files hold ${names}`);
  if (name !== undefined || definitions.size === 1) return found;
  throw new BadInput(`--name: the files hold several definitions, say which of them: ${names}`);
}

/** How often and how long it may run, and what of that is a default. */
function limitsOf({ spec }: KeptnTask): string {
  const { retries = defaultRetries, timeout } = spec;
  const often = retries === 0 ? 'once' : `at most ${retries + 1} times`;
  const why =
    spec.retries === undefined ? `retries: ${retries} is the default` : `retries: ${retries}`;
  const within = timeout ?? `${formatDuration(defaultTimeoutMs)}, the default`;
  return `${often} (${why}), all within ${within}`;
}

/** What only a cluster can give is not silently missing. */
function leftOut({ spec }: KeptnTaskDefinition): string {
  const fields = Object.keys(spec.job ?? {}).map((field) => `spec.job.${field}`);
  if (spec.serviceAccount !== undefined) fields.push('spec.serviceAccount');
  return fields.length === 0 ? '' : `, without ${fields.join(', ')}`;
}

import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { BadInput } from '../../process/terminal.ts';

/** What may be named: a task, or the version whose task is meant. */
const names = {
  task: ['keptntask', 'keptntasks', 'kt', 'task'],
  workload: ['keptnworkloadversion', 'keptnworkloadversions', 'kwv'],
  app: ['keptnappversion', 'keptnappversions', 'kav'],
} as const;

/**
 * The task whose log is wanted: the one that is named, or of a version the newest that has failed, or else the newest that runs,
 * or else the newest. Throws `BadInput` for what has no task, by name.
 */
export function taskOf(text: string, namespace: string, lookup: Lookup): KeptnTask {
  const [kind = '', name = '', ...rest] = text.split('/');
  const word = kind.toLowerCase().split('.')[0] ?? '';
  const is = (some: readonly string[]): boolean => some.includes(word);
  if (name === '' || rest.length > 0 || !is(Object.values(names).flat()))
    throw new BadInput(
      `"${text}" has no log; write KIND/NAME with one of keptntask, keptnworkloadversion (kwv), keptnappversion (kav)`,
    );
  if (is(names.task)) {
    const task = lookup.get(KeptnTask, namespace, name);
    if (task === undefined) throw notFound('KeptnTask', name, namespace);
    return task;
  }
  const version = is(names.workload)
    ? lookup.get(KeptnWorkloadVersion, namespace, name)
    : lookup.get(KeptnAppVersion, namespace, name);
  if (version === undefined)
    throw notFound(
      is(names.workload) ? KeptnWorkloadVersion.kind : KeptnAppVersion.kind,
      name,
      namespace,
    );
  const task = worst(tasksOf(version, lookup));
  if (task === undefined) throw new BadInput(`${text} has no task (yet)`);
  return task;
}

function notFound(kind: string, name: string, namespace: string): BadInput {
  return new BadInput(`there is no ${kind} ${name} in namespace ${namespace}`);
}

function tasksOf({ metadata }: KubernetesObject, lookup: Lookup): readonly KeptnTask[] {
  return lookup
    .list(KeptnTask, metadata.namespace)
    .filter((task) => task.metadata.ownerReferences?.some(({ uid }) => uid === metadata.uid));
}

function worst(tasks: readonly KeptnTask[]): KeptnTask | undefined {
  const at = ({ metadata }: KeptnTask): string => metadata.creationTimestamp ?? '';
  const newest = tasks.toSorted((a, b) => (at(a) < at(b) ? 1 : -1));
  return (
    newest.find(({ status }) => status?.status === 'Failed') ??
    newest.find(({ status }) => !isCompleted(status?.status)) ??
    newest[0]
  );
}

/** What is on record of a task whose Pod is gone: its end, its runs, its last lines. */
export function evidenceOf({ metadata, spec, status = {} }: KeptnTask): string {
  const {
    status: state = 'Pending',
    reason,
    message,
    evidence,
    exitCode,
    runs = [],
    output,
  } = status;
  const lines = [
    `KeptnTask ${metadata.name} (${spec.taskDefinition}): ${state}${reason === undefined ? '' : ` (${reason})`}`,
    message,
    evidence?.message,
    exitCode === undefined ? undefined : `exit code ${exitCode}`,
    ...runs.map(
      (run, at) =>
        `run ${at + 1}: ${run.reason ?? ''}${run.exitCode === undefined ? '' : `, exit code ${run.exitCode}`}${run.message === undefined ? '' : `: ${run.message}`}`,
    ),
    output,
  ];
  const told = lines.filter((line) => line !== undefined && line !== '');
  return [...new Set(told)].join('\n');
}

import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { lists } from '../../domain/phase/newest-app-version.ts';
import { type Target, targetText, type Targeting } from '../command/target.ts';
import { versionBehind } from '../command/version-behind.ts';
import { BadInput } from '../../process/terminal.ts';

/** What has a log: a task, or what stands for a version whose task is meant. */
export const logging: Targeting = {
  kinds: [
    KeptnTask,
    KeptnWorkloadVersion,
    KeptnAppVersion,
    KeptnWorkload,
    KeptnApp,
    DeploymentKind,
    StatefulSetKind,
    DaemonSetKind,
    RolloutKind,
  ],
  cannot: 'has no log of a task',
  example: 'write for example deployment/cart or keptntask/pre-smoke-x',
};

/** The kinds that are read to find the task that is meant. */
export function kindsOfLog({ kind }: Target): readonly Kind[] {
  const always = [KeptnTask, KeptnWorkloadVersion, KeptnAppVersion, KeptnWorkload, KeptnApp];
  return [...new Set<Kind>([kind, ...always])];
}

/**
 * The task whose log is wanted: the one that is named, or of a version the newest that has failed, or else the newest that runs,
 * or else the newest. Those of an application are those of its workloads, too. Throws `BadInput` for what has no task, by name.
 */
export function taskOf(target: Target, namespace: string, lookup: Lookup): KeptnTask {
  const { kind, name } = target;
  const object = lookup.get(kind, namespace, name);
  if (object === undefined)
    throw new BadInput(`there is no ${kind.kind} ${name} in namespace ${namespace}`);
  const task = lookup.get(KeptnTask, namespace, name);
  if (kind === KeptnTask && task !== undefined) return task;
  const found = worst(tasksOf(versionBehind(object, lookup)?.object, lookup));
  if (found === undefined) throw new BadInput(`${targetText(target)} has no task (yet)`);
  return found;
}

function tasksOf(version: KubernetesObject | undefined, lookup: Lookup): readonly KeptnTask[] {
  if (version === undefined) return [];
  const { namespace, name, uid } = version.metadata;
  const app = version.kind === KeptnAppVersion.kind && lookup.get(KeptnAppVersion, namespace, name);
  const workloads = lookup.list(KeptnWorkloadVersion, namespace);
  const listed = app ? workloads.filter((one) => lists(app, one)) : [];
  const owners = new Set([uid, ...listed.map(({ metadata }) => metadata.uid)]);
  return lookup
    .list(KeptnTask, namespace)
    .filter(({ metadata }) => metadata.ownerReferences?.some((owner) => owners.has(owner.uid)));
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

import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { controllerOf, type KubernetesObject } from '../../api/object.ts';
import { isReleased } from '../../domain/gate/release.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { fullMessageOf } from '../../domain/task/task-status.ts';
import { troubleOf } from '../../domain/trouble.ts';
import { versionBehind } from '../command/version-behind.ts';

/** What every row of a list has, whatever it is a row of. */
interface Row {
  readonly kind: string;
  readonly namespace: string | undefined;
  readonly name: string;
  readonly status: string;
  /** RFC 3339. */
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  /** From 1; more than one where it was checked again. */
  readonly attempts: number;
  /** What is wrong, or what was measured. */
  readonly message: string | undefined;
}

/** A version, or an application or workload with the version that is current. */
export interface VersionRow extends Row {
  readonly app: string;
  readonly version: string;
  readonly phase: string;
  /** Whether the Pods of a workload may start; undefined for an application. */
  readonly released: boolean | undefined;
}

/** A task or an evaluation. */
export interface CheckRow extends Row {
  readonly definition: string;
  /** Its place in a phase (`pre`, `post-eval`, …), or what it follows; empty for one that was made by hand. */
  readonly check: string;
  /** What it belongs to: a version, or the check that it follows. Empty for one that was made by hand. */
  readonly of: string;
  /** The Job of a task. */
  readonly job: string | undefined;
}

type Version = KeptnAppVersion | KeptnWorkloadVersion;

/** The applications of a namespace (all, if it is undefined) with their current versions, by name. */
export function appRows(lookup: Lookup, namespace: string | undefined): readonly VersionRow[] {
  return byName(lookup.list(KeptnApp, namespace)).map((app) => {
    const { name } = app.metadata;
    return currentRow(app, { app: name, version: app.spec.version }, lookup);
  });
}

/** The workloads of a namespace (of all, if it is undefined) with their current versions, by name. */
export function workloadRows(lookup: Lookup, namespace: string | undefined): readonly VersionRow[] {
  return byName(lookup.list(KeptnWorkload, namespace)).map((workload) =>
    currentRow(workload, workload.spec, lookup),
  );
}

/** The versions of applications and workloads, the newest first. */
export function versionRows(lookup: Lookup, namespace: string | undefined): readonly VersionRow[] {
  return newestFirst(versionsIn(lookup, namespace)).map((version) => ({
    ...identified(version),
    app: 'appName' in version.spec ? version.spec.appName : version.spec.app,
    version: version.spec.version,
    ...progressOf(version),
  }));
}

/** The tasks, the newest first. */
export function taskRows(lookup: Lookup, namespace: string | undefined): readonly CheckRow[] {
  return newestFirst(lookup.list(KeptnTask, namespace)).map((task) => {
    const { spec, status } = task;
    return {
      ...identified(task),
      definition: spec.taskDefinition,
      check: spec.parent?.trigger ?? spec.checkType ?? '',
      of: spec.parent?.name ?? controllerOf(task)?.name ?? '',
      status: status?.status ?? 'Pending',
      startTime: status?.startTime,
      endTime: status?.endTime,
      attempts: status?.attempt ?? spec.attempt ?? 1,
      job: status?.jobName,
      message: fullMessageOf(status),
    };
  });
}

/** The evaluations, the newest first. Their message is what was measured last. */
export function evaluationRows(lookup: Lookup, namespace: string | undefined): readonly CheckRow[] {
  return newestFirst(lookup.list(KeptnEvaluation, namespace)).map((evaluation) => {
    const { spec, status } = evaluation;
    const measured = Object.entries(status?.evaluationStatus ?? {}).map(
      ([metric, { status: state, value, message = '' }]) =>
        `${metric} ${state}: ${message === '' ? value : message}`,
    );
    return {
      ...identified(evaluation),
      definition: spec.evaluationDefinition,
      check: spec.checkType ?? '',
      of: controllerOf(evaluation)?.name ?? '',
      status: status?.overallStatus ?? 'Pending',
      startTime: status?.startTime,
      endTime: status?.endTime,
      attempts: status?.attempt ?? spec.attempt ?? 1,
      job: undefined,
      message: measured.length === 0 ? undefined : measured.join('; '),
    };
  });
}

function versionsIn(lookup: Lookup, namespace: string | undefined): readonly Version[] {
  return [
    ...lookup.list(KeptnAppVersion, namespace),
    ...lookup.list(KeptnWorkloadVersion, namespace),
  ];
}

function currentRow(
  object: KubernetesObject,
  { app, version }: { readonly app: string; readonly version: string },
  lookup: Lookup,
): VersionRow {
  const uid = versionBehind(object, lookup)?.object.metadata.uid;
  const current = versionsIn(lookup, object.metadata.namespace).find(
    ({ metadata }) => metadata.uid === uid,
  );
  return { ...identified(object), app, version, ...progressOf(current) };
}

function progressOf(version: Version | undefined) {
  const status = version?.status;
  return {
    status: status?.status ?? 'Pending',
    phase: status?.currentPhase ?? '',
    released: version?.kind === KeptnAppVersion.kind ? undefined : isReleased({ ...status }),
    startTime: status?.startTime,
    endTime: status?.endTime,
    attempts: status?.attempt ?? 1,
    message: troubleOf(status && { status })?.message,
  };
}

function identified({ kind, metadata: { namespace, name } }: KubernetesObject) {
  return { kind, namespace, name };
}

function byName<T extends KubernetesObject>(objects: readonly T[]): readonly T[] {
  const key = ({ metadata }: T): string => `${metadata.namespace ?? ''}/${metadata.name}`;
  return objects.toSorted((a, b) => (key(a) < key(b) ? -1 : 1));
}

function newestFirst<T extends KubernetesObject>(objects: readonly T[]): readonly T[] {
  const key = ({ metadata }: T): string => `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
  return objects.toSorted((a, b) => (key(a) < key(b) ? 1 : -1));
}

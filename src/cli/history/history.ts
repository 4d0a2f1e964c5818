import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { parseTime } from '../../domain/time.ts';
import { troubleOf } from '../../domain/trouble.ts';
import { type Column, tableText, tookText } from '../command/table.ts';
import type { Scene } from '../status/scene.ts';

/** One version as the history tells it. */
export interface PastVersion {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  /** The application, or the workload with the name of its application in front. */
  readonly of: string;
  readonly version: string;
  readonly status: string;
  readonly phase: string;
  readonly startTime: string | undefined;
  readonly endTime: string | undefined;
  /** From 1; more than one where it was checked again. */
  readonly attempts: number;
  /** What is wrong with it. */
  readonly message: string | undefined;
}

/** The versions of the applications and workloads in a scene, newest first; of one application alone if it is named. */
export function historyOf(scene: Scene, app?: string): readonly PastVersion[] {
  const apps = scene.appVersions.filter(({ spec }) => app === undefined || spec.appName === app);
  const workloads = scene.workloadVersions.filter(
    ({ spec }) => app === undefined || spec.app === app,
  );
  return [
    ...apps.map((one) => past(one, one.spec.appName)),
    ...workloads.map((one) => past(one, one.spec.workloadName)),
  ].toSorted((a, b) => startOf(b) - startOf(a));
}

function past(
  { kind, metadata, spec, status }: KeptnAppVersion | KeptnWorkloadVersion,
  of: string,
): PastVersion {
  return {
    kind,
    name: metadata.name,
    namespace: metadata.namespace,
    of,
    version: spec.version,
    status: status?.status ?? 'Pending',
    phase: status?.currentPhase ?? '',
    startTime: status?.startTime ?? metadata.creationTimestamp,
    endTime: status?.endTime,
    attempts: status?.attempt ?? 1,
    message: troubleOf(status && { status })?.message,
  };
}

function startOf({ startTime }: PastVersion): number {
  return parseTime(startTime) ?? 0;
}

/** The history as a table; `now` is what running versions are measured by. */
export function historyTable(
  versions: readonly PastVersion[],
  now: number,
  shown: { readonly wide?: boolean } = {},
): string {
  const columns: readonly Column<PastVersion>[] = [
    { title: 'NAMESPACE', cell: ({ namespace = '' }) => namespace, isWide: true },
    { title: 'STARTED', cell: ({ startTime = '' }) => startTime },
    { title: 'TOOK', cell: (one) => took(one, now) },
    { title: 'STATUS', cell: ({ status }) => status },
    { title: 'PHASE', cell: ({ phase }) => phase },
    { title: 'ATTEMPTS', cell: ({ attempts }) => String(attempts) },
    { title: 'VERSION', cell: ({ version }) => version },
    { title: 'OF', cell: ({ of }) => of },
    { title: 'NAME', cell: ({ name }) => name },
    { title: 'MESSAGE', cell: ({ message = '' }) => message, isWide: true },
  ];
  return tableText(versions, columns, shown);
}

function took(version: PastVersion, now: number): string {
  // What was overtaken before it ended has no end.
  const isOvertaken = version.endTime === undefined && version.status === 'Deprecated';
  return isOvertaken ? '' : tookText(version, now);
}

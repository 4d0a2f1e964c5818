import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { parseTime } from '../../domain/time.ts';
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
  };
}

function startOf({ startTime }: PastVersion): number {
  return parseTime(startTime) ?? 0;
}

const titles = ['STARTED', 'TOOK', 'STATUS', 'PHASE', 'ATTEMPTS', 'VERSION', 'OF', 'NAME'];

/** The history as a table; `now` is what running versions are measured by. */
export function historyTable(versions: readonly PastVersion[], now: number): string {
  const rows = versions.map((one) => [
    one.startTime ?? '',
    took(one, now),
    one.status,
    one.phase,
    String(one.attempts),
    one.version,
    one.of,
    one.name,
  ]);
  const all = [titles, ...rows].map((row) => row.map((cell) => visibleText(cell)));
  const widths = titles.map((_title, column) =>
    Math.max(...all.map((row) => row[column]?.length ?? 0)),
  );
  return all
    .map((row) =>
      row
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('   ')
        .trimEnd(),
    )
    .join('\n');
}

function took({ startTime, endTime, status }: PastVersion, now: number): string {
  const start = parseTime(startTime);
  // What was overtaken before it ended has no end.
  if (start === undefined || (endTime === undefined && status === 'Deprecated')) return '';
  const ms = (parseTime(endTime) ?? now) - start;
  const span = formatDuration(Math.max(0, Math.round(ms / 1000) * 1000));
  return endTime === undefined ? `${span} so far` : span;
}

import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Phase } from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import { parseTime } from '../../domain/time.ts';
import { spanText } from '../command/table.ts';

type Version = KeptnAppVersion | KeptnWorkloadVersion;

/** How long phases and checks took in the versions before: the median in milliseconds, undefined where none has ended well. */
export interface PastRuns {
  ofPhase(version: Version, phase: Phase): number | undefined;
  ofCheck(version: Version, phase: Phase, definition: string): number | undefined;
}

/** More of them say no more about the next one, and older ones say less. */
const mostVersions = 10;

/** What the versions of a namespace, oldest first, say about the one that is on its way. Failures count for nothing: they end early. */
export function pastRunsIn(versions: readonly Version[]): PastRuns {
  const before = (version: Version): readonly Version[] => {
    const own = versions.filter((one) => subjectOf(one) === subjectOf(version));
    const at = own.findIndex(({ metadata }) => metadata.uid === version.metadata.uid);
    return (at < 0 ? own : own.slice(0, at)).slice(-mostVersions);
  };
  return {
    ofPhase: (version, phase) =>
      median(before(version).flatMap((one) => lastOf(recordOf(one, phase)) ?? [])),
    ofCheck: (version, phase, definition) =>
      median(
        before(version).flatMap((one) => {
          const items = itemsOf(one, phase);
          return lastOf(items.find(({ definitionName }) => definitionName === definition)) ?? [];
        }),
      ),
  };
}

/** When a phase of a version began and ended; empty for one that has not begun. */
export function phaseSpan(version: Version, phase: Phase): Ended {
  return recordOf(version, phase) ?? {};
}

/** `2m5s of about 3m0s` for what runs, by how long it took before; empty for what does not run. */
export function pastText(run: Ended, past: number | undefined, now: number): string {
  const start = parseTime(run.startTime);
  if (start === undefined || run.endTime !== undefined) return '';
  const sofar = spanText(now - start);
  return past === undefined ? sofar : `${sofar} of about ${spanText(past)}`;
}

function recordOf({ status }: { readonly status?: VersionStatus }, { short }: Phase) {
  return status?.phaseRecords?.[short];
}

function itemsOf(
  { status }: { readonly status?: VersionStatus },
  phase: Phase,
): readonly ItemStatus[] {
  return phase.type === 'deploy' ? [] : (status?.[phase.items] ?? []);
}

/** When something began and ended, and how. */
export interface Ended {
  readonly startTime?: string;
  readonly endTime?: string;
  readonly status?: string;
}

function lastOf(run: Ended | undefined): number | undefined {
  const [start, end] = [parseTime(run?.startTime), parseTime(run?.endTime)];
  if (start === undefined || end === undefined || run?.status !== 'Succeeded') return undefined;
  return end - start;
}

function subjectOf({ kind, metadata, spec }: Version): string {
  const name = 'appName' in spec ? spec.appName : spec.workloadName;
  return `${kind} ${metadata.namespace ?? ''}/${name}`;
}

function median(durations: readonly number[]): number | undefined {
  const sorted = durations.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [low, high] = [sorted[middle - 1], sorted[middle]];
  return sorted.length % 2 === 1 || low === undefined || high === undefined
    ? high
    : (low + high) / 2;
}

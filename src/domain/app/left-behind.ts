import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { type Moment, onThisClock } from '../clock-steps.ts';
import { remainingMs } from '../remaining.ts';
import { isSuperseded } from '../phase/superseded.ts';
import { parseTime } from '../time.ts';

/** The reason of an app version that lists a version which its workload has left. */
export const leftBehindReason = 'WorkloadSuperseded';

/**
 * How much longer an application waits for a version that its workload has left, in milliseconds; 0 or less when it waits no
 * more. Users who list the workloads themselves may list another version, or deploy this one again, until then.
 */
export function waitsForAnother(
  { status, metadata }: KeptnWorkloadVersion,
  timeoutMs: number,
  moment: Moment,
): number {
  const leftAt = parseTime(status?.endTime ?? metadata.creationTimestamp) ?? moment.now;
  return remainingMs(onThisClock(leftAt, moment), timeoutMs, moment.now);
}

/** What is wrong with a list that names a version which its workload has left, and the ways out. */
export function leftBehindMessage(
  { spec: { appName } }: Pick<KeptnAppVersion, 'spec'>,
  left: KeptnWorkloadVersion,
  versions: readonly KeptnWorkloadVersion[],
): string {
  const { workloadName, version } = left.spec;
  const current = versions
    .filter(({ spec, status }) => spec.workloadName === workloadName && !isSuperseded(status))
    .toSorted((a, b) => madeAt(b) - madeAt(a))[0];
  const now = current === undefined ? '' : `, which is at version ${current.spec.version} now`;
  const listed = workloadName.startsWith(`${appName}-`)
    ? workloadName.slice(appName.length + 1)
    : workloadName;
  const other = current === undefined ? 'what is deployed' : current.spec.version;
  return `KeptnApp ${appName} lists ${listed} ${version}, but that version was superseded in workload ${workloadName}${now}: list ${other} in the KeptnApp, or deploy ${version} again`;
}

function madeAt({ metadata }: KeptnWorkloadVersion): number {
  return parseTime(metadata.creationTimestamp) ?? 0;
}

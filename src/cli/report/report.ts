import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { conditionOf, conditionTypes } from '../../domain/conditions.ts';
import { hasFailedBefore } from '../../domain/check/repeated-checks.ts';
import { isPassed } from '../../domain/phase/phases.ts';
import { parseTime } from '../../domain/time.ts';
import type { Scene } from '../status/scene.ts';

/**
 * - `passed`: its checks held nothing up, and would not have.
 * - `would block`: it went on, and would have been held in mode block.
 * - `blocked`: it was held, because its mode is block.
 * - `open`: its checks are on their way.
 */
export type Verdict = 'passed' | 'would block' | 'blocked' | 'open';

/** What would have become of one version had its checks blocked. */
export interface ReportedVersion {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly version: string;
  readonly startTime: string | undefined;
  readonly verdict: Verdict;
  /** The words of what has failed. */
  readonly why?: string;
}

/** The versions of a scene that began at or after this time, newest first; one that was superseded says nothing. */
export function reportOn(scene: Scene, sinceMs: number): readonly ReportedVersion[] {
  return [...scene.appVersions, ...scene.workloadVersions]
    .filter(({ status }) => status?.status !== 'Deprecated')
    .map(reported)
    .filter(({ startTime }) => (parseTime(startTime) ?? 0) >= sinceMs)
    .toSorted((a, b) => (parseTime(b.startTime) ?? 0) - (parseTime(a.startTime) ?? 0));
}

function reported(version: KeptnAppVersion | KeptnWorkloadVersion): ReportedVersion {
  const { metadata, spec, status } = version;
  const known = {
    kind: version.kind,
    name: metadata.name,
    namespace: metadata.namespace,
    version: spec.version,
    startTime: status?.startTime ?? metadata.creationTimestamp,
  };
  const wouldBlock = conditionOf(version, conditionTypes.wouldBlock);
  if (wouldBlock?.status === 'True') {
    return { ...known, verdict: 'would block', why: wouldBlock.message };
  }
  if (hasFailedBefore(status)) {
    const why = conditionOf(version, conditionTypes.succeeded)?.message;
    return { ...known, verdict: 'blocked', ...(why !== undefined && { why }) };
  }
  const checks = [status?.preDeploymentStatus, status?.preDeploymentEvaluationStatus];
  const items = [
    ...(status?.preDeploymentTaskStatus ?? []),
    ...(status?.preDeploymentEvaluationTaskStatus ?? []),
  ];
  // Of a phase that observes, checks may be open although it has passed.
  const isOver = checks.every(isPassed) && items.every((item) => isCompleted(item.status));
  return { ...known, verdict: isOver ? 'passed' : 'open' };
}

/** The report in words: what would have been held and why (`wide`: the others, too), the counts, and the command that turns blocking on. */
export function reportText(
  versions: readonly ReportedVersion[],
  asked: { readonly namespace: string; readonly since: string; readonly wide?: boolean },
): string {
  const inVerdict = (verdict: Verdict) => versions.filter((one) => one.verdict === verdict);
  const held = [...inVerdict('would block'), ...inVerdict('blocked')];
  const counts = [
    `${inVerdict('passed').length} would have passed`,
    `${inVerdict('would block').length} would have been held`,
    `${inVerdict('blocked').length} were held`,
    `${inVerdict('open').length} are on their way`,
  ];
  const lines = [
    ...(asked.wide === true ? versions : held).flatMap(linesOf),
    `${versions.length} versions in namespace ${asked.namespace} in the last ${asked.since}: ${counts.join(', ')}.`,
    `To let failed checks hold: ${commandToBlock(asked.namespace)}`,
  ];
  return `${lines.map((line) => visibleText(line)).join('\n')}\n`;
}

const says: Readonly<Record<Verdict, string>> = {
  passed: '✔ would have passed',
  'would block': '✖ would have been held',
  blocked: '✖ was held',
  open: '◌ is on its way',
};

function linesOf({ kind, name, startTime, verdict, why }: ReportedVersion): readonly string[] {
  const [icon = '', ...words] = says[verdict].split(' ');
  return [
    `${icon} ${kind} ${name} of ${startTime ?? 'an unknown time'} ${words.join(' ')}`,
    ...(why === undefined ? [] : [`    ${why}`]),
  ];
}

/** The command that turns blocking on in a namespace. */
export function commandToBlock(namespace: string): string {
  return `kubectl annotate namespace ${namespace} sluice.keptn.sh/mode=block --overwrite`;
}

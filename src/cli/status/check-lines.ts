import { visibleText } from '../../api/text/visible-text.ts';
import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Finding } from '../../domain/explain/finding.ts';
import { checkFindings, followUpFindings } from '../../domain/explain/why-check.ts';
import type { Phase } from '../../domain/phase/phases.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import { lookupOver } from '../command/snapshot.ts';
import { factLines } from '../explain/fact-lines.ts';
import { icon } from '../explain/finding-text.ts';
import { pastText, phaseSpan } from './past-runs.ts';
import type { Scene } from './scene.ts';

/** How lines are painted. */
interface Paper {
  readonly inColor: boolean;
  /** Milliseconds since the Unix epoch, for ages and durations. */
  readonly now: number;
}

type Version = KeptnAppVersion | KeptnWorkloadVersion;

interface Shown {
  readonly version: Version;
  readonly scene: Scene;
  readonly paper: Paper;
}

/**
 * What stands below a version: how long the phase that runs has taken so far and took in the versions before, its open checks with
 * the same, and the follow-ups that are not done, each below the check that it follows.
 */
export function linesBelow(phases: readonly Phase[], shown: Shown): readonly string[] {
  const { version, scene, paper } = shown;
  const lookup = lookupOver([...scene.tasks, ...scene.evaluations]);
  const current = currentPhase(version.status, phases);
  const open = current === undefined ? [] : checkFindings(version, current, lookup);
  const followed = followUpFindings(version, phases, lookup).filter(isUndone);
  return [
    ...(current === undefined ? [] : phaseLine(current, shown)),
    ...open.flatMap((finding) => [
      checkLine(finding, { ...shown, current }),
      ...followUpLines(finding.because, paper),
    ]),
    ...followUpLines(followed, paper, ''),
  ];
}

function currentPhase(
  status: VersionStatus | undefined,
  phases: readonly Phase[],
): Phase | undefined {
  return phases.find(
    ({ short, state }) => short === status?.currentPhase || status?.[state] === 'Failed',
  );
}

/** Of a phase that runs and was run before; of others the strip above says enough. */
function phaseLine(phase: Phase, { version, scene, paper }: Shown): readonly string[] {
  const past = scene.past?.ofPhase(version, phase);
  const text = pastText(phaseSpan(version, phase), past, paper.now);
  return past === undefined || text === '' ? [] : [`${phase.long}: ${text}`];
}

function checkLine(
  finding: Finding,
  { version, scene, paper, current }: Shown & { readonly current: Phase | undefined },
): string {
  const task = scene.tasks.find(
    ({ kind, metadata }) => kind === finding.kind && metadata.name === finding.name,
  );
  const remark = scene.remarks?.get(task?.metadata.uid ?? '');
  const says = remark === undefined ? finding.says : `${remark}: ${finding.says}`;
  const took = current === undefined ? '' : tookSoFar(finding, current, { version, scene, paper });
  const [fact] = factLines(finding.facts, paper.now);
  const rest = [took, fact].filter((one) => one !== undefined && one !== '').join(', ');
  // How it failed stands in full below the versions.
  const words =
    finding.mark === 'failed'
      ? (says.split(' (')[0] ?? says)
      : `${says}${rest === '' ? '' : ` (${rest})`}`;
  return `${icon(finding.mark, paper.inColor)} ${visibleText(words)}`;
}

/** `2m5s of about 3m0s`, where the same check has passed before. */
function tookSoFar(finding: Finding, phase: Phase, { version, scene, paper }: Shown): string {
  const status: VersionStatus | undefined = version.status;
  const items = phase.type === 'deploy' ? [] : (status?.[phase.items] ?? []);
  const item = items.find(({ name }) => name === finding.name);
  if (item?.definitionName === undefined) return '';
  const past = scene.past?.ofCheck(version, phase, item.definitionName);
  return past === undefined ? '' : pastText(item, past, paper.now);
}

/** Whether something of it, or of what follows it, is not through. */
function isUndone({ mark, because }: Finding): boolean {
  return mark !== 'done' || because.some(isUndone);
}

function followUpLines(
  findings: readonly Finding[],
  paper: Paper,
  indent = '  ',
): readonly string[] {
  return findings.flatMap(({ mark, says, because }) => [
    `${indent}${icon(mark, paper.inColor)} ${visibleText(says.split(' (')[0] ?? says)}`,
    ...followUpLines(because, paper, `${indent}  `),
  ]);
}

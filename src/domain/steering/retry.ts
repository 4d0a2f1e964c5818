import { retryEverything, retryFailed } from '../../api/keptn/steering.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import { isAborted } from '../phase/aborted.ts';
import { anew, openNextAttempt } from '../phase/attempt.ts';
import { conditionTypes, isTrue } from '../conditions.ts';
import { isPassed, type Phase } from '../phase/phases.ts';
import { handReleaseOf } from '../phase/hand-release.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/** What a retry does to a status, or why it does nothing. */
export type Retried<S extends VersionStatus> =
  | { readonly type: 'retried'; readonly status: S; readonly what: string }
  | { readonly type: 'nothing'; readonly message: string };

/** A check of a version and the phase it belongs to. */
interface Check {
  readonly phase: Phase;
  readonly item: ItemStatus;
}

/**
 * The status of a version that has ended, with the next attempt opened for what the target names: `failed` (all that has not
 * passed; of a version that was aborted that may be only what had not begun), `everything`, a phase, a definition, or a task or
 * evaluation. Checks that have passed keep their tasks and Jobs, unless everything is asked for; the phases behind what is
 * tried again go on from there.
 */
export function retried<S extends VersionStatus>(
  status: S,
  target: string,
  at: { readonly phases: readonly Phase[]; readonly now: number },
): Retried<S> {
  const { phases, now } = at;
  if (target === retryEverything) {
    const next = openNextAttempt(status, {
      phases,
      now,
      setBack: (_, phase) => fromScratch(phase),
    });
    return { type: 'retried', status: next, what: 'everything' };
  }
  const open = failedChecks(status, phases);
  const chosen = target === retryFailed ? open : open.filter((check) => isNamed(check, target));
  const phase = phases.find((one) => isNameOfPhase(one, target));
  const isUnpassed =
    target === retryFailed
      ? isAborted(status) || phases.some((one) => status[one.state] === 'Failed')
      : phase !== undefined && status[phase.state] === 'Failed';
  if (chosen.length === 0 && !isUnpassed) {
    return { type: 'nothing', message: whyNothing(target, open, phase) };
  }
  const again = new Set(chosen.map(({ item }) => item));
  const next = openNextAttempt(status, {
    phases,
    now,
    setBack: (from, one) => setBack(from, one, { phases, again }),
  });
  const names = chosen.map(({ item }) => item.definitionName ?? item.name ?? '');
  return {
    type: 'retried',
    status: next,
    what: names.join(', ') || (phase?.short ?? 'its phases'),
  };
}

/** A phase without anything that was found of it. */
function fromScratch(phase: Phase): VersionStatus {
  return { [phase.state]: 'Pending', ...(phase.type !== 'deploy' && { [phase.items]: [] }) };
}

/** The checks that did not pass, in phases that failed, only warned, or were cut off. */
function failedChecks(status: VersionStatus, phases: readonly Phase[]): readonly Check[] {
  return phases.flatMap((phase) =>
    phase.type === 'deploy'
      ? []
      : (status[phase.items] ?? [])
          .filter((item) => item.status !== 'Succeeded')
          .map((item) => ({ phase, item })),
  );
}

/** Whether the check is what the target names: by its phase, its definition, or the name of its task or evaluation. */
function isNamed({ phase, item }: Check, target: string): boolean {
  return isNameOfPhase(phase, target) || item.definitionName === target || item.name === target;
}

/** `WorkloadPreDeployTasks` in any case; `promotion` for short. */
function isNameOfPhase({ short, state }: Phase, target: string): boolean {
  const word = target.toLowerCase();
  return word === short.toLowerCase() || (word === 'promotion' && state === 'promotionStatus');
}

function setBack(
  status: VersionStatus,
  phase: Phase,
  { phases, again }: { readonly phases: readonly Phase[]; readonly again: ReadonlySet<ItemStatus> },
): VersionStatus {
  if (phase.type === 'deploy') {
    const before = phases.slice(0, phases.indexOf(phase));
    const isCheckedAgain = before.some((one) => hasAny(status, one, again));
    // What was Released by its checks stays so; what a hand released is to be released by its checks now.
    const isJudgedAgain = isCheckedAgain && !isReleasedForGood(status);
    return isPassed(status[phase.state]) && !isJudgedAgain ? {} : { [phase.state]: 'Pending' };
  }
  if (isPassed(status[phase.state]) && !hasAny(status, phase, again)) return {};
  const items = status[phase.items];
  return {
    ...anew({ ...status, [phase.state]: 'Pending' }, phase),
    ...(items !== undefined && { [phase.items]: items.filter((item) => !again.has(item)) }),
  };
}

function hasAny(status: VersionStatus, phase: Phase, again: ReadonlySet<ItemStatus>): boolean {
  return phase.type !== 'deploy' && (status[phase.items] ?? []).some((item) => again.has(item));
}

function isReleasedForGood(status: VersionStatus): boolean {
  return isTrue({ status }, conditionTypes.released) && handReleaseOf(status) === undefined;
}

function whyNothing(target: string, open: readonly Check[], phase: Phase | undefined): string {
  const failed = [...new Set(open.map(({ item }) => item.definitionName ?? ''))].join(', ');
  if (target === retryFailed) return 'no check of it has failed';
  const what =
    phase === undefined ? `it has no failed check ${target}` : `nothing failed in ${target}`;
  return failed === '' ? `${what}, and no other has failed` : `${what}; what has failed: ${failed}`;
}

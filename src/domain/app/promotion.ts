import type { KeptnAppVersionSpec, KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import type { ItemStatus } from '../../api/keptn/item-status.ts';
import type { KeptnState } from '../../api/keptn/states.ts';
import type { Condition } from '../../api/object.ts';
import { completedWithWarning, type PhaseOutcome } from '../phase/advance.ts';
import { type CheckPhaseRun, describeItem, runCheckPhase } from '../check/check-phase.ts';
import type { ChecksSeen } from '../check/checks.ts';
import {
  type ConditionChange,
  conditionTypes,
  observed,
  type Stating,
  withConditions,
} from '../conditions.ts';
import type { Settings } from '../settings/keptn-config.ts';
import { phaseEvent } from '../phase-event.ts';
import { appPhases, isPassed, type Phase } from '../phase/phases.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/**
 * The promotion phase (KEP 98) and what an app version says of it. A version is *deployed* when every phase before the
 * promotion has passed, and *promoted* when its promotion tasks have succeeded. The two are conditions of their own, so
 * that a promotion that failed does not look like a deployment that did.
 */

/** An app version whose promotion is to be judged. */
export interface Promoting {
  readonly spec: KeptnAppVersionSpec;
  readonly status: KeptnAppVersionStatus;
  readonly settings: Settings;
}

const failedReason = 'PromotionFailed';
const skippedReason = 'PromotionSkipped';

/** Whether this is the phase of the promotion tasks. */
export function isPromotion(phase: Phase): boolean {
  return phase.state === 'promotionStatus';
}

/**
 * Runs the promotion tasks, or says why they do not run. Whether a failure fails the version is the say of its application,
 * then of KeptnConfig; where no failed check blocks, none of a promotion does.
 */
export function runPromotion(
  run: Omit<CheckPhaseRun, 'blocking'>,
  of: Promoting & { readonly seen: ChecksSeen },
): PhaseOutcome {
  const warnings = run.definitions.length === 0 ? [] : warningsInTheWay(of);
  if (warnings.length > 0) return skipped(run, warnings);
  const outcome = runCheckPhase({ ...run, blocking: failureBlocks(of) }, of.seen);
  if (outcome.state !== 'Failed') return outcome;
  const { message } = outcome.progress;
  return {
    ...outcome,
    progress: {
      kind: 'failed',
      reason: failedReason,
      message: `the promotion has failed, the deployment itself has succeeded: ${message}`,
    },
  };
}

function failureBlocks({ spec, settings }: Promoting): boolean {
  const policy = spec.promotionFailurePolicy ?? settings.promotionFailurePolicy;
  return settings.blockDeployment && policy === 'Fail';
}

/** The Warnings before the promotion, if the application is not to be promoted after one. */
function warningsInTheWay({ spec, status }: Promoting): readonly string[] {
  return spec.promoteAfterWarning === false ? warningsBefore(status) : [];
}

/** What ended with a Warning before the promotion. No phase of the application shows that of a workload. */
function warningsBefore(status: KeptnAppVersionStatus): readonly string[] {
  const workloads = (status.workloadStatus ?? []).filter(
    ({ reason }) => reason === completedWithWarning,
  );
  return [
    ...phasesIn(status, 'Warning'),
    ...workloads.map(({ workload }) => `workload ${workload?.name ?? ''}`),
  ];
}

function skipped(
  { phase, subject }: Omit<CheckPhaseRun, 'blocking'>,
  warnings: readonly string[],
): PhaseOutcome {
  const message = `not promoted after a Warning (promoteAfterWarning: false): ${warnings.join(', ')}`;
  return {
    state: 'Deprecated',
    progress: { kind: 'waiting', reason: skippedReason, message },
    events: [phaseEvent(subject, phase, { suffix: 'Skipped', text: message, type: 'Warning' })],
    eventful: false,
  };
}

/**
 * The conditions of a version with `Deployed` stated and, if it has promotion tasks, `Promoted`. Being superseded takes
 * nothing back: what was deployed or promoted then, was.
 */
export function withMilestones(of: Promoting, at: Stating): Condition[] {
  const { spec, status } = of;
  const hasTasks = (spec.promotionTasks ?? []).length > 0;
  const isOver = (type: string): boolean =>
    status.status === 'Deprecated' &&
    status.conditions?.some((known) => known.type === type && known.status !== 'Unknown') === true;
  const changes = [deployed(status), ...(hasTasks ? [promoted(of)] : [])]
    .filter(({ type }) => !isOver(type))
    .map((change) => ({
      ...change,
      ...observed(at.of),
    }));
  return withConditions(status.conditions, changes, at.now);
}

const deployment = appPhases.filter((phase) => !isPromotion(phase));

/** The phases before the promotion that are in this state. */
function phasesIn(status: VersionStatus, state: KeptnState): readonly string[] {
  return deployment.filter((phase) => status[phase.state] === state).map(({ short }) => short);
}

/** The phases before the promotion that have not passed. */
function openPhases(status: VersionStatus): readonly string[] {
  return deployment.filter(({ state }) => !isPassed(status[state])).map(({ short }) => short);
}

function deployed(status: KeptnAppVersionStatus): ConditionChange {
  const say = stating(conditionTypes.deployed);
  const open = openPhases(status);
  if (open.length === 0) {
    const warnings = warningsBefore(status);
    return warnings.length > 0
      ? say(
          'True',
          'DeployedWithWarning',
          `every phase before the promotion is over; with a Warning: ${warnings.join(', ')}`,
        )
      : say('True', 'Deployed', 'every phase before the promotion has passed');
  }
  const [failed] = phasesIn(status, 'Failed');
  if (failed !== undefined) return say('False', 'DeploymentFailed', `${failed} has failed`);
  if (status.status === 'Deprecated') return say('False', 'Superseded', superseded);
  return say('Unknown', 'Deploying', `waiting for ${open.join(', ')}`);
}

function promoted({ spec, status, settings }: Promoting): ConditionChange {
  const say = stating(conditionTypes.promoted);
  const tasks = (spec.promotionTasks ?? []).join(', ');
  switch (status.promotionStatus) {
    case 'Succeeded':
      return say('True', 'PromotionSucceeded', `the promotion tasks have succeeded: ${tasks}`);
    case 'Failed':
    case 'Warning':
      return say('False', failedReason, `promotion tasks have failed: ${failures(status)}`);
    case 'Deprecated':
      return say('False', ...whyNotRun({ spec, status, settings }));
    default:
      break;
  }
  if (!settings.promotionTasksEnabled) {
    return say(
      'False',
      'PromotionDisabled',
      'promotion tasks are switched off (promotionTasksEnabled)',
    );
  }
  return status.currentPhase === 'PromotionTasks'
    ? say('Unknown', 'Promoting', `the promotion tasks run: ${tasks}`)
    : say(
        'Unknown',
        'WaitingForDeployment',
        'promotion tasks run once the application is deployed',
      );
}

/** Reason and message of a promotion that is passed over. */
function whyNotRun(of: Promoting): [reason: string, message: string] {
  const [failed] = phasesIn(of.status, 'Failed');
  if (failed !== undefined) return ['DeploymentFailed', `not promoted: ${failed} has failed`];
  if (of.status.status === 'Deprecated') return ['Superseded', `not promoted: ${superseded}`];
  return [skippedReason, `not promoted after a Warning: ${warningsInTheWay(of).join(', ')}`];
}

const superseded = 'another version has become current';

function failures({ promotionTaskStatus = [] }: KeptnAppVersionStatus): string {
  const isFailed = ({ status }: ItemStatus): boolean =>
    status === 'Failed' || status === 'Deprecated';
  return promotionTaskStatus.filter(isFailed).map(describeItem).join('; ');
}

function stating(type: string) {
  return (status: Condition['status'], reason: string, message: string): ConditionChange => ({
    type,
    status,
    reason,
    message,
  });
}

import type { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import type { KeptnState } from '../../api/keptn/states.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { completedWithWarning } from '../phase/advance.ts';
import { conditionOf, conditionTypes, isTrue } from '../conditions.ts';
import type { Phase } from '../phase/phases.ts';
import type { VersionStatus } from '../phase/version-status.ts';
import type { Facts } from './facts.ts';
import { defined } from '../../api/json.ts';

/** How something stands: through, at its bad end or in need of somebody, on its way, or through with a warning. */
export type Mark = 'done' | 'failed' | 'waiting' | 'warning';

/** One object on the way from "it waits" to "because of this". */
export interface Finding {
  readonly kind: string;
  readonly name: string;
  readonly namespace: string | undefined;
  readonly mark: Mark;
  /** One sentence without a full stop. */
  readonly says: string;
  /** What else is known: times, exit codes, last errors, what to do. */
  readonly facts: Facts;
  readonly because: readonly Finding[];
}

interface Conditioned extends KubernetesObject {
  readonly status?: {
    readonly conditions?:
      | readonly Readonly<{ type: string; status: string; message?: string | undefined }>[]
      | undefined;
  };
}

/** A finding about an object. */
export function findingAbout(
  object: Conditioned,
  found: { mark: Mark; says: string; facts?: Facts; because?: readonly Finding[] },
): Finding {
  const { name, namespace } = object.metadata;
  const { facts = {} } = found;
  const wait = waitOf(object);
  const notes = [...(wait === undefined ? [] : [wait]), ...(facts.notes ?? [])];
  return {
    kind: object.kind,
    name,
    namespace,
    because: [],
    ...found,
    facts: notes.length === 0 ? facts : { ...facts, notes },
  };
}

/** Since when an object waits for what may never come, and until when. */
function waitOf(object: Conditioned): string | undefined {
  const waiting = object.status?.conditions?.find(({ type }) => type === conditionTypes.waiting);
  return waiting?.status === 'True' ? `waits ${waiting.message ?? ''}` : undefined;
}

/** The mark of one of Keptn's states. */
export function markOf(state: KeptnState | undefined): Mark {
  switch (state) {
    case 'Succeeded':
      return 'done';
    case 'Failed':
      return 'failed';
    case 'Warning':
    case 'Deprecated':
      return 'warning';
    case 'Pending':
    case 'Progressing':
    case 'Unknown':
    case undefined:
      return 'waiting';
  }
}

/** The mark of a version; one that waits for somebody to change something counts as failed. */
export function versionMark(status: VersionStatus | undefined): Mark {
  const mark = markOf(status?.status);
  if (mark === 'done' && hasWarned(status)) return 'warning';
  const stalled =
    conditionOf({ ...(status && { status }) }, conditionTypes.stalled)?.status === 'True';
  return mark === 'waiting' && stalled ? 'failed' : mark;
}

/**
 * What a version says of itself: where it is, and its condition's words unless what follows says the same in more detail.
 * Keptn left versions without conditions.
 */
export function versionSentence(
  status: VersionStatus | undefined,
  causes: readonly Finding[] = [],
): string {
  const state = status?.status ?? 'Pending';
  const condition = conditionOf({ ...(status && { status }) }, conditionTypes.succeeded);
  const phase = status?.currentPhase;
  if (phase === 'Completed' && state === 'Succeeded') {
    return hasWarned(status) ? `Completed: ${condition?.message ?? ''}` : 'Completed';
  }
  const where = phase === undefined || phase === '' ? state : `${state} in ${phase}`;
  const isSaidBelow = causes.some(({ mark }) => mark === 'failed');
  return condition === undefined || condition.message === '' || isSaidBelow
    ? where
    : `${where}: ${condition.message}`;
}

/** How far a version has come: its state, the reason and words of its condition, and the phases that have begun. */
export function versionFacts(phases: readonly Phase[], status: VersionStatus | undefined): Facts {
  const condition = conditionOf({ ...(status && { status }) }, conditionTypes.succeeded);
  const begun = phases.flatMap(({ short, state }) => {
    const word = status?.[state];
    return word === undefined || notBegun.has(word) ? [] : [{ phase: short, state: word }];
  });
  return {
    ...defined({ state: status?.status }),
    ...(condition && { reason: condition.reason, message: condition.message }),
    ...defined({ startTime: status?.startTime, endTime: status?.endTime }),
    ...(begun.length > 0 && { phases: begun }),
  };
}

const notBegun: ReadonlySet<string> = new Set(['Pending', 'Deprecated', '']);

/** That an application runs in this version and was not promoted. Its tasks say the rest. */
export function promotionNotes(version: KeptnAppVersion): string[] {
  const promoted = conditionOf(version, conditionTypes.promoted);
  if (promoted?.status !== 'False' || !isTrue(version, conditionTypes.deployed)) return [];
  const hasFailed = promoted.reason === 'PromotionFailed';
  return [`deployed, but ${hasFailed ? 'its promotion has failed' : promoted.message}`];
}

function hasWarned(status: VersionStatus | undefined): boolean {
  const condition = conditionOf({ ...(status && { status }) }, conditionTypes.succeeded);
  return condition?.reason === completedWithWarning;
}

import {
  bool,
  int32,
  list,
  mapOf,
  object,
  optional,
  stringMap,
  text,
  time,
  type Static,
} from '../schema.ts';
import { followUpStatuses, itemFields } from './follow-up.ts';
import { state, stateWord } from './states.ts';
import { steeringStatus } from './steering.ts';

const itemStatus = object('One task or evaluation of a phase.', {
  ...itemFields,
  followUps: followUpStatuses,
});

/** The state of one task or evaluation, as KeptnAppVersion and KeptnWorkloadVersion record it. */
export type ItemStatus = Static<typeof itemStatus>;

/** A list of tasks or evaluations in the status of a version. */
export const itemStatuses = (description: string) => optional(list(description, itemStatus));

const phaseRecord = object('How one phase went.', {
  startTime: optional(time('When it started.')),
  endTime: optional(time('When it ended.')),
  status: optional(stateWord('How it ended.')),
  reason: optional(text('Why it did not pass, as one word.')),
});

/** When a phase of a version started and ended, and how; without an end while it runs. */
export type PhaseRecord = Static<typeof phaseRecord>;

/** What is kept of an attempt's course: the current one in the status itself, earlier ones in `attempts`. */
const course = {
  phaseRecords: optional(
    mapOf('The phases that the attempt went through, by their short names.', phaseRecord),
  ),
  phaseTraceIDs: optional(
    mapOf('W3C trace context of each phase, by its short name.', stringMap('')),
  ),
};

const versionAttempt = object('One attempt to bring the version through its phases.', {
  attempt: int32('Number of the attempt, from 1.'),
  phase: optional(text('The phase it ended in.')),
  status: optional(state('How it ended.')),
  reason: optional(text('Why it ended so, as one word.')),
  message: optional(text('Why it ended so, as a sentence.')),
  startTime: optional(time('When it started.')),
  endTime: optional(time('When it ended.')),
  ...course,
  exported: optional(
    bool('Whether its spans have reached the collector; absent if tracing was off at its end.'),
  ),
});

/** An attempt of a version that is over. */
export type VersionAttempt = Static<typeof versionAttempt>;

/** What the status of both kinds of versions has in common, beside the states of the phases. */
export const versionProgress = {
  currentPhase: optional(text('Short name of the phase the version is in, or Completed.')),
  ...course,
  startTime: optional(time('When the first phase started.')),
  endTime: optional(time('When the last phase ended.')),
  attempt: optional(int32('The current attempt, from 1.')),
  attempts: optional(list('The last 20 attempts that are over, oldest first.', versionAttempt)),
  followUps: followUpStatuses,
  ...steeringStatus,
};

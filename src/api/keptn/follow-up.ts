import {
  int32,
  list,
  object,
  oneOf,
  optional,
  shortText,
  text,
  time,
  typed,
  type Static,
} from '../schema.ts';
import { state } from './states.ts';

/** Which end of its parent starts a follow-up task (KEP 93). */
export const triggers = ['onSuccess', 'onFailure'] as const;

/** Which end of its parent starts a follow-up task. */
export type Trigger = (typeof triggers)[number];

const names = (end: string) =>
  optional(
    list(
      `Names of the KeptnTaskDefinitions that run once, after it has finally ${end}.`,
      shortText(''),
    ),
  );

/** The follow-ups of a definition, an application or a workload. They never hold up or change what they follow. */
export const followUpLists = {
  onSuccess: names('succeeded'),
  onFailure: names('failed'),
};

/**
 * The KEP's own spelling: one name, or a list of names. A CRD cannot type that, so the API server takes anything; `src/lint`
 * and the controllers judge what is there, and it is left as written, so that GitOps tools see no drift.
 */
const asInTheProposal = (name: string) =>
  optional(
    typed<unknown>({
      description: `${name} as KEP 93 spells it: one name of a KeptnTaskDefinition, or a list of them. Not both spellings at once.`,
      'x-kubernetes-preserve-unknown-fields': true,
    }),
  );

/** The follow-ups of a definition in the spelling of KEP 93. */
export const followUpAliases = {
  'on-success': asInTheProposal('onSuccess'),
  'on-failure': asInTheProposal('onFailure'),
};

/** How one task, evaluation or follow-up stands in the status of what it belongs to. */
export const itemFields = {
  definitionName: optional(text('Name of its definition.')),
  status: optional(state('State of the task or evaluation.')),
  name: optional(text('Name of the KeptnTask or KeptnEvaluation that was made for it.')),
  definitionVersion: optional(
    text('uid and generation of the definition it was made of, with a slash between them.'),
  ),
  uid: optional(text('Its uid: another object under the same name is not the one that was made.')),
  startTime: optional(time('When it started.')),
  endTime: optional(time('When it ended.')),
  attempt: optional(int32('Which attempt of the version it belongs to, from 1.')),
  collisionCount: optional(
    int32('How many names were taken by other objects before this one was free.'),
  ),
  reason: optional(text('Why it is in this state, as one word.')),
  message: optional(text('Why it is in this state, as a sentence.')),
};

const followUpStatus = object('A task that follows the end of this one.', {
  trigger: optional(oneOf('The end that started it.', triggers)),
  ...itemFields,
});

/** The state of one follow-up task, as its parent records it. */
export type FollowUpStatus = Static<typeof followUpStatus>;

/**
 * The follow-ups in the status of their parent. The list is written together with the parent's end and is the only thing that
 * follow-ups are started from: what ended before follow-ups were known to its definition never starts any.
 */
export const followUpStatuses = optional(
  list(
    'The tasks that its end started, with their state. Recorded at the end, once.',
    followUpStatus,
  ),
);

const parent = object('What this task follows.', {
  kind: text('KeptnTask, KeptnEvaluation, KeptnAppVersion or KeptnWorkloadVersion.'),
  name: text('Its name, in the same namespace.'),
  uid: optional(text('Its uid.')),
  trigger: oneOf('The end that started this task.', triggers),
  root: optional(
    text('Uid of the check or version that the line of follow-ups began with; its uid if not set.'),
  ),
  depth: int32('How many ends led here: 1 for the follow-up of a check or a version.'),
});

/** What a follow-up task follows. */
export type TaskParent = Static<typeof parent>;

export const parentField = optional(parent);

/** Any JSON value, of which the API server keeps everything. */
export const anyJson = (description: string) =>
  typed<unknown>({ description, 'x-kubernetes-preserve-unknown-fields': true });

const trigger = object('How the parent of a follow-up ended.', {
  kind: text('Kind of the parent.'),
  name: text('Name of the parent.'),
  definition: optional(text('Name of its definition; none for a version.')),
  status: text('Succeeded or Failed.'),
  reason: optional(text('Why, as one word.')),
  message: optional(text('Why, as a sentence.')),
  attempts: optional(int32('How often it was tried.')),
  result: optional(anyJson('The JSON result of the parent, if it returned one.')),
});

/** How the parent of a follow-up ended: `KEPTN_CONTEXT.trigger`. */
export type TaskTrigger = Static<typeof trigger>;

export const triggerField = optional(trigger);

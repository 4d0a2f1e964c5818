import fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { keptnStates } from '../../../src/api/keptn/states.ts';
import type { KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import {
  endFor,
  type FollowedEnd,
  followUpsAtEnd,
  triggerOf,
  withFollowUps,
} from '../../../src/domain/follow-up/follow-ups-at-end.ts';
import { taskSubject } from '../../../src/domain/task/task-events.ts';
import { conditionIn } from '../../support/observed/lifecycle-seen.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const now = Date.UTC(2026, 0, 1, 12);
const end: FollowedEnd = {
  trigger: 'onFailure',
  attempt: 1,
  depth: 0,
  chain: ['check'],
  total: 32,
  limit: 3,
};
const failed: KeptnTaskStatus = { status: 'Failed' };
const subject = taskSubject(aTask());
const at = { end, subject, now };

test('a success starts onSuccess, a failure onFailure, and no other state starts anything', () => {
  const started = keptnStates.map((state) => [state, triggerOf(state)]);
  expect(started.filter(([, trigger]) => trigger !== undefined)).toEqual([
    ['Succeeded', 'onSuccess'],
    ['Failed', 'onFailure'],
  ]);
});

describe('what an end records', () => {
  const definition = aTaskDefinition('check').with({
    'on-failure': ['undo', 'notify'],
    onSuccess: ['celebrate'],
  });

  test('is an entry for each definition that its trigger names', () => {
    expect(withFollowUps(failed, definition, at).status).toEqual({
      status: 'Failed',
      followUps: [
        { trigger: 'onFailure', definitionName: 'undo', status: 'Pending' },
        { trigger: 'onFailure', definitionName: 'notify', status: 'Pending' },
      ],
    });
  });

  test('is added to what an earlier attempt has recorded', () => {
    const first = withFollowUps(failed, definition, at);
    const second = withFollowUps(first.status, definition, { ...at, end: { ...end, attempt: 2 } });
    expect(second.status.followUps).toHaveLength(4);
    expect(second.status.followUps?.[2]).toMatchObject({ definitionName: 'undo', attempt: 2 });
  });

  test('is nothing at all without follow-ups, or without a definition', () => {
    const plain = aTaskDefinition('check').with({ onSuccess: ['celebrate'], onFailure: [] });
    expect(withFollowUps(failed, plain, at)).toEqual({ status: failed, events: [] });
    expect(withFollowUps(failed, undefined, at)).toEqual({ status: failed, events: [] });
  });

  test('is a condition with an Event, and nothing to start, where the list cannot be read', () => {
    const odd = aTaskDefinition('check').with({ 'on-failure': 7, onSuccess: ['celebrate'] });
    const { status, events } = withFollowUps(failed, odd, at);
    const message =
      'none was started: KeptnTaskDefinition check: spec.on-failure: is a number; write the name of a KeptnTaskDefinition, or a list of such names';
    expect(status.followUps).toBeUndefined();
    expect(conditionIn(status, 'FollowUps')).toMatchObject({
      status: 'False',
      reason: 'FollowUpsInvalid',
      message,
    });
    expect(events).toMatchObject([{ type: 'Warning', reason: 'FollowUpNotStarted' }]);
    expect(events[0]?.message).toContain(message);
    // The other end is none of its business.
    const success = withFollowUps<KeptnTaskStatus>({}, odd, {
      ...at,
      end: { ...end, trigger: 'onSuccess' },
    });
    expect(success.status.followUps).toHaveLength(1);
    expect(success.status.conditions).toBeUndefined();
  });

  test('beyond the limit is a failure with the chain, the limit and the fix', () => {
    const deep = { ...end, depth: 3, chain: ['check', 'a', 'b', 'c'] };
    expect(followUpsAtEnd(['undo'], deep)).toEqual([
      {
        trigger: 'onFailure',
        definitionName: 'undo',
        status: 'Failed',
        reason: 'FollowUpTooDeep',
        message:
          'follow-ups run at most 3 deep: check → a → b → c → undo; shorten the chain, or raise maxFollowUpDepth in KeptnConfig',
      },
    ]);
    expect(followUpsAtEnd(['undo'], { ...end, depth: 2 })).toMatchObject([{ status: 'Pending' }]);
  });

  test('is switched off by a limit of 0, which is said', () => {
    expect(followUpsAtEnd(['undo'], { ...end, limit: 0 })).toMatchObject([
      {
        status: 'Failed',
        reason: 'FollowUpTooDeep',
        message:
          'follow-ups are switched off and will not run: check → undo; raise maxFollowUpDepth in KeptnConfig, or remove them',
      },
    ]);
  });
});

describe('what follow-ups are told of an end', () => {
  const known = { kind: 'KeptnTask', name: 'pre-check', status: 'Failed' };
  const unknown = {
    definition: undefined,
    reason: undefined,
    message: undefined,
    attempts: undefined,
    result: undefined,
  };

  test('leaves out what is not known', () => {
    expect(endFor({ ...unknown, ...known, message: '' })).toEqual(known);
  });

  test('keeps a result that fits, and leaves out one that would not fit into an environment', () => {
    const result = { version: '1.2', ok: true };
    expect(endFor({ ...unknown, ...known, result }).result).toEqual(result);
    expect(endFor({ ...unknown, ...known, result: 'x'.repeat(9000) })).not.toHaveProperty('result');
  });

  test('has a message of at most 1024 characters that is cut between characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 2000 }), (message) => {
        const { message: told = '' } = endFor({ ...unknown, ...known, message });
        expect(told.length).toBeLessThanOrEqual(1024);
        expect(message.startsWith(told.replace(/…$/, ''))).toBe(true);
        expect(told.isWellFormed()).toBe(message.isWellFormed());
      }),
    );
    const { message = '' } = endFor({ ...unknown, ...known, message: `${'x'.repeat(1022)}😀😀` });
    expect(message).toBe(`${'x'.repeat(1022)}…`);
  });
});

import { describe, expect, test } from 'vitest';
import { running, setBack, stopped } from '../../../src/domain/deployment/deployment-clock.ts';
import { conditionIn, now, nowText } from '../../support/observed/lifecycle-seen.ts';

const rollout = { state: 'paused', reason: 'Paused', message: 'the Deployment is paused' } as const;
const started = { deploymentStartTime: '2026-01-01T00:00:10Z' };

describe('the clock of a deployment', () => {
  test('runs from its start, without a write', () => {
    expect(running(started, now)).toEqual({
      changes: {},
      startedAtMs: Date.parse('2026-01-01T00:00:10Z'),
    });
  });

  test('starts when it is first looked at, if nobody has started it', () => {
    expect(running({}, now)).toEqual({
      changes: { deploymentStartTime: nowText },
      startedAtMs: now,
    });
  });

  test('B10: stands still while the roll-out is paused, and remembers since when', () => {
    const changes = stopped(started, rollout, now);
    expect(changes.deploymentStartTime).toBe(started.deploymentStartTime);
    expect(conditionIn(changes, 'Paused')).toMatchObject({
      status: 'True',
      lastTransitionTime: nowText,
    });
    const later = stopped({ ...started, ...changes }, rollout, now + 60_000);
    expect(later).toEqual(changes);
  });

  test('B10: goes on where it stood, by the time that was paused', () => {
    const paused = { ...started, ...stopped(started, rollout, now) };
    const { changes, startedAtMs } = running(paused, now + 3_600_000);
    expect(startedAtMs).toBe(Date.parse('2026-01-01T01:00:10Z'));
    expect(changes.deploymentStartTime).toBe('2026-01-01T01:00:10Z');
    expect(conditionIn(changes, 'Paused')).toMatchObject({ status: 'False', reason: 'Resumed' });
    expect(running({ ...paused, ...changes }, now + 3_600_000).changes).toEqual({});
  });

  test('set back, has no start and no pause', () => {
    const paused = {
      ...started,
      ...stopped(started, rollout, now),
      status: 'Progressing' as const,
    };
    expect(setBack(paused)).toEqual({ status: 'Progressing', conditions: [] });
    expect(setBack({})).toEqual({});
  });

  test('set back, forgets what an earlier roll-out had reached: the next one begins with no Pod updated', () => {
    const deploymentProgress = { time: nowText, updated: 3, available: 3, old: 0 };
    expect(setBack({ ...started, deploymentProgress })).toEqual({});
  });
});

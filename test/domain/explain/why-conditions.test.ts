import { describe, expect, test } from 'vitest';

import type { Condition } from '../../../src/api/object.ts';
import { whyTask } from '../../../src/domain/explain/why-check.ts';
import {
  whyConfig,
  whyDefinition,
  whyWorkload,
} from '../../../src/domain/explain/why-conditions.ts';
import {
  aConfig,
  anAppContext,
  aTask,
  aTaskDefinition,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';

const condition = (type: string, status: Condition['status'], message: string): Condition => ({
  type,
  status,
  reason: 'Because',
  message,
  lastTransitionTime: '2026-01-01T00:00:00Z',
});

describe('a definition or context', () => {
  test('says that nothing is wrong with it, what is, or what it waits for', () => {
    expect(whyDefinition(aTaskDefinition())).toMatchObject({
      mark: 'done',
      says: 'nothing is wrong with it',
    });
    const broken = { conditions: [condition('Ready', 'False', 'there is no code to run')] };
    expect(whyDefinition(aTaskDefinition({ status: broken }))).toMatchObject({
      mark: 'failed',
      says: 'there is no code to run',
    });
    const waiting = { conditions: [condition('ResolvedRefs', 'False', 'gone does not exist')] };
    expect(whyDefinition(anAppContext({ status: waiting }))).toMatchObject({
      mark: 'waiting',
      says: 'gone does not exist',
      facts: { reason: 'Because' },
    });
  });
});

describe('a KeptnConfig', () => {
  test('that does not rule says which one does', () => {
    const status = { conditions: [condition('Ignored', 'True', 'another one rules')] };
    expect(whyConfig(aConfig({ status }))).toMatchObject({
      mark: 'warning',
      says: 'has no effect: another one rules',
    });
  });
});

describe('a KeptnWorkload', () => {
  const lookup = (failed: boolean) => {
    const { apiVersion, kind, metadata } = aWorkload();
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid ?? '' };
    const status = { status: failed ? ('Failed' as const) : ('Succeeded' as const) };
    return fixedLookup([aWorkloadVersion({ metadata: { ownerReferences: [owner] }, status })]);
  };

  test('leads to the version that is current', () => {
    const found = whyWorkload(aWorkload(), lookup(true));
    expect(found).toMatchObject({ mark: 'failed', because: [{ kind: 'KeptnWorkloadVersion' }] });
    expect(whyWorkload(aWorkload(), lookup(false)).says).toBe('version 1.0.0 is current');
  });

  test('that was retired says what its owner carries now', () => {
    const conditions = [condition('Retired', 'True', 'Deployment cart carries workload basket')];
    expect(whyWorkload(aWorkload({ status: { conditions } }), fixedLookup([]))).toMatchObject({
      mark: 'warning',
      says: expect.stringContaining('carries workload basket'),
    });
  });
});

describe('the deadline of a task', () => {
  test('is that of its Job, and there is none while somebody has to help', () => {
    const status = { status: 'Progressing' as const, startTime: '2026-01-01T00:00:00Z' };
    const running = aTask({ spec: { timeout: '1m' }, status: { ...status, jobName: 'job' } });
    expect(whyTask(running, fixedLookup([])).facts.deadline).toBe('2026-01-01T00:01:00Z');
    const job = {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'job', namespace: running.metadata.namespace ?? '' },
      spec: { activeDeadlineSeconds: 600 },
      status: { startTime: '2026-01-01T00:00:00Z' },
    };
    expect(whyTask(running, fixedLookup([job])).facts.deadline).toBe('2026-01-01T00:10:00Z');
    const conditions = [condition('Stalled', 'True', 'a quota refuses it')];
    const refused = aTask({ spec: { timeout: '1m' }, status: { ...status, conditions } });
    expect(whyTask(refused, fixedLookup([])).facts.deadline).toBeUndefined();
  });
});

test('what waits for what may never come says since when, and until when', () => {
  const message = 'since 2026-01-01T00:00:00Z, no deadline';
  const task = aTask({ status: { conditions: [condition('Waiting', 'True', message)] } });
  expect(whyTask(task, fixedLookup([])).facts.notes).toEqual([`waits ${message}`]);
});

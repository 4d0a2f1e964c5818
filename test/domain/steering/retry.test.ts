import { describe, expect, test } from 'vitest';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { workloadPhases } from '../../../src/domain/phase/phases.ts';
import { retried } from '../../../src/domain/steering/retry.ts';
import { now } from '../../support/observed/lifecycle-seen.ts';

const failed: KeptnWorkloadVersionStatus = {
  currentPhase: 'WorkloadPreDeployTasks',
  status: 'Failed',
  preDeploymentStatus: 'Failed',
  preDeploymentTaskStatus: [
    { definitionName: 'migrate', name: 'pre-migrate-1', status: 'Succeeded' },
    { definitionName: 'smoke', name: 'pre-smoke-1', status: 'Failed' },
    { definitionName: 'load', name: 'pre-load-1', status: 'Failed' },
  ],
  preDeploymentEvaluationStatus: 'Deprecated',
  deploymentStatus: 'Deprecated',
  postDeploymentStatus: 'Deprecated',
  postDeploymentEvaluationStatus: 'Deprecated',
};

/** A version whose Pods run, of which a check after the deployment has failed. */
const failedAfterwards: KeptnWorkloadVersionStatus = {
  ...failed,
  currentPhase: 'WorkloadPostDeployTasks',
  preDeploymentStatus: 'Succeeded',
  preDeploymentTaskStatus: [{ definitionName: 'migrate', status: 'Succeeded' }],
  preDeploymentEvaluationStatus: 'Succeeded',
  deploymentStatus: 'Succeeded',
  postDeploymentStatus: 'Failed',
  postDeploymentTaskStatus: [{ definitionName: 'smoke', status: 'Failed' }],
};

function statusAfter(target: string, status = failed) {
  const result = retried(status, target, { phases: workloadPhases, now });
  if (result.type === 'nothing') throw new Error(result.message);
  return result.status;
}

const tasksAfter = (target: string) =>
  statusAfter(target).preDeploymentTaskStatus?.map(({ name }) => name);

describe('a retry', () => {
  test('of what has failed leaves what has passed with its task, and what follows runs anew', () => {
    expect(tasksAfter('failed')).toEqual(['pre-migrate-1']);
    expect(statusAfter('failed')).toMatchObject({
      attempt: 2,
      status: 'Progressing',
      preDeploymentStatus: 'Pending',
      preDeploymentEvaluationStatus: 'Pending',
      deploymentStatus: 'Pending',
      postDeploymentEvaluationStatus: 'Pending',
      attempts: [{ attempt: 1, status: 'Failed' }],
    });
  });

  test.each(['smoke', 'pre-smoke-1'])('of %s alone leaves the others failed', (target) => {
    expect(tasksAfter(target)).toEqual(['pre-migrate-1', 'pre-load-1']);
  });

  test('of a phase, in any case, is of all that failed in it', () => {
    expect(tasksAfter('workloadpredeploytasks')).toEqual(['pre-migrate-1']);
  });

  test('of everything keeps nothing', () => {
    expect(tasksAfter('everything')).toEqual([]);
    expect(statusAfter('everything', failedAfterwards)).toMatchObject({
      preDeploymentStatus: 'Pending',
      deploymentStatus: 'Pending',
    });
  });

  test('of a check after the deployment leaves the deployment as it is', () => {
    expect(statusAfter('smoke', failedAfterwards)).toMatchObject({
      preDeploymentStatus: 'Succeeded',
      deploymentStatus: 'Succeeded',
      postDeploymentStatus: 'Pending',
      postDeploymentTaskStatus: [],
    });
  });

  test('of a deployment that made no progress judges it again', () => {
    const timedOut: KeptnWorkloadVersionStatus = {
      ...failedAfterwards,
      currentPhase: 'WorkloadDeploy',
      deploymentStatus: 'Failed',
      postDeploymentStatus: 'Deprecated',
      postDeploymentTaskStatus: [],
    };
    expect(statusAfter('failed', timedOut).deploymentStatus).toBe('Pending');
    expect(statusAfter('WorkloadDeploy', timedOut).deploymentStatus).toBe('Pending');
  });

  test('of what did not fail, or is not there, says what failed', () => {
    const say = (target: string, status = failed) =>
      retried(status, target, { phases: workloadPhases, now });
    expect(say('migrate')).toEqual({
      type: 'nothing',
      message: 'it has no failed check migrate; what has failed: smoke, load',
    });
    expect(say('WorkloadDeploy')).toMatchObject({
      message: expect.stringContaining('nothing failed in'),
    });
    const passed = { ...failedAfterwards, postDeploymentStatus: 'Succeeded' } as const;
    expect(say('failed', { ...passed, postDeploymentTaskStatus: [] })).toEqual({
      type: 'nothing',
      message: 'no check of it has failed',
    });
  });
});

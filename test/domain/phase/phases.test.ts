import { describe, expect, test } from 'vitest';
import { appPhases, isPassed, workloadPhases } from '../../../src/domain/phase/phases.ts';

describe('the phases', () => {
  test('of an app version have the order, names and status fields that Keptn gives them', () => {
    expect(appPhases.map(({ short, long, state }) => [short, long, state])).toEqual([
      ['AppPreDeployTasks', 'App Pre-Deployment Tasks', 'preDeploymentStatus'],
      [
        'AppPreDeployEvaluations',
        'App Pre-Deployment Evaluations',
        'preDeploymentEvaluationStatus',
      ],
      ['AppDeploy', 'App Deployment', 'workloadOverallStatus'],
      ['AppPostDeployTasks', 'App Post-Deployment Tasks', 'postDeploymentStatus'],
      [
        'AppPostDeployEvaluations',
        'App Post-Deployment Evaluations',
        'postDeploymentEvaluationStatus',
      ],
      ['PromotionTasks', 'Promotion Tasks', 'promotionStatus'],
    ]);
  });

  test('of a workload version are the same, its own deployment in the middle and no promotion', () => {
    expect(workloadPhases.map(({ short, state }) => [short, state])).toEqual([
      ['WorkloadPreDeployTasks', 'preDeploymentStatus'],
      ['WorkloadPreDeployEvaluations', 'preDeploymentEvaluationStatus'],
      ['WorkloadDeploy', 'deploymentStatus'],
      ['WorkloadPostDeployTasks', 'postDeploymentStatus'],
      ['WorkloadPostDeployEvaluations', 'postDeploymentEvaluationStatus'],
    ]);
  });

  test('name their checks with the check types that are part of task names', () => {
    const types = appPhases.map((phase) => (phase.type === 'deploy' ? '' : phase.checkType));
    expect(types).toEqual(['pre', 'pre-eval', '', 'post', 'post-eval', 'promotion']);
  });

  test('are passed when they succeeded or only warn', () => {
    expect(isPassed('Succeeded')).toBe(true);
    expect(isPassed('Warning')).toBe(true);
    for (const state of ['', undefined, 'Pending', 'Progressing', 'Failed', 'Deprecated'] as const)
      expect(isPassed(state)).toBe(false);
  });
});

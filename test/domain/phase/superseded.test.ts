import { describe, expect, test } from 'vitest';
import { appPhases } from '../../../src/domain/phase/phases.ts';
import { isSuperseded, superseded } from '../../../src/domain/phase/superseded.ts';
import type { VersionStatus } from '../../../src/domain/phase/version-status.ts';
import {
  aSubject,
  conditionIn,
  now,
  nowText,
  reasons,
} from '../../support/observed/lifecycle-seen.ts';

const running: VersionStatus = {
  preDeploymentStatus: 'Succeeded',
  preDeploymentEvaluationStatus: 'Warning',
  workloadOverallStatus: 'Progressing',
  currentPhase: 'AppDeploy',
  status: 'Progressing',
};
const over = { phases: appPhases, subject: aSubject, now, by: '2.0.0' };

describe('B11: a version in whose place another one is current', () => {
  test('is Deprecated with the reason Superseded, and says by which one', () => {
    const { status, events } = superseded(running, over);
    expect(status).toMatchObject({ status: 'Deprecated', endTime: nowText });
    expect(conditionIn(status, 'Succeeded')).toMatchObject({ reason: 'Superseded' });
    expect(conditionIn(status, 'Succeeded')?.message).toContain('2.0.0');
    expect(reasons({ events })).toEqual(['DeprecatedFinished']);
    expect(isSuperseded(status)).toBe(true);
  });

  test('keeps the phases it has passed and the phase it was in', () => {
    expect(superseded(running, over).status).toMatchObject({
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Warning',
      workloadOverallStatus: 'Deprecated',
      promotionStatus: 'Deprecated',
      currentPhase: 'AppDeploy',
    });
  });

  test('after a raised revision loses the phases it has passed as well, as in Keptn', () => {
    expect(superseded(running, { ...over, whole: true }).status).toMatchObject({
      preDeploymentStatus: 'Deprecated',
      workloadOverallStatus: 'Deprecated',
    });
  });

  test('is told from one that Keptn deprecated after a failure', () => {
    expect(isSuperseded({ status: 'Deprecated' })).toBe(false);
    expect(isSuperseded({ ...superseded(running, over).status, status: 'Progressing' })).toBe(
      false,
    );
    expect(isSuperseded(undefined)).toBe(false);
  });
});

import { describe, expect, test } from 'vitest';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { withRequests } from '../../../src/domain/workload/shared-version.ts';
import { claimsOn, specOf } from '../../../src/domain/workload/workload-claim.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';
import { after, aReleasedStatus, preCheck } from '../../support/builders/cart-version.ts';
import { conditionIn, now, workloadVersionSeen } from '../../support/observed/lifecycle-seen.ts';
import { aDeploymentSeen } from '../../support/builders/owner-builders.ts';

const blue = {
  kind: 'Deployment',
  name: 'blue',
  uid: 'uid-of-blue',
  preDeploymentTasks: ['smoke'],
};
const green = (lists: object) => ({
  kind: 'Deployment',
  name: 'green',
  uid: 'uid-of-green',
  ...lists,
});
const owners = [aDeploymentSeen({ name: 'blue' }), aDeploymentSeen({ name: 'green' })];

const asked = (status: KeptnWorkloadVersionStatus, lists: object) => {
  const version = aWorkloadVersion({ spec: preCheck, status });
  return withRequests(status, { version, requests: [blue, green(lists)], owners, now });
};

const evaluating: KeptnWorkloadVersionStatus = {
  status: 'Progressing',
  currentPhase: 'WorkloadPreDeployEvaluations',
  preDeploymentStatus: 'Succeeded',
  preDeploymentTaskStatus: [{ definitionName: 'smoke', name: 'pre-smoke-1', status: 'Succeeded' }],
  preDeploymentEvaluationStatus: 'Progressing',
  phaseRecords: {
    WorkloadPreDeployTasks: {
      startTime: '2026-01-01T00:00:10Z',
      endTime: '2026-01-01T00:00:20Z',
      status: 'Succeeded',
    },
  },
};

describe('what a second owner of a version asks for', () => {
  test('is in the spec of a version that is made when both are known, each name once', () => {
    const seen = [
      aDeploymentSeen({ name: 'blue', madeAt: 2, identity: { preTasks: ['smoke', 'lint'] } }),
      aDeploymentSeen({
        name: 'green',
        identity: { preTasks: ['lint', 'scan'], onFailure: ['undo'] },
      }),
      aDeploymentSeen({ name: 'grey', identity: { version: '2', preTasks: ['other'] } }),
    ];
    const claims = claimsOn({ name: 'shop-cart', workload: undefined }, seen);
    const [first] = claims;
    expect(first && specOf(first, claims)).toMatchObject({
      preDeploymentTasks: ['smoke', 'lint', 'scan'],
      onFailure: ['undo'],
    });
  });

  test('is recorded in its name, once, and nothing of it that the version has already', () => {
    const { status } = asked({}, { preDeploymentTasks: ['smoke', 'scan'] });
    expect(status.requestedChecks).toEqual([green({ preDeploymentTasks: ['scan'] })]);
    expect(conditionIn(status, 'SeveralOwners')?.message).toContain(
      'Deployment blue asks for task smoke; Deployment green asks for task smoke, task scan',
    );
    expect(asked(status, { preDeploymentTasks: ['smoke', 'scan'] }).status).toEqual(status);
  });

  test('opens a phase again that was over, as long as the version is not Released', () => {
    const { status } = asked(evaluating, { preDeploymentTasks: ['scan'] });
    expect(status).toMatchObject({
      preDeploymentStatus: 'Pending',
      preDeploymentEvaluationStatus: 'Progressing',
      phaseRecords: { WorkloadPreDeployTasks: { startTime: '2026-01-01T00:00:10Z' } },
    });
    expect(status.phaseRecords?.['WorkloadPreDeployTasks']).not.toHaveProperty('endTime');
    expect(status.preDeploymentTaskStatus).toEqual(evaluating.preDeploymentTaskStatus);
  });

  test('keeps a version from being Released whose own checks have all passed', () => {
    const version = aWorkloadVersion({
      spec: preCheck,
      status: { ...evaluating, preDeploymentEvaluationStatus: 'Succeeded' },
    });
    const alone = workloadVersionSeen({ version, requests: [blue], owners });
    expect(isReleased(after(alone))).toBe(true);
    const both = { ...alone, requests: [blue, green({ preDeploymentTasks: ['scan'] })] };
    expect(after(both)).toMatchObject({
      currentPhase: 'WorkloadPreDeployTasks',
      preDeploymentTaskStatus: [{ status: 'Succeeded' }, { reason: 'DefinitionNotFound' }],
    });
    expect(isReleased(after(both))).toBe(false);
  });

  test('is not run when the version is Released or over; that is recorded, and its owner gets one Event', () => {
    for (const end of ['Progressing', 'Succeeded', 'Failed'] as const) {
      const { status, events } = asked(
        { ...aReleasedStatus, status: end },
        { preDeploymentTasks: ['scan'] },
      );
      expect(status.requestedChecks).toBeUndefined();
      expect(status.checksNotRun).toEqual([green({ preDeploymentTasks: ['scan'] })]);
      expect(conditionIn(status, 'SeveralOwners')?.message).toContain(
        'not run: task scan (Deployment green)',
      );
      expect(events).toMatchObject([
        { about: { metadata: { name: 'green' } }, type: 'Warning', reason: 'ChecksNotRun' },
      ]);
      const again = asked(status, { preDeploymentTasks: ['scan'] });
      expect(again.events).toEqual([]);
      expect(again.status).toEqual(status);
    }
  });

  test('for the time after the deployment is run as long as that phase is not over', () => {
    const lists = { postDeploymentTasks: ['ping'] };
    expect(asked(aReleasedStatus, lists).status.requestedChecks).toEqual([green(lists)]);
    const over = { ...aReleasedStatus, postDeploymentStatus: 'Succeeded' } as const;
    expect(asked(over, lists).status).toMatchObject({ checksNotRun: [green(lists)] });
  });

  test('tells Pods without an owner from owners', () => {
    const of = (...kinds: string[]) => {
      const requests = kinds.map((kind, index) => ({ kind, name: `n-${index}`, uid: `${index}` }));
      const { status } = withRequests({}, { version: aWorkloadVersion(), requests, owners, now });
      return conditionIn(status, 'SeveralOwners')?.message;
    };
    expect(of('Pod', 'Pod')).toMatch(/^2 Pods without an owner carry this version, .*: Pod n-0/u);
    expect(of('Pod', 'Deployment', 'Deployment')).toMatch(
      /^several owners carry this version, and 1 Pods? without one, .*: Deployment n-1/u,
    );
  });

  test('is said of ten owners by name, and of the others by number', () => {
    const requests = Array.from({ length: 13 }, (_, index) => ({
      kind: 'Deployment',
      name: `copy-${index}`,
      uid: `uid-${index}`,
    }));
    const version = aWorkloadVersion();
    const { status } = withRequests({}, { version, requests, owners, now });
    expect(conditionIn(status, 'SeveralOwners')?.message).toMatch(/copy-9 .*; and 3 more$/u);
    expect(status.requestedChecks).toBeUndefined();
  });
});

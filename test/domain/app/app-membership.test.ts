import { describe, expect, test } from 'vitest';

import {
  type AppMembershipSeen,
  decideAppMembership,
} from '../../../src/domain/app/app-membership.ts';
import { anApp, anAppVersion, aWorkload } from '../../support/builders/builders.ts';
import { created } from '../../support/observed/lifecycle-seen.ts';

const managed = { labels: { 'app.kubernetes.io/managed-by': 'keptn' } };
const workloads = [
  { name: 'cart', version: '1' },
  { name: 'pay', version: '1' },
];
const generated = anApp({ metadata: managed, spec: { workloads } });
const pay = aWorkload({ metadata: { name: 'shop-pay' } });
const gone = { status: 'True', type: 'Retired', reason: 'NotCarried', message: '' } as const;
const retired = aWorkload({
  status: { conditions: [{ ...gone, lastTransitionTime: '2026-01-01T00:00:00Z' }] },
});

const decide = (more: Partial<AppMembershipSeen> = {}) =>
  decideAppMembership({
    optIn: 'yes',
    app: generated,
    versions: [],
    workloads: [pay],
    listed: true,
    isAsked: false,
    ...more,
  });

describe('a generated application that waits for a workload', () => {
  test('that is gone, or retired, has its workloads gathered again', () => {
    expect(created(decide())).toEqual(['KeptnAppCreationRequest shop']);
    expect(created(decide({ workloads: [pay, retired] }))).toHaveLength(1);
  });

  test('is judged by what there is according to the API server', () => {
    expect(decide({ listed: false }).look).toMatchObject([{ namespace: 'shop' }]);
  });

  test('that is there, waits on', () => {
    expect(decide({ workloads: [pay, aWorkload()] })).toEqual({});
  });

  test('asks once, and not when none is left or its users keep it', () => {
    expect(decide({ isAsked: true })).toEqual({});
    expect(decide({ workloads: [retired] })).toEqual({});
    expect(decide({ app: anApp({ spec: { workloads } }) })).toEqual({});
  });

  test('asks also after it has failed in its workloads, and not when it is deployed', () => {
    const version = (status: NonNullable<ReturnType<typeof anAppVersion>['status']>) => {
      const made = anAppVersion({ status });
      const { uid = '' } = made.metadata;
      const observedGeneration = generated.metadata.generation ?? 1;
      const app = { ...generated, status: { appVersionUID: uid, observedGeneration } };
      return { versions: [made], app };
    };
    expect(
      created(decide(version({ status: 'Failed', workloadOverallStatus: 'Failed' }))),
    ).toHaveLength(1);
    expect(decide(version({ status: 'Succeeded' }))).toEqual({});
    expect(decide(version({ status: 'Failed', preDeploymentStatus: 'Failed' }))).toEqual({});
  });
});

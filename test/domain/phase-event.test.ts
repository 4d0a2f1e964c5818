import { expect, test } from 'vitest';
import { phaseEvent } from '../../src/domain/phase-event.ts';
import { aWorkloadVersion } from '../support/builders/builders.ts';

const subject = {
  object: aWorkloadVersion(),
  version: '1.0.0',
  annotations: { appName: 'shop' },
  reportedBy: 'keptnworkloadversion-controller',
};
const phase = { short: 'WorkloadDeploy', long: 'Workload Deployment' };

test("an Event of a phase has Keptn's reason, message and annotations", () => {
  expect(phaseEvent(subject, phase, { suffix: 'Started', text: 'has started' })).toEqual({
    about: subject.object,
    type: 'Normal',
    reason: 'WorkloadDeployStarted',
    message:
      'Workload Deployment: has started / Namespace: shop, Name: shop-cart-1.0.0, Version: 1.0.0',
    annotations: {
      namespace: 'shop',
      name: 'shop-cart-1.0.0',
      phase: 'WorkloadDeploy',
      appName: 'shop',
    },
    reportedBy: 'keptnworkloadversion-controller',
  });
});

test('the message of an Event keeps a percent sign in a name as it is', () => {
  const { version: _, ...withoutVersion } = subject;
  const note = phaseEvent(withoutVersion, phase, { suffix: 'Failed', text: '100 % wrong' });
  expect(note.message).toBe(
    'Workload Deployment: 100 % wrong / Namespace: shop, Name: shop-cart-1.0.0',
  );
});

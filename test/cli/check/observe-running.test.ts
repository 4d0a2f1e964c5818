import { expect, test } from 'vitest';
import type { Asking } from '../../../src/cli/check/asking.ts';
import { observeReplicas } from '../../../src/cli/check/observe-running.ts';

const place = {
  namespace: 'keptn-system',
  leaseNamespace: 'keptn-system',
  leaseName: 'sluice',
  user: 'sluice',
};

const pod = (name: string, status: object, metadata: object = {}) => ({
  metadata: { name, namespace: 'keptn-system', ...metadata },
  spec: { containers: [{ ports: [{ name: 'metrics', containerPort: 2222 }] }] },
  status,
});

function answering(pods: readonly unknown[], text: Awaited<ReturnType<Asking['text']>>): Asking {
  const nothing = () => Promise.resolve({ is: 'absent' } as const);
  return {
    get: nothing,
    post: nothing,
    list: () => Promise.resolve({ is: 'found', value: pods }),
    text: (path) =>
      Promise.resolve(path.endsWith('/pods/sluice-1:2222/proxy/metrics') ? text : { is: 'absent' }),
  };
}

test('the replicas are the Pods that run: what is over or going does not count', async () => {
  const ready = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
  const waiting = {
    phase: 'Running',
    containerStatuses: [
      { restartCount: 4, state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } } },
    ],
  };
  const pods = [
    pod('sluice-1', ready),
    pod('sluice-2', waiting),
    pod('job-1', { phase: 'Succeeded' }),
    pod('sluice-0', ready, { deletionTimestamp: '2026-11-28T10:00:00Z' }),
  ];
  const text = { is: 'found', value: '# HELP x\nx 1\n' } as const;
  expect(await observeReplicas(answering(pods, text), place)).toEqual({
    is: 'found',
    value: [
      {
        name: 'sluice-1',
        isReady: true,
        why: 'Running',
        restarts: 0,
        metrics: { is: 'found', value: '# HELP x' },
      },
      {
        name: 'sluice-2',
        isReady: false,
        why: 'CrashLoopBackOff: back-off',
        restarts: 4,
        metrics: { is: 'unreadable', why: 'nothing is served there' },
      },
    ],
  });
});

import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { lists } from '../../../src/cli/get/lists.ts';
import { selected } from '../../../src/cli/get/selected.ts';
import {
  anApp,
  anAppVersion,
  anEvaluation,
  aTask,
  aWorkload,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';

const ownedBy = (kind: string, name: string, uid: string) => [
  { apiVersion: 'lifecycle.keptn.sh/v1', kind, name, uid, controller: true },
];
const started = '2026-11-28T11:58:00Z';
const appVersion = anAppVersion({
  metadata: { name: 'shop-1.0.0-6b86b273', uid: 'kav' },
  status: { status: 'Progressing', currentPhase: 'AppDeploy', startTime: started },
});
const cartVersion = aWorkloadVersion({
  metadata: { name: 'shop-cart-1.0.0', uid: 'kwv' },
  status: {
    status: 'Failed',
    currentPhase: 'WorkloadPreDeployTasks',
    startTime: started,
    endTime: '2026-11-28T11:59:30Z',
    attempt: 2,
  },
});
const smoke = aTask({
  metadata: {
    name: 'pre-smoke-1',
    uid: 'task',
    creationTimestamp: started,
    ownerReferences: ownedBy('KeptnWorkloadVersion', 'shop-cart-1.0.0', 'kwv'),
  },
  spec: { taskDefinition: 'smoke', checkType: 'pre' },
  status: {
    status: 'Failed',
    startTime: started,
    endTime: '2026-11-28T11:59:00Z',
    jobName: 'smoke-job',
    message: 'Job has reached\nthe specified backoff limit\u001B[2J',
  },
});
const objects: readonly KubernetesObject[] = [
  anApp({ status: { appVersionUID: 'kav' } }),
  appVersion,
  aWorkload(),
  cartVersion,
  smoke,
  aTask({
    metadata: {
      name: 'on-failure-notify',
      uid: 'notify',
      ownerReferences: ownedBy('KeptnTask', 'pre-smoke-1', 'task'),
    },
    spec: {
      taskDefinition: 'notify',
      parent: {
        kind: 'KeptnTask',
        name: 'pre-smoke-1',
        uid: 'task',
        trigger: 'onFailure',
        depth: 1,
      },
    },
  }),
  anEvaluation({
    metadata: {
      name: 'pre-eval-load-1',
      ownerReferences: ownedBy('KeptnAppVersion', appVersion.metadata.name, 'kav'),
    },
    spec: { evaluationDefinition: 'load', checkType: 'pre-eval' },
    status: {
      overallStatus: 'Progressing',
      startTime: started,
      evaluationStatus: { p95: { value: '120', status: 'Failed', message: '120 is above 100' } },
    },
  }),
  aTask({ metadata: { name: 'by-hand', uid: 'x', ownerReferences: [] } }),
];

const now = Date.parse('2026-11-28T12:00:00Z');
function table(word: string, { wide = false, of = lookupOver(objects), name = '' } = {}) {
  const list = lists.find(({ words }) => words.includes(word));
  const rows = list?.rows(of, { namespace: undefined, name: name === '' ? undefined : name });
  return rows?.table({ now, wide, everywhere: false }).split('\n');
}

describe('a list has what matters in columns', () => {
  test('applications and workloads with the version that is current', () => {
    expect(table('apps')).toEqual([
      'NAME   VERSION   STATUS        PHASE       TOOK',
      'shop   1.0.0     Progressing   AppDeploy   2m0s so far',
    ]);
    expect(table('workloads')).toEqual([
      'NAME        APP    VERSION   STATUS   PHASE                    RELEASED   TOOK',
      'shop-cart   shop   1.0.0     Failed   WorkloadPreDeployTasks   no         1m30s',
    ]);
  });

  test('versions of both', () => {
    expect(table('versions')?.map((line) => line.split(' ')[0])).toEqual([
      'NAME',
      'shop-cart-1.0.0',
      'shop-1.0.0-6b86b273',
    ]);
  });

  test('tasks with the version or the check that they belong to, the newest first', () => {
    expect(table('tasks')).toEqual([
      'NAME                DEFINITION   CHECK       OF                STATUS    TOOK',
      'pre-smoke-1         smoke        pre         shop-cart-1.0.0   Failed    1m0s',
      'on-failure-notify   notify       onFailure   pre-smoke-1       Pending',
      expect.stringMatching(/^by-hand /u),
    ]);
  });

  test('with -o wide also why, on one line, and nothing that moves the cursor', () => {
    const [, line = ''] = table('tasks', { wide: true }) ?? [];
    expect(line).toContain('smoke-job');
    expect(line).toContain('Job has reached the specified backoff limit');
    expect(line).not.toContain('\u001B');
    expect(table('evaluations', { wide: true })?.at(-1)).toContain('p95 Failed: 120 is above 100');
  });

  test('of one name alone', () => {
    expect(table('task', { name: 'pre-smoke-1' })).toHaveLength(2);
    expect(table('task', { name: 'pre-smoke' })).toHaveLength(1);
  });
});

describe('labels of a workload', () => {
  const lookup = lookupOver(objects);

  test('select its versions, its checks and what follows them, and its applications', () => {
    const of = selected(lookup, (version) => version.spec.workloadName === 'shop-cart');
    expect(table('tasks', { of })).toHaveLength(3);
    expect(table('evaluations', { of })).toHaveLength(2);
    expect(table('apps', { of })).toHaveLength(2);
    expect(table('workloads', { of })).toHaveLength(2);
  });

  test('that nothing has select nothing', () => {
    const of = selected(lookup, () => false);
    for (const word of ['apps', 'workloads', 'versions', 'tasks', 'evaluations'])
      expect(table(word, { of })).toHaveLength(1);
  });
});

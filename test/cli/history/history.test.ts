import { expect, test } from 'vitest';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { historyOf, historyTable } from '../../../src/cli/history/history.ts';
import { sceneIn } from '../../../src/cli/status/scene.ts';
import { anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';

const now = Date.parse('2026-11-28T12:00:00Z');
const scene = sceneIn(
  lookupOver([
    anAppVersion({
      metadata: { name: 'shop-1.0.0', uid: 'a' },
      status: {
        status: 'Succeeded',
        currentPhase: 'Completed',
        startTime: '2026-11-28T10:00:00Z',
        endTime: '2026-11-28T10:01:30Z',
      },
    }),
    aWorkloadVersion({
      metadata: { name: 'shop-cart-2', uid: 'b' },
      spec: { version: '2' },
      status: {
        status: 'Progressing',
        currentPhase: 'WorkloadPreDeployTasks',
        startTime: '2026-11-28T11:59:00Z',
        attempt: 2,
      },
    }),
  ]),
  undefined,
);

test('versions are listed newest first, with how long they took and how often they were checked', () => {
  expect(historyTable(historyOf(scene), now).split('\n')).toEqual([
    'STARTED                TOOK          STATUS        PHASE                    ATTEMPTS   VERSION   OF          NAME',
    '2026-11-28T11:59:00Z   1m0s so far   Progressing   WorkloadPreDeployTasks   2          2         shop-cart   shop-cart-2',
    '2026-11-28T10:00:00Z   1m30s         Succeeded     Completed                1          1.0.0     shop        shop-1.0.0',
  ]);
});

test('wide it has the namespace and what is wrong, too', () => {
  const [head = '', first = ''] = historyTable(historyOf(scene), now, { wide: true }).split('\n');
  expect(head).toMatch(/^NAMESPACE .* MESSAGE$/u);
  expect(first).toMatch(/^shop /u);
});

test('of one application alone, if it is named', () => {
  expect(historyOf(scene, 'shop')).toHaveLength(2);
  expect(historyOf(scene, 'other')).toEqual([]);
});

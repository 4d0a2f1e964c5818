import { expect, test } from 'vitest';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { reportOn, reportText } from '../../../src/cli/report/report.ts';
import { sceneIn } from '../../../src/cli/status/scene.ts';
import { anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';

const condition = (type: string, status: 'True' | 'False', message: string) => ({
  type,
  status,
  reason: 'CheckWarned',
  message,
  lastTransitionTime: '2026-11-28T10:00:00Z',
});
const passed = {
  preDeploymentStatus: 'Succeeded',
  preDeploymentEvaluationStatus: 'Succeeded',
} as const;

const why =
  'Workload Pre-Deployment Tasks would have blocked: load-test: BackoffLimitExceeded: p95 is 2.3 s (pre-load-test-1)';
const warned = aWorkloadVersion({
  metadata: { name: 'shop-cart-2.0.0', uid: 'a' },
  status: {
    ...passed,
    preDeploymentStatus: 'Warning',
    status: 'Succeeded',
    startTime: '2026-11-28T10:00:00Z',
    conditions: [condition('WouldBlock', 'True', why)],
  },
});
const held = aWorkloadVersion({
  metadata: { name: 'shop-cart-3.0.0', uid: 'b' },
  status: {
    preDeploymentStatus: 'Failed',
    status: 'Failed',
    startTime: '2026-11-28T11:00:00Z',
    conditions: [condition('Succeeded', 'False', 'failed: \u001b[31mload-test')],
  },
});
const fine = anAppVersion({
  metadata: { name: 'shop-1', uid: 'c' },
  status: { ...passed, status: 'Succeeded', startTime: '2026-11-28T09:00:00Z' },
});
const observing = aWorkloadVersion({
  metadata: { name: 'shop-cart-4.0.0', uid: 'd' },
  status: {
    ...passed,
    status: 'Progressing',
    startTime: '2026-11-28T12:00:00Z',
    preDeploymentTaskStatus: [
      { definitionName: 'slow', name: 'pre-slow-1', status: 'Progressing' },
    ],
  },
});
const old = aWorkloadVersion({
  metadata: { name: 'shop-cart-0', uid: 'e' },
  status: { ...passed, status: 'Succeeded', startTime: '2026-10-01T00:00:00Z' },
});
const overtaken = aWorkloadVersion({
  metadata: { name: 'shop-cart-1', uid: 'f' },
  status: { status: 'Deprecated', startTime: '2026-11-28T08:00:00Z' },
});

const since = Date.parse('2026-11-27T00:00:00Z');
const report = reportOn(
  sceneIn(lookupOver([warned, held, fine, observing, old, overtaken]), 'shop'),
  since,
);

test('each version of the time says what would have become of it, the newest first', () => {
  expect(report.map(({ name, verdict }) => [name, verdict])).toEqual([
    ['shop-cart-4.0.0', 'open'],
    ['shop-cart-3.0.0', 'blocked'],
    ['shop-cart-2.0.0', 'would block'],
    ['shop-1', 'passed'],
  ]);
});

test('what would have been held comes with its words, and the end is the one command that turns blocking on', () => {
  expect(reportText(report, { namespace: 'shop', since: '24h0m0s' }).split('\n')).toEqual([
    '✖ KeptnWorkloadVersion shop-cart-2.0.0 of 2026-11-28T10:00:00Z would have been held',
    `    ${why}`,
    '✖ KeptnWorkloadVersion shop-cart-3.0.0 of 2026-11-28T11:00:00Z was held',
    String.raw`    failed: \u001b[31mload-test`,
    '4 versions in namespace shop in the last 24h0m0s: 1 would have passed, 1 would have been held, 1 were held, 1 are on their way.',
    'To let failed checks hold: kubectl annotate namespace shop sluice.keptn.sh/mode=block --overwrite',
    '',
  ]);
});

test('wide it names those that would have passed and those on their way, too', () => {
  const text = reportText(report, { namespace: 'shop', since: '24h0m0s', wide: true });
  expect(text.match(/^✔ .* would have passed$/gmu)).toHaveLength(1);
  expect(text.match(/^◌ .* is on its way$/gmu)).toHaveLength(1);
  expect(text).toContain('✖ KeptnWorkloadVersion shop-cart-2.0.0');
});

test('of a namespace without versions says so, and the command all the same', () => {
  const text = reportText([], { namespace: 'shop', since: '24h0m0s' });
  expect(text).toContain('0 versions in namespace shop');
  expect(text).toContain('mode=block');
});

import { describe, expect, test } from 'vitest';
import { judgeBeforeInstall } from '../../../src/cli/check/before-install.ts';
import {
  judgeCrds,
  judgeKubernetes,
  judgePolicies,
  judgeRights,
} from '../../../src/cli/check/judge-cluster.ts';
import { judgeBypassed, judgeHeld, judgeNamespaces } from '../../../src/cli/check/judge-pods.ts';
import {
  judgeClock,
  judgeLeader,
  judgeMetrics,
  judgeReplicas,
} from '../../../src/cli/check/judge-running.ts';
import {
  judgeAnswer,
  judgeAuthorities,
  judgeServed,
  judgeWebhooks,
} from '../../../src/cli/check/judge-webhooks.ts';
import {
  exitCodeOf,
  failed,
  type Line,
  ok,
  unknown,
  warning,
} from '../../../src/cli/check/line.ts';
import type { ReplicaSeen, Seen } from '../../../src/cli/check/seen.ts';

const found = <T>(value: T): Seen<T> => ({ is: 'found', value });
const absent = { is: 'absent' } as const;
const forbidden = { is: 'unreadable', why: 'users "eve" is forbidden' } as const;
const now = Date.parse('2026-11-28T12:00:00Z');
const day = 86_400_000;
const statuses = (lines: readonly Line[]) => lines.map(({ status }) => status);

describe('the exit code', () => {
  const [good, bad] = [ok('x', 'fine'), failed('x', 'broken', 'mend it')];
  const [odd, unseen] = [warning('x', 'odd', 'look'), unknown('x', 'forbidden')];
  test.each([
    [0, [good]],
    [4, [good, odd]],
    [1, [good, odd, unseen]],
    [3, [good, odd, unseen, bad]],
  ] as const)('%i', (code, lines) => {
    expect(exitCodeOf(lines)).toBe(code);
  });
});

test.each([
  ['v1.29.9', 'failed'],
  ['v1.30.0', 'ok'],
  ['v1.36.3', 'ok'],
  ['v1.31.4-gke.100', 'ok'],
  ['v1.37.0', 'warning'],
  ['banana', 'unknown'],
])('Kubernetes %s is %s', (version, status) => {
  expect(judgeKubernetes(found(version)).status).toBe(status);
});

describe('definitions', () => {
  const crd = (more: object = {}) => ({
    name: 'keptntasks.lifecycle.keptn.sh',
    wanted: ['v1', 'v1beta1'],
    found: found({ served: ['v1', 'v1beta1'], stored: ['v1'], isEstablished: true, ...more }),
  });

  test('that are all well are one line', () => {
    expect(judgeCrds([crd(), crd()])).toEqual([
      ok('CustomResourceDefinitions', 'all 2 are there and served'),
    ]);
  });

  test.each([
    ['is missing', { ...crd(), found: absent }],
    ['is not served', crd({ isEstablished: false })],
    ['does not serve v1beta1', crd({ served: ['v1'] })],
    ['may hold objects in v1alpha1', crd({ stored: ['v1', 'v1alpha1'] })],
  ])('one that %s has failed, by its name', (words, seen) => {
    const [line] = judgeCrds([crd(), seen]);
    expect(line).toMatchObject({ status: 'failed', remedy: expect.any(String) as string });
    expect(line?.says).toContain(`keptntasks.lifecycle.keptn.sh ${words}`);
  });

  test('one that may not be read is unknown, not missing', () => {
    expect(statuses(judgeCrds([{ ...crd(), found: forbidden }]))).toEqual(['unknown']);
  });
});

describe('webhooks', () => {
  const webhook = (more: object = {}) => ({
    name: 'mpod.keptn.sh',
    configuration: 'lifecycle-mutating-webhook-configuration',
    wantedPolicy: 'Fail',
    found: found({ failurePolicy: 'Fail', caBundle: 'PEM', target: 'Service a/b', ...more }),
  });

  test.each([
    ['ok', webhook(), 'all 1 are registered'],
    ['failed', { ...webhook(), found: absent }, 'is missing in lifecycle-mutating'],
    ['failed', webhook({ caBundle: '' }), 'has no caBundle'],
    ['warning', webhook({ failurePolicy: 'Ignore' }), 'passes unjudged while Sluice is down'],
  ] as const)('%s: %s', (status, seen, words) => {
    const [line] = judgeWebhooks([seen]);
    expect(line?.status).toBe(status);
    expect(line?.says).toContain(words);
  });

  const certificate = (until: number, from = now - day) => ({ subject: 'CN=sluice', from, until });

  test.each([
    ['ok', certificate(now + 30 * day)],
    ['warning', certificate(now + 2 * day)],
    ['failed', certificate(now - 1)],
    ['failed', certificate(now + 30 * day, now + day)],
  ] as const)('an authority is %s by its dates', (status, seen) => {
    expect(statuses(judgeAuthorities(found([seen]), now))).toEqual([status]);
  });

  test('a certificate that another authority has signed is told, with the way out', () => {
    const seen = { certificate: certificate(now + 30 * day), refused: 'SELF_SIGNED_CERT_IN_CHAIN' };
    const [line] = judgeServed({ address: 'localhost:9443', found: found(seen) }, now);
    expect(line?.status).toBe('failed');
    expect(line?.says).toContain('does not vouch for');
    expect(line?.remedy).toContain('sluice install --webhooks --ca-file');
  });

  test.each([
    ['x509: certificate signed by unknown authority', 'belong together'],
    ['no endpoints available for service "x"', 'no replica is ready'],
    ['context deadline exceeded', 'NetworkPolicy'],
  ])('a call that fails by "%s" has the remedy for that', (why, remedy) => {
    const answer = { is: 'unreadable', why: `failed calling webhook "vtd": ${why}` } as const;
    expect(judgeAnswer(answer)).toMatchObject({ status: 'failed' });
    expect(judgeAnswer(answer).remedy).toContain(remedy);
  });

  test('a dry run that is refused for other reasons says nothing of webhooks', () => {
    expect(judgeAnswer(forbidden).status).toBe('unknown');
  });
});

test('of policies, each that is missing and each binding that does not deny is told', () => {
  const policy = {
    kind: 'ValidatingAdmissionPolicy',
    name: 'held-pods',
    wantedActions: [],
  } as const;
  const binding = {
    kind: 'ValidatingAdmissionPolicyBinding',
    name: 'held-pods',
    wantedActions: ['Deny'],
  } as const;
  const good = found({ actions: ['Deny'] });
  expect(
    statuses(
      judgePolicies([
        { ...policy, found: found({ actions: [] }) },
        { ...binding, found: good },
      ]),
    ),
  ).toEqual(['ok']);
  expect(statuses(judgePolicies([{ ...policy, found: absent }]))).toEqual(['failed']);
  expect(statuses(judgePolicies([{ ...binding, found: found({ actions: ['Audit'] }) }]))).toEqual([
    'failed',
  ]);
});

test('rights that are missing are one line per resource', () => {
  const right = (verb: string, resource: string, allowed: Seen<boolean>) => ({
    verb,
    resource,
    allowed,
  });
  expect(judgeRights('sluice', [right('get', 'pods', found(true))])[0]?.status).toBe('ok');
  const lines = judgeRights('sluice', [
    right('get', 'pods', found(false)),
    right('list', 'pods', found(false)),
    right('create', 'jobs.batch', found(false)),
  ]);
  expect(lines.map(({ says }) => says)).toEqual([
    'sluice may not get, list pods',
    'sluice may not create jobs.batch',
  ]);
  expect(statuses(judgeRights('sluice', [right('get', 'pods', forbidden)]))).toEqual(['unknown']);
});

describe('the leader', () => {
  const lease = (more: object = {}) => ({
    name: 'keptn-system/sluice',
    lease: found({
      holder: 'sluice-1',
      renewedAt: now - 1_000,
      acquiredAt: now - day,
      leaseMs: 15_000,
      ...more,
    }),
  });
  test.each([
    ['ok', lease(), 'sluice-1 leads since 2026-11-27T12:00:00.000Z'],
    ['failed', { ...lease(), lease: absent }, 'there is no Lease keptn-system/sluice'],
    ['failed', lease({ holder: '' }), 'no process holds the Lease'],
    [
      'failed',
      lease({ renewedAt: now - 60_000 }),
      'has not renewed the Lease keptn-system/sluice for 1m0s',
    ],
    ['warning', lease({ renewedAt: now + 60_000 }), 'clock is 1m0s ahead'],
    ['unknown', { ...lease(), lease: forbidden }, 'forbidden'],
  ] as const)('is %s: %s', (status, seen, words) => {
    const line = judgeLeader(seen, now);
    expect(line.status).toBe(status);
    expect(line.says).toContain(words);
  });

  test.each([
    ['ok', 1_500],
    ['warning', 90_000],
    ['warning', -90_000],
  ] as const)('a clock that is %s by %i ms', (status, aheadMs) => {
    expect(judgeClock({ here: now + aheadMs, server: found(now) }).status).toBe(status);
  });
});

describe('replicas', () => {
  const replica = (more: Partial<ReplicaSeen> = {}): ReplicaSeen => ({
    name: 'sluice-1',
    isReady: true,
    why: 'Running',
    restarts: 0,
    metrics: found('# HELP x'),
    ...more,
  });
  test('are judged by their number and readiness', () => {
    expect(statuses(judgeReplicas([replica(), replica()], false))).toEqual(['ok']);
    expect(statuses(judgeReplicas([replica()], false))).toEqual(['warning']);
    expect(statuses(judgeReplicas([], false))).toEqual(['failed']);
    expect(statuses(judgeReplicas([], true))).toEqual(['ok']);
    const [line] = judgeReplicas(
      [replica(), replica({ isReady: false, why: 'CrashLoopBackOff' })],
      false,
    );
    expect(line).toMatchObject({
      status: 'failed',
      says: 'Pod sluice-1 is not ready: CrashLoopBackOff',
    });
  });

  test('serve metrics, or no alert will fire', () => {
    expect(statuses(judgeMetrics([replica()]))).toEqual(['ok']);
    expect(statuses(judgeMetrics([replica({ metrics: absent })]))).toEqual(['warning']);
    expect(statuses(judgeMetrics([replica({ metrics: forbidden })]))).toEqual(['warning']);
  });
});

describe('Pods and Namespaces', () => {
  test('an opted-in Namespace without the label is told by its name', () => {
    expect(judgeNamespaces(found([{ name: 'shop', isLabelled: true }]))[0]?.status).toBe('ok');
    const [line] = judgeNamespaces(found([{ name: 'shop', isLabelled: false }]));
    expect(line).toMatchObject({ status: 'warning' });
    expect(line?.says).toContain('shop');
    expect(statuses(judgeNamespaces(found([])))).toEqual(['warning']);
  });

  test('an opted-in Namespace that the installation leaves out is told by its name, and is no fault', () => {
    const left = { name: 'monitoring', isLabelled: false, isExcluded: true };
    const [line] = judgeNamespaces(found([{ name: 'shop', isLabelled: true }, left]));
    expect(line).toMatchObject({ status: 'ok' });
    expect(line?.says).toContain('1 is opted in; monitoring opted in without effect');
  });

  test('the ten Pods that have been held longest are named with their reason, the rest counted', () => {
    const held = Array.from({ length: 13 }, (_, n) => ({
      name: `cart-${n}`,
      namespace: 'shop',
      createdAt: now - (n + 1) * 3_600_000,
      explanation: 'Held by Sluice: waiting',
    }));
    const lines = judgeHeld(found(held), { now, longMs: 1_800_000 });
    expect(lines).toHaveLength(11);
    expect(lines[0]?.says).toBe(
      'Pod shop/cart-12 has been held for 13h0m0s: Held by Sluice: waiting',
    );
    expect(lines[0]?.remedy).toBe('sluice explain pod/cart-12 -n shop');
    expect(lines[10]?.says).toContain('3 more');
    expect(judgeHeld(found(held.slice(0, 1)), { now, longMs: 7_200_000 })[0]?.status).toBe('ok');
  });

  test('bypassed Pods are told by Namespace', () => {
    expect(statuses(judgeBypassed(found([{ namespace: 'shop', pods: [] }])))).toEqual(['ok']);
    const [line] = judgeBypassed(found([{ namespace: 'shop', pods: ['a', 'b'] }]));
    expect(line?.says).toContain('2 Pods run in shop');
  });
});

test('before an installation: rights, policies, and a Keptn that runs', () => {
  const good = { denied: found([]), policies: found(true), keptn: found([]) };
  expect(statuses(judgeBeforeInstall(good))).toEqual(['ok', 'ok', 'ok']);
  const bad = {
    denied: found(['clusterroles.rbac.authorization.k8s.io']),
    policies: found(false),
    keptn: found(['keptn-system/lifecycle-operator']),
  };
  expect(statuses(judgeBeforeInstall(bad))).toEqual(['failed', 'failed', 'warning']);
});

import { answering } from '../../support/observed/answering.ts';
import { describe, expect, test } from 'vitest';

import { NamespaceKind } from '../../../src/api/builtin.ts';
import { enabledLabel, keptnAnnotations, sluiceKeys } from '../../../src/api/keptn/annotations.ts';
import { decideAppVersion } from '../../../src/domain/app/app-version.ts';
import { conditionOf } from '../../../src/domain/conditions.ts';
import type { Plan, Refusal } from '../../../src/domain/plan.ts';
import { isOfOptIn, lacksMark, markOf } from '../../../src/domain/workload/opt-in-record.ts';
import { recordOptIn, type OptInSeen } from '../../../src/domain/workload/record-opt-in.ts';
import { claimsOn } from '../../../src/domain/workload/workload-claim.ts';
import { decideWorkload } from '../../../src/domain/workload/workload.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';
import { anAppVersion, aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { aDeploymentSeen } from '../../support/builders/owner-builders.ts';
import {
  appVersionSeen,
  stored,
  workloadSeen,
  workloadVersionSeen,
} from '../../support/observed/lifecycle-seen.ts';

const uid = 'namespace-uid';

function aNamespace(
  annotations: Record<string, string> = {},
  label: string = enabledLabel.optedIn,
) {
  return {
    apiVersion: NamespaceKind.apiVersion,
    kind: NamespaceKind.kind,
    metadata: {
      name: 'shop',
      uid,
      resourceVersion: '7',
      annotations: { [keptnAnnotations.lifecycleToolkit]: 'enabled', ...annotations },
      labels: { [sluiceKeys.enabled]: label },
    },
  };
}

const [claim] = claimsOn({ name: 'shop-cart', workload: undefined }, [aDeploymentSeen()]);
if (claim === undefined) throw new Error('the Deployment claims nothing');
const running = {
  name: 'shop-cart',
  claims: [claim],
  workload: undefined,
  versions: [],
} as const;

function seen(more: Partial<OptInSeen> = {}): OptInSeen {
  return {
    namespace: aNamespace(),
    listed: true,
    running: [running],
    missing: [],
    live: answering(() => 'present'),
    refusals: new Map(),
    ...more,
  };
}

/** What a plan changes, one line each. */
const changes = ({ effects = [] }: Plan): string[] =>
  effects.flatMap((effect) => {
    if (effect.type === 'create')
      return [`create ${effect.kind.kind} ${effect.object.metadata.name}`];
    if (effect.type === 'patch') return [`patch ${effect.ref.kind.kind} ${effect.ref.name}`];
    return effect.type === 'event' ? [effect.note.reason] : [];
  });

describe('the record of what runs when a Namespace opts in', () => {
  test('is made from a live list, once Pods of the Namespace are held', () => {
    expect(recordOptIn(seen({ listed: false })).look).toMatchObject([{ namespace: 'shop' }]);
    expect(recordOptIn(seen({ namespace: aNamespace({}, 'withdrawn'), listed: false }))).toEqual(
      {},
    );
  });

  test('is a workload, then its versions, and then the word on the Namespace that it is done', () => {
    const workload = aWorkload();
    const version = aWorkloadVersion({
      metadata: { annotations: { [sluiceKeys.runningAtOptIn]: 'true' } },
    });
    expect(changes(recordOptIn(seen()))).toEqual(['create KeptnWorkload shop-cart']);
    expect(changes(recordOptIn(seen({ running: [{ ...running, workload }] })))).toEqual([
      'create KeptnWorkloadVersion shop-cart-1.0.0',
    ]);
    const all = seen({ running: [{ ...running, workload, versions: [version] }] });
    expect(changes(recordOptIn(all))).toEqual(['patch Namespace shop']);
    const done = aNamespace({ [sluiceKeys.optInRecorded]: uid });
    expect(recordOptIn({ ...all, namespace: done })).toEqual({});
  });

  test('is not taken from an annotation that was copied from another Namespace', () => {
    const copied = aNamespace({ [sluiceKeys.optInRecorded]: 'another-uid' });
    expect(changes(recordOptIn(seen({ namespace: copied })))).toHaveLength(1);
  });

  test('waits for what may still be written, and not for what never can be; both are told', () => {
    const refused = (reason: Refusal['reason']) =>
      answering((): Refusal => ({
        effect: { type: 'create', kind: NamespaceKind, object: aNamespace() },
        reason,
        message: 'no',
      }));
    expect(changes(recordOptIn(seen({ refusals: refused('Forbidden') })))).toEqual([
      'OptInNotRecorded',
      'create KeptnWorkload shop-cart',
    ]);
    expect(changes(recordOptIn(seen({ refusals: refused('Invalid') })))).toEqual([
      'OptInNotRecorded',
      'patch Namespace shop',
    ]);
  });
});

describe('a version that runs at an opt-in', () => {
  const inFlight = { currentPhase: 'WorkloadPreDeployTasks', status: 'Progressing' } as const;
  const marked = (status: NonNullable<Parameters<typeof markOf>[0]>, mark: string) =>
    aWorkloadVersion({ metadata: { annotations: { [sluiceKeys.runningAtOptIn]: mark } }, status });

  test('that was in flight is marked for the attempt it is in, and Released by that mark alone', () => {
    const version = aWorkloadVersion({ status: inFlight });
    expect(lacksMark(version)).toBe(true);
    expect(isOfOptIn(marked(inFlight, markOf(inFlight)))).toBe(true);
    expect(isOfOptIn(marked({ ...inFlight, attempt: 2 }, markOf(inFlight)))).toBe(false);
  });

  test('that has failed, or was Released, is never marked', () => {
    expect(lacksMark(aWorkloadVersion({ status: { ...inFlight, status: 'Failed' } }))).toBe(false);
    const released = {
      type: 'Released',
      status: 'True',
      reason: 'ChecksPassed',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    } as const;
    expect(lacksMark(aWorkloadVersion({ status: { ...inFlight, conditions: [released] } }))).toBe(
      false,
    );
    const failed = { ...inFlight, status: 'Failed' } as const;
    expect(isOfOptIn(marked(failed, markOf(failed)))).toBe(false);
  });
});

describe('in a Namespace that is not opted in', () => {
  const reason = 'NamespaceDisabled';

  test('a workload is not followed and says so; none is begun', () => {
    const workload = aWorkload();
    expect(decideWorkload(workloadSeen({ optIn: 'no' }))).toEqual({});
    const plan = decideWorkload(workloadSeen({ optIn: 'no', workload }));
    expect(plan.effects ?? []).toEqual([]);
    expect(conditionOf(stored(workload, plan), 'Ready')).toMatchObject({ status: 'True', reason });
  });

  test('a version in flight waits, and nothing of it begins', () => {
    const version = aWorkloadVersion({ status: { currentPhase: '', status: 'Pending' } });
    const plan = decideWorkloadVersion(workloadVersionSeen({ optIn: 'no', version }));
    expect(plan.effects ?? []).toEqual([]);
    expect(conditionOf(stored(version, plan), 'Reconciling')).toMatchObject({
      status: 'True',
      reason,
    });
  });

  test('an application version waits if it lists workloads', () => {
    const version = anAppVersion({ status: { currentPhase: 'AppPreDeployTasks' } });
    const plan = decideAppVersion(appVersionSeen({ optIn: 'no', version }));
    expect(conditionOf(stored(version, plan), 'Reconciling')).toMatchObject({ reason });
  });

  test('nothing is decided while the opt-in is not on record', () => {
    const optIn = 'recording';
    const workload = aWorkload();
    expect(decideWorkload(workloadSeen({ optIn, workload }))).toEqual({});
    expect(decideWorkloadVersion(workloadVersionSeen({ optIn }))).toEqual({});
    expect(decideAppVersion(appVersionSeen({ optIn }))).toEqual({});
  });
});

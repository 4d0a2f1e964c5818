import { describe, expect, test } from 'vitest';
import { KeptnApp, type KeptnAppStatus } from '../../../src/api/keptn/app.ts';
import { KeptnAppContext } from '../../../src/api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { refKey, refOf } from '../../../src/api/object.ts';
import { type AppSeen, decideApp } from '../../../src/domain/app/app.ts';
import { secondAppVersionName } from '../../../src/domain/phase/newest-app-version.ts';
import { anApp, anAppContext, anAppVersion, creationMs } from '../../support/builders/builders.ts';
import {
  appSeen,
  asksForWrite,
  conditionIn,
  controllerReference,
  created,
  nowText,
  reasons,
  stored,
} from '../../support/observed/lifecycle-seen.ts';

const contextRead = { live: { 'KeptnAppContext shop/shop': 'absent' } } as const;
const made = anAppVersion({ metadata: { ownerReferences: [controllerReference(anApp())] } });

function after(seen: AppSeen): KeptnAppStatus {
  return stored(seen.app, decideApp(seen)).status ?? {};
}

function versionOf(seen: AppSeen): unknown {
  const [effect] = decideApp(seen).effects ?? [];
  return effect?.type === 'create' ? effect.object : undefined;
}

describe('an app without a version of its present generation', () => {
  test('W8: has its context read live before anything is made, and itself at once with it', () => {
    const ref = { namespace: 'shop', name: 'shop' };
    expect(decideApp(appSeen())).toEqual({
      look: [
        { kind: KeptnAppContext, ...ref },
        { kind: KeptnApp, ...ref },
      ],
    });
  });

  test("gets one under Keptn's name, owned by it, with spec and context", () => {
    const context = anAppContext({
      spec: {
        preDeploymentTasks: ['migrate'],
        promotionTasks: ['tell'],
        metadata: { team: 'fruit' },
      },
    });
    expect(versionOf(appSeen({ context, ...contextRead }))).toMatchObject({
      metadata: {
        name: 'shop-1.0.0-6b86b273',
        ownerReferences: [{ kind: 'KeptnApp', name: 'shop', controller: true }],
      },
      spec: {
        appName: 'shop',
        version: '1.0.0',
        revision: 1,
        workloads: [{ name: 'cart', version: '1.0.0' }],
        preDeploymentTasks: ['migrate'],
        promotionTasks: ['tell'],
        metadata: { team: 'fruit' },
      },
    });
  });

  test('gets the checks that a KeptnApp of before v1beta1 lists itself, unless there is a context', () => {
    const app = anApp({
      spec: { preDeploymentTasks: ['migrate'], postDeploymentEvaluations: ['cpu'] },
    });
    expect(versionOf(appSeen({ app, ...contextRead }))).toMatchObject({
      spec: { preDeploymentTasks: ['migrate'], postDeploymentEvaluations: ['cpu'] },
    });
    const context = anAppContext({ spec: { preDeploymentTasks: ['newer'] } });
    const version = versionOf(appSeen({ app, context, ...contextRead }));
    expect(version).toMatchObject({ spec: { preDeploymentTasks: ['newer'] } });
    expect(version).not.toHaveProperty('spec.postDeploymentEvaluations');
  });

  test('names the version before it, but not the same one after a raised revision', () => {
    const at = (currentVersion: string) =>
      versionOf(appSeen({ app: anApp({ status: { currentVersion } }), ...contextRead }));
    expect(at('0.9')).toMatchObject({ spec: { previousVersion: '0.9' } });
    expect(at('1.0.0')).not.toHaveProperty('spec.previousVersion');
  });

  test('gets another one for every generation', () => {
    const app = anApp({ metadata: { generation: 2 } });
    expect(created(decideApp(appSeen({ app, versions: [made], ...contextRead })))).toEqual([
      'KeptnAppVersion shop-1.0.0-d4735e3a',
    ]);
  });

  test('has it made only on the app as it is live', () => {
    expect(decideApp(appSeen(contextRead)).onlyIfCurrent).toMatchObject({
      resourceVersion: '1000',
    });
  });

  test('B3: takes a second name when the first belongs to something else', () => {
    const refusals = { 'KeptnAppVersion shop/shop-1.0.0-6b86b273': 'NameTaken' } as const;
    const second = secondAppVersionName(anApp());
    expect(created(decideApp(appSeen({ ...contextRead, refusals })))).toEqual([
      `KeptnAppVersion ${second}`,
    ]);
    const versions = [{ ...made, metadata: { ...made.metadata, name: second } }];
    expect(conditionIn(after(appSeen({ versions })), 'Ready')).toMatchObject({
      status: 'True',
      reason: 'NameTaken',
    });
  });

  test('W22: takes a legal name for a version that cannot be part of one', () => {
    const app = anApp({ spec: { version: '1.0+build/5' } });
    const [name = ''] = created(decideApp(appSeen({ app, ...contextRead })));
    expect(name).toMatch(/^KeptnAppVersion shop-1\.0-build-5-6b86b273-[a-z0-9]{10}$/);
  });

  test('B9: says why it cannot be made, in a condition and in one Event', () => {
    const refusals = { 'KeptnAppVersion shop/shop-1.0.0-6b86b273': 'Forbidden' } as const;
    const seen = appSeen({ ...contextRead, refusals });
    expect(conditionIn(after(seen), 'Ready')).toMatchObject({
      status: 'False',
      reason: 'AppVersionNotCreated',
    });
    expect(reasons(decideApp(seen))).toEqual(['CreateAppVersionFailed']);
  });
});

describe('an app whose version is made', () => {
  test('W9: notes it down, also when an earlier process could not', () => {
    const seen = appSeen({ versions: [made] });
    expect(after(seen)).toMatchObject({ currentVersion: '1.0.0', observedGeneration: 1 });
    expect(conditionIn(after(seen), 'Ready')).toMatchObject({ status: 'True' });
  });

  test('that an earlier process left is told by its content', () => {
    const left = appSeen({ ...contextRead, versions: [made], made: [] });
    expect(after(left)).toMatchObject({ appVersionUID: made.metadata.uid });
  });

  test('and something else under its name and owner is not it: the version gets its second name', () => {
    const forged = { ...made, spec: { ...made.spec, workloads: [] } };
    const seen = appSeen({ ...contextRead, versions: [forged], made: [] });
    const second = secondAppVersionName(anApp());
    expect(created(decideApp(seen))).toEqual([`KeptnAppVersion ${second}`]);
    const both = [forged, { ...forged, metadata: { ...forged.metadata, name: second } }];
    const stuck = appSeen({ ...contextRead, versions: both, made: [] });
    expect(created(decideApp(stuck))).toEqual([]);
    expect(conditionIn(after(stuck), 'Ready')?.message).toContain('belong to something else');
    // Saying so adopts neither of them.
    const again = { ...stuck, app: stored(stuck.app, decideApp(stuck)) };
    expect(conditionIn(after(again), 'Ready')).toMatchObject({ status: 'False' });
  });

  test('is taken as it is where it was on record before uids were, or is Keptn’s', () => {
    const ready = { type: 'Ready', status: 'True', reason: 'AppVersionCreated', message: 'x' };
    const lastTransitionTime = nowText;
    const conditions = [{ ...ready, status: 'True' as const, lastTransitionTime }];
    const changed = { ...made, spec: { ...made.spec, preDeploymentTasks: ['since-changed'] } };
    for (const status of [
      { observedGeneration: 1, currentVersion: '1.0.0', conditions },
      { currentVersion: '1.0.0' },
    ]) {
      const seen = appSeen({ app: anApp({ status }), versions: [changed], made: [] });
      expect(after(seen)).toMatchObject({ appVersionUID: made.metadata.uid });
    }
  });

  test('asks for nothing more', () => {
    const seen = appSeen({ versions: [made] });
    const again = { ...seen, app: stored(seen.app, decideApp(seen)) };
    expect(asksForWrite(decideApp(again))).toBe(false);
  });
});

test('nothing is made for an app that is being deleted', () => {
  const app = anApp({ metadata: { deletionTimestamp: nowText } });
  expect(decideApp(appSeen({ app, ...contextRead }))).toEqual({});
});

describe('a context that comes a moment later', () => {
  const context = anAppContext({
    metadata: { creationTimestamp: '2026-01-01T00:00:02Z' },
    spec: { preDeploymentTasks: ['migrate'] },
  });
  const versionRead = { live: { [refKey(refOf(KeptnAppVersion, made))]: 'present' } } as const;
  const newest = creationMs + 1_000;

  test('is waited for before the first version is made, and for no other', () => {
    expect(decideApp(appSeen({ now: newest, ...contextRead }))).toEqual({ wakeAfterMs: 1_000 });
    expect(versionOf(appSeen({ now: newest + 1_000, ...contextRead }))).toBeDefined();
    const none = { now: newest, contextWindowMs: 0, ...contextRead };
    expect(versionOf(appSeen(none))).toBeDefined();
    const before = anAppVersion({ metadata: { name: 'shop-0' }, spec: { version: '0' } });
    expect(versionOf(appSeen({ now: newest, versions: [before], ...contextRead }))).toBeDefined();
  });

  test('is not waited for where workloads were gathered', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'keptn' };
    const app = anApp({ metadata: { labels } });
    expect(versionOf(appSeen({ app, now: newest, ...contextRead }))).toBeDefined();
    const annotations = { 'keptn.sh/app-type': 'single-service' };
    const single = anApp({ metadata: { labels, annotations } });
    expect(decideApp(appSeen({ app: single, now: newest, ...contextRead }))).toEqual({
      wakeAfterMs: 1_000,
    });
  });

  test('an exported app that somebody applies says that it is not gathered any more, and says so once', () => {
    const labels = { 'app.kubernetes.io/managed-by': 'keptn' };
    const annotations = { 'kubectl.kubernetes.io/last-applied-configuration': '' };
    const app = anApp({ metadata: { labels, annotations } });
    const plan = decideApp(appSeen({ app, versions: [made], ...contextRead }));
    expect(reasons(plan)).toEqual(['AppNotGathered']);
    const status = after(appSeen({ app, versions: [made], ...contextRead }));
    expect(conditionIn(status, 'Ready')?.message).toContain('list your workloads in it');
    const told = anApp({ metadata: { labels, annotations }, status });
    expect(reasons(decideApp(appSeen({ app: told, versions: [made], ...contextRead })))).toEqual(
      [],
    );
    const generated = anApp({ metadata: { labels } });
    expect(
      reasons(decideApp(appSeen({ app: generated, versions: [made], ...contextRead }))),
    ).toEqual([]);
  });

  test('makes the version again of which nothing has begun, as it was read live', () => {
    const seen = { versions: [made], context };
    expect(decideApp(appSeen(seen)).look).toHaveLength(1);
    const { effects = [] } = decideApp(appSeen({ ...seen, ...versionRead }));
    expect(effects).toMatchObject([
      { type: 'delete', uid: made.metadata.uid, resourceVersion: '1000' },
      { type: 'event', note: { reason: 'AppVersionMadeAgain' } },
    ]);
  });

  test('comes too late when a Pod may have started or a check was made, and that is said once', () => {
    const seen = { versions: [made], context, isAnyReleased: true, ...versionRead };
    const plan = decideApp(appSeen(seen));
    expect(plan.effects).toBeUndefined();
    expect(reasons(plan)).toEqual(['AppContextTooLate']);
    const status = after(appSeen(seen));
    expect(conditionIn(status, 'Ready')?.message).toContain('counts from the next version on');
    expect(reasons(decideApp(appSeen({ ...seen, app: anApp({ status }) })))).toEqual([]);
    const checked = anAppVersion({ ...made, spec: { preDeploymentTasks: ['other'] } });
    expect(
      decideApp(appSeen({ versions: [checked], context, ...versionRead })).effects,
    ).toBeUndefined();
  });

  test('that was there before the version changes nothing, whatever it says now', () => {
    const older = anAppContext({
      metadata: { creationTimestamp: '2025-12-31T00:00:00Z' },
      spec: { preDeploymentTasks: ['migrate'] },
    });
    expect(decideApp(appSeen({ versions: [made], context: older })).look).toBeUndefined();
  });

  test('loses nothing of what the version says was before it', () => {
    const before = anAppVersion({ metadata: { name: 'shop-0' }, spec: { version: '0.9.0' } });
    const app = anApp({ status: { currentVersion: '1.0.0' } });
    const again = versionOf(appSeen({ app, versions: [before], context, ...contextRead }));
    expect(again).toMatchObject({ spec: { previousVersion: '0.9.0' } });
  });
});

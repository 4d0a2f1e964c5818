import { describe, expect, test } from 'vitest';
import type { KeptnAppStatus } from '../../src/api/keptn/app.ts';
import { type AppSeen, decideApp } from '../../src/domain/app.ts';
import { secondAppVersionName } from '../../src/domain/newest-app-version.ts';
import { anApp, anAppContext, anAppVersion } from '../support/builders.ts';
import {
  appSeen,
  asksForWrite,
  conditionIn,
  controllerReference,
  created,
  nowText,
  reasons,
  stored,
} from '../support/lifecycle-seen.ts';

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
  test('W8: has its context read live before anything is made', () => {
    expect(decideApp(appSeen())).toEqual({
      look: [expect.objectContaining({ namespace: 'shop', name: 'shop' })],
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

import { describe, expect, test } from 'vitest';
import { workloadName } from '../../../src/domain/names.ts';
import {
  appChecks,
  isCurrentVersion,
  isNameOf,
  lists,
  newestListing,
  secondAppVersionName,
} from '../../../src/domain/phase/newest-app-version.ts';
import { anApp, anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';
import { controllerReference } from '../../support/observed/lifecycle-seen.ts';

describe('an app version lists a workload version', () => {
  const listing = (name: string, version: string, appName = 'shop') =>
    anAppVersion({ spec: { appName, workloads: [{ name, version }] } });

  test('by app, workload and version', () => {
    const version = aWorkloadVersion();
    expect(lists(listing('cart', '1.0.0'), version)).toBe(true);
    expect(lists(listing('pay', '1.0.0'), version)).toBe(false);
    expect(lists(listing('cart', '1.0.1'), version)).toBe(false);
    expect(lists(listing('cart', '1.0.0', 'other'), version)).toBe(false);
  });

  test('W23: also where users write upper case, although names and versions are lower case', () => {
    const version = aWorkloadVersion({ spec: { workloadName: 'shop-my-cart', version: 'v1-rc' } });
    expect(lists(listing('My_Cart', 'V1-RC'), version)).toBe(true);
  });

  test('W23: also where the name had to be cut or hashed', () => {
    const long = 'w'.repeat(300);
    expect(isNameOf('shop-cart', 'shop', 'cart')).toBe(true);
    expect(isNameOf('shop-cart', 'sho', 'p-cart')).toBe(false);
    for (const workload of ['my café', long]) {
      const version = aWorkloadVersion();
      const legal = aWorkloadVersion({ spec: { workloadName: workloadName('shop', workload) } });
      expect(lists(listing(workload, '1.0.0'), legal)).toBe(true);
      expect(lists(listing(workload, '1.0.0'), version)).toBe(false);
    }
  });

  test('by the whole name where discovery found no prefix to take off', () => {
    const app = 'a'.repeat(240);
    const workload = 'w'.repeat(40);
    const name = workloadName(app, workload);
    expect(name.startsWith(`${app}-`)).toBe(false);
    expect(isNameOf(name, app, name)).toBe(true);
    expect(isNameOf('shop-cart', 'shop', 'shop-cart')).toBe(false);
  });
});

describe('the newest app version that lists a workload version', () => {
  const version = aWorkloadVersion();
  const made = (name: string, creationTimestamp: string, more: object = {}) =>
    anAppVersion({ metadata: { name, creationTimestamp, ...more } });
  const old = made('old', '2026-01-01T00:00:00Z');
  const young = made('young', '2026-01-02T00:00:00Z');

  test('is the one created last', () => {
    expect(newestListing(version, { app: undefined, appVersions: [old, young] })).toBe(young);
    expect(newestListing(version, { app: undefined, appVersions: [young, old] })).toBe(young);
  });

  test("is the one for the app's present generation, whenever that was made", () => {
    const current = made('shop-1.0.0-6b86b273', '2026-01-01T00:00:00Z', {
      ownerReferences: [controllerReference(anApp())],
    });
    expect(newestListing(version, { app: anApp(), appVersions: [current, young] })).toBe(current);
  });

  test('is none that the app does not own, however new it is', () => {
    const forged = made('z', '2026-01-09T00:00:00Z', { ownerReferences: [] });
    expect(newestListing(version, { app: anApp(), appVersions: [forged] })).toBeUndefined();
  });

  test('is never a Deprecated one, one that does not list it, or one that is going', () => {
    const deprecated = anAppVersion({
      metadata: { name: 'a', creationTimestamp: '2026-01-03T00:00:00Z' },
      status: { status: 'Deprecated' },
    });
    const other = anAppVersion({
      metadata: { name: 'b', creationTimestamp: '2026-01-04T00:00:00Z' },
      spec: { workloads: [{ name: 'pay', version: '1.0.0' }] },
    });
    const going = made('c', '2026-01-05T00:00:00Z', { deletionTimestamp: '2026-01-06T00:00:00Z' });
    const appVersions = [deprecated, other, going, old];
    expect(newestListing(version, { app: undefined, appVersions })).toBe(old);
    expect(newestListing(version, { app: undefined, appVersions: [deprecated] })).toBeUndefined();
  });
});

describe('the app version of an app as it is now', () => {
  const owned = (name: string) =>
    anAppVersion({ metadata: { name, ownerReferences: [controllerReference(anApp())] } });

  test('carries the hash of its generation in its name and is owned by it', () => {
    expect(isCurrentVersion(owned('shop-1.0.0-6b86b273'), anApp())).toBe(true);
    expect(isCurrentVersion(owned('shop-1.0.0-d4735e3a'), anApp())).toBe(false);
    expect(
      isCurrentVersion(
        anAppVersion({ metadata: { name: 'shop-1.0.0-6b86b273', ownerReferences: [] } }),
        anApp(),
      ),
    ).toBe(false);
  });

  test('is the one on record for the generation, whatever else has its name and owner', () => {
    const recorded = { ...owned('shop-1.0.0-6b86b273'), status: {} };
    recorded.metadata.uid = 'uid-on-record';
    const status = { observedGeneration: 1, appVersionUID: 'uid-on-record' };
    expect(isCurrentVersion(recorded, anApp({ status }))).toBe(true);
    expect(isCurrentVersion(owned('shop-1.0.0-6b86b273'), anApp({ status }))).toBe(false);
    const older = anApp({ metadata: { generation: 2 }, status });
    expect(isCurrentVersion(recorded, older)).toBe(false);
  });

  test('B3: may have its second name', () => {
    expect(isCurrentVersion(owned(secondAppVersionName(anApp())), anApp())).toBe(true);
  });
});

describe("the app's own pre-deployment checks", () => {
  const at = (
    pre: 'Succeeded' | 'Warning' | 'Failed' | 'Progressing',
    status: 'Progressing' | 'Failed' = 'Progressing',
  ) =>
    appChecks(
      anAppVersion({
        status: { preDeploymentStatus: pre, preDeploymentEvaluationStatus: 'Succeeded', status },
      }),
    );

  test('have passed, have warned, have failed or are open', () => {
    expect(at('Succeeded')).toBe('passed');
    expect(at('Warning')).toBe('warned');
    expect(at('Failed', 'Failed')).toBe('failed');
    expect(at('Progressing')).toBe('open');
    expect(at('Succeeded', 'Failed')).toBe('passed');
  });
});

import { describe, expect, test } from 'vitest';

import { KeptnApp } from '../../../src/api/keptn/app.ts';
import type { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import { refOf } from '../../../src/api/object.ts';
import {
  type AppHistorySeen,
  type AppUses,
  decideAppHistory,
} from '../../../src/domain/retention/app-history.ts';
import { defaultRetention, excessOf } from '../../../src/domain/settings/retention-limits.ts';
import { anApp, anAppVersion, aWorkloadVersion } from '../../support/builders/builders.ts';
import { now } from '../../support/observed/lifecycle-seen.ts';

/** The nth version of the app, a minute younger than the one before, with the cart in a version. */
function appVersion(
  nth: number,
  given: { readonly status?: KeptnState; readonly cart?: string } = {},
): KeptnAppVersion {
  const { status = 'Succeeded', cart = `${nth}` } = given;
  return anAppVersion({
    metadata: { name: `shop-${nth}`, creationTimestamp: `2026-01-01T00:0${nth}:00Z` },
    spec: { version: `${nth}`, workloads: [{ name: 'cart', version: cart }] },
    status: { status },
  });
}

function seen(
  appVersions: readonly KeptnAppVersion[],
  uses: Partial<AppUses> = {},
  more: Partial<AppHistorySeen> = {},
): AppHistorySeen {
  const excess = excessOf(appVersions, { ...defaultRetention, versions: 1 }, { now });
  return {
    app: anApp(),
    excess,
    uses: { appVersions, openOrCurrent: [], unfinished: new Set(), ...uses },
    unread: [],
    read: new Set(appVersions.map(({ metadata }) => metadata.uid ?? '')),
    ...more,
  };
}

const deleted = (of: AppHistorySeen): string[] =>
  (decideAppHistory(of).afterwards ?? []).flatMap((effect) =>
    effect.type === 'delete' ? [effect.ref.name] : [],
  );

const ofCart = (version: string) =>
  aWorkloadVersion({ spec: { version }, status: { status: 'Progressing' } });

describe('old versions of an app', () => {
  test('go oldest first, each only as it was read, and the controller rests after them', () => {
    const versions = [appVersion(1), appVersion(2), appVersion(3)];
    expect(deleted(seen(versions))).toEqual(['shop-1', 'shop-2']);
    const plan = decideAppHistory(seen(versions));
    expect(plan.restMs).toBe(1000);
    expect(plan.afterwards?.[0]).toMatchObject({
      uid: 'uid-keptnappversion-shop-shop-1',
      resourceVersion: '1000',
    });
  });

  test('are read live before, with the app', () => {
    const plan = decideAppHistory(
      seen(
        [appVersion(1), appVersion(2)],
        {},
        { read: new Set(), unread: [refOf(KeptnApp, anApp())] },
      ),
    );
    expect(plan.look?.map((one) => ('name' in one ? one.name : ''))).toEqual(['shop', 'shop-1']);
  });

  test('stay while they are not over, while something of them runs, and while nothing can be told', () => {
    expect(deleted(seen([appVersion(1, { status: 'Progressing' }), appVersion(2)]))).toEqual([]);
    const one = appVersion(1);
    const unfinished = new Set([one.metadata.uid ?? '']);
    expect(deleted(seen([one, appVersion(2)], { unfinished }))).toEqual([]);
    expect(deleted(seen([one, appVersion(2)], {}, { uses: undefined }))).toEqual([]);
  });

  test('stay while an open or current workload version hangs on them', () => {
    const versions = [appVersion(1, { cart: '7' }), appVersion(2, { cart: '8' })];
    expect(deleted(seen(versions, { openOrCurrent: [ofCart('7')] }))).toEqual([]);
    expect(deleted(seen(versions, { openOrCurrent: [ofCart('8')] }))).toEqual(['shop-1']);
  });

  test('stay where an older one would take their place: passed checks must not stand in for failed ones', () => {
    const older = appVersion(1, { cart: '7' });
    const failed = appVersion(2, { cart: '7', status: 'Failed' });
    const unfinished = new Set([older.metadata.uid ?? '']);
    expect(deleted(seen([older, failed, appVersion(3)], { unfinished }))).toEqual([]);
    const superseded = appVersion(2, { cart: '7', status: 'Deprecated' });
    expect(deleted(seen([older, superseded, appVersion(3)], { unfinished }))).toEqual(['shop-2']);
  });

  test('are at most ten at once', () => {
    const versions = Array.from({ length: 9 }, (_, i) => appVersion(i + 1));
    const many = [...versions, ...versions.map((one) => renamed(one)), appVersion(9)];
    expect(deleted(seen(many))).toHaveLength(10);
  });
});

function renamed(version: KeptnAppVersion): KeptnAppVersion {
  const name = `${version.metadata.name}-b`;
  return { ...version, metadata: { ...version.metadata, name, uid: `uid-${name}` } };
}

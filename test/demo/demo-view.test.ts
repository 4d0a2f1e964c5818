import { describe, expect, test } from 'vitest';
import type { Pod } from '../../src/api/builtin.ts';
import { keptnAnnotations, schedulingGate, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import type { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../src/api/keptn/workload-version.ts';
import { changesBetween } from '../../src/cli/status/changes.ts';
import { hasSettled, heldClaims, nothingSeen, seenIn, successClaims } from './expectations.ts';
import { frame } from '../../src/cli/status/frame.ts';
import { manifestsIn, namespacesOf, wantedVersions } from './manifests.ts';
import { emptyScene, type Scene } from '../../src/cli/status/scene.ts';
import { Screen } from '../../src/cli/status/screen.ts';

const apiVersion = 'lifecycle.keptn.sh/v1';
const samples = new URL('../../manifests/samples/shop/', import.meta.url).pathname;

const released = {
  type: 'Released',
  status: 'True',
  reason: 'ChecksPassed',
  message: '',
  lastTransitionTime: '',
} as const;
const completed: KeptnWorkloadVersionStatus = {
  currentPhase: 'Completed',
  status: 'Succeeded',
  endTime: '2026-01-01T00:00:10Z',
  conditions: [released],
};

const cart = (version: string, status?: KeptnWorkloadVersionStatus): KeptnWorkloadVersion => ({
  apiVersion,
  kind: 'KeptnWorkloadVersion',
  metadata: { name: `shop-cart-${version}`, namespace: 'shop', uid: `kwv-${version}` },
  spec: {
    app: 'shop',
    version,
    workloadName: 'shop-cart',
    resourceReference: { uid: 'u', kind: 'ReplicaSet', name: 'r' },
  },
  ...(status && { status }),
});

const shop = (version: string, status?: KeptnAppVersion['status']): KeptnAppVersion => ({
  apiVersion,
  kind: 'KeptnAppVersion',
  metadata: { name: `shop-${version}-x`, namespace: 'shop', uid: `kav-${version}` },
  spec: { appName: 'shop', version, workloads: [{ name: 'cart', version }] },
  ...(status && { status }),
});

function aPod(state: 'held' | 'started' | 'ready', version = '1.0.0'): Pod {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `cart-${version}-x`,
      namespace: 'shop',
      uid: `pod-${version}`,
      annotations: {
        [keptnAnnotations.app]: 'shop',
        [keptnAnnotations.workload]: 'cart',
        [keptnAnnotations.version]: version,
        ...(state === 'held' && {
          [sluiceKeys.explanation]: 'Held by Sluice: load-test failed. See: kubectl describe kwv',
        }),
      },
      ownerReferences: [{ apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'r', uid: 'u' }],
    },
    spec:
      state === 'held' ? { schedulingGates: [{ name: schedulingGate }] } : { nodeName: 'node-1' },
    status: state === 'ready' ? { conditions: [{ type: 'Ready', status: 'True' }] } : {},
  };
}

const scene = (parts: Partial<Scene>): Scene => ({ ...emptyScene, ...parts });
const caption = { title: 'Shop', elapsedMs: 1_000, columns: 120, inColor: false };
const failing = { workload: 'shop-cart', version: '2.0.0', because: 'too slow' } as const;

describe('plain lines', () => {
  test('say what changed, and nothing when nothing did', () => {
    const before = scene({ pods: [aPod('held')] });
    const after = scene({ pods: [aPod('ready')], workloadVersions: [cart('1.0.0', completed)] });
    expect(changesBetween(emptyScene, before)).toEqual([
      'Pod cart-1.0.0-x: held, load-test failed',
    ]);
    expect(changesBetween(before, after)).toEqual([
      'Pod cart-1.0.0-x: ready',
      'KeptnWorkloadVersion shop-cart-1.0.0: Completed, Succeeded',
    ]);
    expect(changesBetween(after, after)).toEqual([]);
  });

  test('carry no escape sequence when the output is no terminal', () => {
    let written = '';
    const screen = new Screen({ write: (text) => (written += text) }, false);
    screen.show(scene({ pods: [aPod('held')] }), { title: 'Shop' });
    expect(written).toMatch(/^ +\d+\.\d s {2}Pod cart-1\.0\.0-x: held/u);
    expect(written).not.toContain(String.fromCodePoint(27));
  });
});

describe('a frame', () => {
  test('shows each version with its phases and its Pods', () => {
    const status = {
      currentPhase: 'WorkloadPreDeployEvaluations',
      status: 'Progressing',
      preDeploymentStatus: 'Succeeded',
    } as const;
    const lines = frame(
      scene({
        appVersions: [shop('1.0.0')],
        workloadVersions: [cart('1.0.0', status)],
        pods: [aPod('held')],
      }),
      caption,
    );
    expect(lines.find((line) => line.includes('cart'))).toMatch(
      /✔ pre-tasks {2}◌ pre-evals {2}· deploy .* □ 1 held$/u,
    );
  });

  test('is never wider than the terminal, and wraps what it says about a failure', () => {
    const why = {
      kind: 'Pod',
      name: 'x',
      namespace: 'shop',
      mark: 'failed',
      says: 'a long story '.repeat(20),
      facts: {},
      because: [],
    } as const;
    const lines = frame(scene({ appVersions: [shop('1.0.0')] }), { ...caption, columns: 50, why });
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(50);
    expect(lines.join(' ').match(/story/gu)).toHaveLength(20);
  });
});

describe('a frame of 80 columns and 24 rows', () => {
  const small = { ...caption, columns: 80, rows: 24 };
  const evaluating = {
    currentPhase: 'WorkloadPreDeployEvaluations',
    status: 'Progressing',
    preDeploymentStatus: 'Succeeded',
  } as const;

  test('names the phase that runs and shows the held Pods', () => {
    const lines = frame(
      scene({
        appVersions: [shop('1.0.0')],
        workloadVersions: [cart('1.0.0', evaluating)],
        pods: [aPod('held')],
      }),
      small,
    );
    expect(lines.find((line) => line.includes('cart'))).toMatch(
      /^ {2}cart 1\.0\.0 +✔ ◌ pre-evals ···  +□ 1 held$/u,
    );
  });

  test('drops what is through before what holds Pods, and counts it', () => {
    const through = Array.from({ length: 30 }, (_, at) => cart(`0.${at}.0`, completed));
    const lines = frame(
      scene({
        workloadVersions: [...through, cart('1.0.0', evaluating)],
        pods: [aPod('held')],
      }),
      small,
    );
    expect(lines.length).toBeLessThanOrEqual(24);
    expect(lines.some((line) => line.includes('1 held'))).toBe(true);
    expect(lines.at(-1)).toMatch(/… and \d+ more versions/u);
  });
});

describe('the demo has seen what it claims', () => {
  const good = scene({
    appVersions: [
      shop('1.0.0', { currentPhase: 'Completed', status: 'Succeeded', endTime: 'now' }),
    ],
    workloadVersions: [cart('1.0.0', completed)],
    pods: [aPod('ready')],
  });
  const seen = seenIn(scene({ pods: [aPod('held')] }), nothingSeen);
  const broken = (claims: readonly { says: string; holds: boolean }[]) =>
    claims.filter(({ holds }) => !holds).map(({ says }) => says);

  test('when all versions are through and Pods were held on the way', () => {
    expect(broken(successClaims(good, seen))).toEqual([]);
  });

  test('not when no Pod was ever held', () => {
    expect(broken(successClaims(good, nothingSeen))).toEqual([
      'Pods were held before they were released',
    ]);
  });

  test('not when a Pod started before its version was released', () => {
    const early = seenIn(
      scene({ pods: [aPod('started')], workloadVersions: [cart('1.0.0')] }),
      seen,
    );
    expect(broken(successClaims(good, early))).toEqual([
      'no Pod started before its version was released',
    ]);
  });

  test('not when a version failed', () => {
    const failed = {
      ...good,
      workloadVersions: [cart('1.0.0', { ...completed, status: 'Failed' })],
    };
    expect(broken(successClaims(failed, seen))).toEqual([
      'KeptnWorkloadVersion shop-cart-1.0.0 is Completed and Succeeded',
    ]);
  });

  test('when the second version failed and its Pods are held while the first goes on', () => {
    const message = 'the load test was too slow';
    const held = scene({
      appVersions: [shop('2.0.0', { status: 'Failed' })],
      workloadVersions: [
        cart('2.0.0', {
          status: 'Failed',
          preDeploymentTaskStatus: [{ definitionName: 'load-test', message }],
        }),
      ],
      pods: [aPod('ready'), aPod('held', '2.0.0')],
    });
    expect(broken(heldClaims(held, seen, failing))).toEqual([]);
    const started = { ...held, pods: [aPod('ready'), aPod('ready', '2.0.0')] };
    expect(broken(heldClaims(started, seen, failing))).toEqual([
      'the Pods of shop-cart 2.0.0 are held',
    ]);
  });
});

describe('an application has settled', () => {
  const wanted = [{ workload: 'cart', version: '2.0.0' }];
  const old = scene({
    appVersions: [shop('1.0.0', { endTime: 'now', status: 'Succeeded' })],
    workloadVersions: [cart('1.0.0', completed)],
  });

  test('not while only the version before it is there', () => {
    expect(hasSettled(old, wanted)).toBe(false);
  });

  test('not while a version is under way, or no application lists it yet', () => {
    const listed = scene({
      appVersions: [...old.appVersions, shop('2.0.0', { endTime: 'now' })],
      workloadVersions: [cart('2.0.0')],
    });
    expect(hasSettled(listed, wanted)).toBe(false);
    expect(hasSettled({ ...old, workloadVersions: [cart('2.0.0', completed)] }, wanted)).toBe(
      false,
    );
  });

  test('when every version of it has ended', () => {
    const ended = scene({
      appVersions: [shop('2.0.0', { endTime: 'now' })],
      workloadVersions: [cart('2.0.0', completed)],
    });
    expect(hasSettled(ended, wanted)).toBe(true);
  });
});

describe('the sample', () => {
  test('has four workloads in one namespace, which is applied first', async () => {
    const manifests = await manifestsIn(`${samples}v1`);
    expect(manifests[0]).toMatchObject({ kind: 'Namespace', metadata: { name: 'shop' } });
    expect(namespacesOf(manifests)).toEqual(['shop']);
    expect(
      wantedVersions(manifests)
        .map(({ workload, version }) => `${workload} ${version}`)
        .toSorted(),
    ).toEqual(['cart 1.0.0', 'log-collector 1.0.0', 'orders-db 1.0.0', 'web 1.0.0']);
  });

  test('has a second version of one workload', async () => {
    expect(wantedVersions(await manifestsIn(`${samples}v2`))).toEqual([
      { workload: 'cart', version: '2.0.0' },
    ]);
  });
});

test('a directory that is none is refused by name', async () => {
  await expect(manifestsIn('/no/such/directory')).rejects.toThrow(
    '/no/such/directory is no directory',
  );
});

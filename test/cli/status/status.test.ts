import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/builtin.ts';
import type { KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { lookupOver } from '../../../src/cli/command/snapshot.ts';
import { changesBetween } from '../../../src/cli/status/changes.ts';
import { currentScene } from '../../../src/cli/status/current.ts';
import { frame } from '../../../src/cli/status/frame.ts';
import { emptyScene, sceneIn } from '../../../src/cli/status/scene.ts';
import { statusJson } from '../../../src/cli/status/status-json.ts';
import { anAppVersion, aTask, aWorkloadVersion } from '../../support/builders/builders.ts';

const hour = (n: number): string => `2026-11-28T${String(n).padStart(2, '0')}:00:00Z`;

interface Of<Status> {
  readonly status?: Status;
  readonly namespace?: string;
}
const shop = (
  version: string,
  at: number,
  { status, namespace = 'shop' }: Of<KeptnAppVersionStatus> = {},
) =>
  anAppVersion({
    metadata: {
      name: `shop-${version}`,
      namespace,
      uid: `kav-${namespace}-${version}`,
      creationTimestamp: hour(at),
    },
    spec: { version, workloads: [{ name: 'cart', version }] },
    ...(status && { status }),
  });
const cart = (
  version: string,
  at: number,
  { status, namespace = 'shop' }: Of<KeptnWorkloadVersionStatus> = {},
) =>
  aWorkloadVersion({
    metadata: {
      name: `shop-cart-${version}`,
      namespace,
      uid: `kwv-${namespace}-${version}`,
      creationTimestamp: hour(at),
    },
    spec: { version },
    ...(status && { status }),
  });
const pod = (version: string, isHeld: boolean, namespace = 'shop'): Pod => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: {
    name: `cart-${version}`,
    namespace,
    uid: `pod-${namespace}-${version}`,
    annotations: {
      'keptn.sh/app': 'shop',
      'keptn.sh/workload': 'cart',
      'keptn.sh/version': version,
    },
    ownerReferences: [
      { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: 'cart', uid: 'rs', controller: true },
    ],
  },
  ...(isHeld && { spec: { schedulingGates: [{ name: 'keptn-prechecks-gate' }] } }),
});

const sceneOf = (...objects: readonly KubernetesObject[]) =>
  sceneIn(lookupOver(objects), undefined);
const names = (objects: readonly KubernetesObject[]) =>
  objects.map(({ metadata }) => metadata.name);
const plain = { elapsedMs: 0, columns: Infinity, inColor: false };

describe('what is shown', () => {
  test('is the newest version of each application with its workloads; older ones when Pods of them are held', () => {
    const all = [1, 2, 3].flatMap((n) => [shop(`${n}.0.0`, n), cart(`${n}.0.0`, n)]);
    const scene = sceneOf(...all, pod('2.0.0', true), pod('3.0.0', false));
    const shown = currentScene(scene);
    expect(names(shown.appVersions)).toEqual(['shop-3.0.0']);
    expect(names(shown.workloadVersions)).toEqual(['shop-cart-2.0.0', 'shop-cart-3.0.0']);
    expect(currentScene(scene, 'other').appVersions).toEqual([]);
  });

  test('two Namespaces with one application are two applications, each with its own Pods', () => {
    const scene = sceneOf(
      ...['blue', 'green'].flatMap((namespace) => [
        shop('1.0.0', 1, { namespace }),
        cart('1.0.0', 1, { namespace }),
      ]),
      pod('1.0.0', true, 'green'),
    );
    const text = frame(currentScene(scene), plain).join('\n');
    expect(text).toContain('App blue/shop 1.0.0');
    expect(text).toContain('App green/shop 1.0.0');
    expect(text.match(/1 held/gu)).toHaveLength(1);
  });

  test('what people have written cannot move the cursor', () => {
    const hostile = cart('1.0.0\u001B[2J', 1);
    expect(frame(sceneOf(hostile), plain).join('\n')).not.toContain('\u001B');
    const task = aTask({ status: { status: 'Failed', message: 'bad\u001B[2J' } });
    const lines = changesBetween(emptyScene, sceneOf(task));
    expect(lines).toHaveLength(1);
    expect(lines.join('')).not.toContain('\u001B');
  });
});

describe('for programs', () => {
  test('an application has its phases and workloads, a workload its Pods', () => {
    const scene = sceneOf(
      shop('1.0.0', 1, {
        status: {
          status: 'Progressing',
          currentPhase: 'AppDeploy',
          preDeploymentStatus: 'Succeeded',
        },
      }),
      cart('1.0.0', 1, { status: { status: 'Failed', currentPhase: 'WorkloadPreDeployTasks' } }),
      pod('1.0.0', true),
    );
    expect(statusJson(scene)).toMatchObject({
      applications: [
        {
          application: 'shop',
          namespace: 'shop',
          version: '1.0.0',
          status: 'Progressing',
          phase: 'AppDeploy',
          phases: { AppPreDeployTasks: 'Succeeded', AppDeploy: 'Pending' },
          workloads: [
            { workload: 'shop-cart', status: 'Failed', pods: { all: 1, held: 1, ready: 0 } },
          ],
        },
      ],
      workloads: [],
    });
  });

  test('a workload that no application lists yet stands by itself', () => {
    expect(statusJson(sceneOf(cart('1.0.0', 1)))).toMatchObject({
      applications: [],
      workloads: [{ name: 'shop-cart-1.0.0', status: 'Pending' }],
    });
  });
});

describe('how long it takes', () => {
  const at = (minute: number): string => new Date(Date.UTC(2026, 10, 28, 12, minute)).toISOString();
  const check = (name: string, took: { startTime: string; endTime?: string }) =>
    ({ definitionName: 'load', name, status: 'Succeeded', ...took }) as const;
  const passed = (version: string, made: number, minutes: number) => {
    const took = { startTime: at(0), endTime: at(minutes) };
    return cart(version, made, {
      status: {
        status: 'Succeeded',
        currentPhase: 'Completed',
        preDeploymentTaskStatus: [check(`pre-load-${version}`, took)],
        phaseRecords: { WorkloadPreDeployTasks: { ...took, status: 'Succeeded' } },
      },
    });
  };
  const running = cart('9.0.0', 9, {
    status: {
      status: 'Progressing',
      currentPhase: 'WorkloadPreDeployTasks',
      preDeploymentStatus: 'Progressing',
      preDeploymentTaskStatus: [
        { ...check('pre-load-9', { startTime: at(10) }), status: 'Progressing' },
      ],
      phaseRecords: { WorkloadPreDeployTasks: { startTime: at(10) } },
    },
  });
  const now = Date.parse(at(12));
  const linesOf = (...objects: readonly KubernetesObject[]): string =>
    frame(currentScene(sceneOf(...objects)), { ...plain, now }).join('\n');

  test('is said of the phase and its checks by the median of the versions before', () => {
    const past = [passed('1.0.0', 1, 30), passed('2.0.0', 2, 3), passed('3.0.0', 3, 2)];
    const text = linesOf(...past, running);
    expect(text).toContain('Workload Pre-Deployment Tasks: 2m0s of about 3m0s');
    expect(text).toContain('load Progressing (2m0s of about 3m0s');
  });

  test('is not said where none has passed before, or of another workload or a later version', () => {
    const failed = cart('1.0.0', 1, {
      status: {
        phaseRecords: {
          WorkloadPreDeployTasks: { startTime: at(0), endTime: at(3), status: 'Failed' },
        },
      },
    });
    expect(linesOf(running)).not.toContain('of about');
    expect(linesOf(failed, running)).not.toContain('of about');
    const other = passed('1.0.0', 1, 3);
    const elsewhere = { ...other, spec: { ...other.spec, workloadName: 'shop-web' } };
    expect(linesOf(elsewhere, running)).not.toContain('of about');
  });
});

test('a follow-up stands below the check that it follows', () => {
  const failed = cart('1.0.0', 1, {
    status: {
      status: 'Failed',
      currentPhase: 'WorkloadPreDeployTasks',
      preDeploymentStatus: 'Failed',
      preDeploymentTaskStatus: [{ definitionName: 'smoke', name: 'pre-smoke', status: 'Failed' }],
    },
  });
  const smoke = aTask({
    metadata: { name: 'pre-smoke' },
    spec: { taskDefinition: 'smoke' },
    status: {
      status: 'Failed',
      followUps: [
        { definitionName: 'notify', name: 'tell', status: 'Progressing', trigger: 'onFailure' },
      ],
    },
  });
  const tell = aTask({
    metadata: { name: 'tell' },
    spec: { taskDefinition: 'notify' },
    status: { status: 'Progressing' },
  });
  const lines = frame(sceneOf(failed, smoke, tell), plain).map((line) => line.trimEnd());
  const at = lines.indexOf('      ✖ smoke Failed');
  expect(at).toBeGreaterThan(0);
  expect(lines[at + 1]).toBe('        ◌ onFailure: notify Progressing');
});

import { beforeAll, describe, expect, it } from 'vitest';
import type { Pod } from '../../src/api/builtin.ts';
import { keptnAnnotations, schedulingGate, sluiceKeys } from '../../src/api/keptn/annotations.ts';
import { conditionOf, conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { anAppContext } from '../support/builders/apps.ts';
import { busyboxImage } from '../node/base-images.ts';
import {
  type EnabledNamespace,
  isCompleted,
  isHeld,
  isReady,
} from '../support/cluster/enabled-namespace.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import {
  aBashFunction,
  aTask,
  aRealDaemonSet,
  aRealDeployment,
  aRealStatefulSet,
} from '../support/real/web.ts';

/** Workloads whose containers run: held, checked by functions that run, released, rolled out, rolled back. */

const withinMs = 90_000;

const owners = [
  { kind: 'Deployment', make: aRealDeployment, pods: 2 },
  { kind: 'StatefulSet', make: aRealStatefulSet, pods: 2 },
  { kind: 'DaemonSet', make: aRealDaemonSet, pods: 1 },
] as const;

describe.runIf(whyNoRealSluice() === undefined).concurrent('on a real node', () => {
  let sluice: RealSluice;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
  });

  describe.each(owners)('a $kind', ({ make, pods }) => {
    it('is held while its check runs, then released, and completes when its Pods are ready', async () => {
      await using shop = await sluice.namespace();
      await shop.apply(
        aBashFunction('migrate', 'sleep 3; echo schema 7'),
        make({ replicas: pods, preDeploymentTasks: ['migrate'], postDeploymentTasks: ['migrate'] }),
      );
      await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing', withinMs);
      expect((await shop.pods()).every(isHeld)).toBe(true);
      const version = await shop.untilVersion({ withinMs }, isCompleted);
      expect(isTrue(version, conditionTypes.released)).toBe(true);
      await shop.untilPods(pods, isReady, withinMs);
      expect((await shop.tasks()).map(({ status }) => status?.status)).toEqual([
        'Succeeded',
        'Succeeded',
      ]);
    });

    it('is rolled out to a second version, and back to the first, which runs no check again', async () => {
      await using shop = await sluice.namespace();
      const [first, second] = ['1.0.0', '2.0.0'].map((version) =>
        make({ version, replicas: pods, preDeploymentTasks: ['migrate'] }),
      );
      if (first === undefined || second === undefined) throw new Error('two versions are made');
      await shop.apply(aBashFunction('migrate', 'true'), first);
      await shop.untilVersion({ withinMs }, isCompleted);
      await shop.apply(second);
      await shop.untilVersion({ version: '2.0.0', withinMs }, isCompleted);
      await shop.untilPods(pods, isOf('2.0.0'), withinMs);
      const jobs = shop.created('jobs.batch');
      expect(jobs).toHaveLength(2);
      await shop.apply(first);
      await shop.untilPods(pods, isOf('1.0.0'), withinMs);
      expect(shop.created('jobs.batch')).toEqual(jobs);
    });
  });

  it('an application of all three, with tasks in deno, python, bash and a container, reaches Completed', async () => {
    await using shop = await sluice.namespace();
    const code = {
      deno: 'export default () => ({ by: "deno" });',
      python: 'import json, os\njson.dump({"by": "python"}, open(os.environ["KEPTN_RESULT"], "w"))',
      bash: 'echo \'{"by":"bash"}\' >"$KEPTN_RESULT"',
    };
    const functions = Object.entries(code).map(([language, text]) =>
      aTask(language, { [language]: { inline: { code: text } } }),
    );
    const container = aTask('container', {
      container: { name: 'check', image: busyboxImage, command: ['true'] },
    });
    await shop.apply(
      ...functions,
      container,
      anAppContext({ preDeploymentTasks: ['deno'], postDeploymentTasks: ['container'] }),
      aRealDeployment({ workload: 'cart', replicas: 2, preDeploymentTasks: ['python'] }),
      aRealStatefulSet({ workload: 'orders', replicas: 2, preDeploymentTasks: ['bash'] }),
      aRealDaemonSet({ workload: 'logs', postDeploymentTasks: ['container'] }),
    );
    await eventually(
      'the application is Completed with its three workloads',
      async () => {
        const [apps, workloads] = [await shop.appVersions(), await shop.workloadVersions()];
        return (
          apps.length > 0 && workloads.length === 3 && [...apps, ...workloads].every(isCompleted)
        );
      },
      withinMs,
    );
    const results = (await shop.tasks()).map(({ spec, status }) => [
      spec.taskDefinition,
      status?.status,
      status?.result,
    ]);
    expect(results).toEqual(
      expect.arrayContaining([
        ['deno', 'Succeeded', { by: 'deno' }],
        ['python', 'Succeeded', { by: 'python' }],
        ['bash', 'Succeeded', { by: 'bash' }],
        ['container', 'Succeeded', undefined],
      ]),
    );
    await shop.untilPods(5, isReady, withinMs);
  });

  it('the next version is held by its failing check while the old one serves, and a rollback goes through', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aBashFunction('migrate', 'true'),
      aBashFunction('refuse', 'echo schema 8 is missing >&2; exit 1'),
      aRealDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilVersion({ withinMs }, isCompleted);
    const [served] = await shop.untilPods(1, isReady, withinMs);

    await shop.apply(aRealDeployment({ version: '2.0.0', preDeploymentTasks: ['refuse'] }));
    const second = await shop.untilVersion(
      { version: '2.0.0', withinMs },
      ({ status }) => status?.status === 'Failed',
    );
    expect(conditionOf(second, conditionTypes.succeeded)?.message).toContain('schema 8 is missing');
    const held = await eventually('a Pod of the second version is held, and says why', async () => {
      const pod = (await shop.pods()).find(isHeld);
      return pod?.metadata.annotations?.[sluiceKeys.explanation]?.includes('schema 8 is missing')
        ? pod
        : undefined;
    });
    expect(held.spec?.schedulingGates).toEqual([{ name: schedulingGate }]);
    expect(isReady(await podNamed(shop, served?.metadata.name))).toBe(true);

    await shop.apply(aRealDeployment({ preDeploymentTasks: ['migrate'] }));
    await eventually('only the first version is left, ready', async () => {
      const pods = await shop.pods();
      return pods.length === 1 && pods.every(isReady);
    });
  });

  it('a version whose readiness probe fails is not Completed, and names the Pod that is not ready', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aRealDeployment({ probe: '/absent' }));
    await shop.untilPods(1, (pod) => !isHeld(pod) && pod.status?.phase === 'Running', withinMs);
    const version = await shop.untilVersion(
      { withinMs },
      ({ status }) => status?.currentPhase === 'WorkloadDeploy',
    );
    expect(version.status?.status).toBe('Progressing');
    // What helps is seen at once: the probe finds what it asks for.
    await shop.apply(aRealDeployment({ probe: '/passwd' }));
    await eventually(
      'the mended Pod completes it',
      async () => (await shop.workloadVersions()).some(isCompleted),
      withinMs,
    );
  });

  it('minReadySeconds are waited for before a version is deployed', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(aRealDeployment({ spec: { minReadySeconds: 6 } }));
    await shop.untilPods(1, isReady, withinMs);
    const readyAt = Date.now();
    await shop.untilVersion({ withinMs }, isCompleted);
    expect(Date.now() - readyAt).toBeGreaterThanOrEqual(4_000);
  });
});

/** Whether a Pod is ready and of this version. */
function isOf(version: string): (pod: Pod) => boolean {
  return (pod) => isReady(pod) && pod.metadata.annotations?.[keptnAnnotations.version] === version;
}

async function podNamed(shop: EnabledNamespace, name: string | undefined) {
  const pod = (await shop.pods()).find(({ metadata }) => metadata.name === name);
  if (pod === undefined) throw new Error(`Pod ${name ?? ''} is gone`);
  return pod;
}

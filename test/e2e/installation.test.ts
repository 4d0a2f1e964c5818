import { beforeAll, describe, expect, it } from 'vitest';
import { type Pod, PodKind } from '../../src/api/builtin.ts';
import type { Kind } from '../../src/api/object.ts';
import { published, publishedImage } from '../../src/config/published.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { isCompleted, isHeld, isReady } from '../support/cluster/enabled-namespace.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import { anAnnotatedPod } from '../support/real/annotated-pod.ts';
import { passing } from '../support/real/checks.ts';
import { serveChart } from '../support/real/chart-registry.ts';
import {
  helm,
  installInCluster,
  rolledOut,
  sluicePods,
} from '../support/real/install-in-cluster.ts';
import { installFromRegistry, readmeHelmCommands } from '../support/real/readme-install.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { reviewedWhile } from '../support/real/review-load.ts';
import { startChecks, taskStatus } from '../support/real/tasks.ts';
import { aBashFunction, aRealDeployment } from '../support/real/web.ts';

/** The chart, installed by Helm as README.md says: upgraded, rolled back, taken out and installed again while things are held. */

const here = ['--namespace', operatorNamespace];
const upgrade = ['upgrade', 'sluice', 'manifests/chart', ...here];
const rollback = ['rollback', 'sluice', ...here];

const admissionKinds: readonly Kind[] = [
  ['MutatingWebhookConfiguration', 'mutatingwebhookconfigurations'],
  ['ValidatingWebhookConfiguration', 'validatingwebhookconfigurations'],
  ['ValidatingAdmissionPolicy', 'validatingadmissionpolicies'],
  ['ValidatingAdmissionPolicyBinding', 'validatingadmissionpolicybindings'],
].map(([kind = '', plural = '']) => ({
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind,
  plural,
  namespaced: false,
}));

describe.runIf(whyNoRealSluice() === undefined)('the chart on a real node', () => {
  let sluice: RealSluice;
  beforeAll(async () => {
    sluice = await RealSluice.shared();
  });

  it('is what README.md’s command from a checkout has installed, and helm test passes', async () => {
    const listed = await helm(sluice.cluster, ['list', ...here, '--output', 'json']);
    expect(JSON.parse(listed)).toEqual([
      expect.objectContaining({ name: 'sluice', status: 'deployed' }),
    ]);
    expect(await sluicePods(sluice.cluster)).toHaveLength(2);
    const said = await helm(sluice.cluster, ['test', 'sluice', ...here]);
    const phases = [...said.matchAll(/^Phase: +(\w+)$/gmu)].map(([, phase]) => phase);
    expect(new Set(phases)).toEqual(new Set(['Succeeded']));
  });

  it('is upgraded to lean images of functions, which run, and rolled back: no review fails, what is held stays held, and a check that runs is not begun again', async () => {
    await using shop = await sluice.namespace();
    await using other = await sluice.namespace();
    const asked = await anAnnotatedPod(other);
    await shop.apply(
      aBashFunction('migrate', 'sleep 20'),
      aRealDeployment({ replicas: 2, preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilTask('migrate', ({ status }) => status?.status === 'Progressing', 60_000);
    const before = await names(sluice);
    const { pods, ungated, refused } = await reviewedWhile(sluice.cluster, asked, async () => {
      await helm(sluice.cluster, [...upgrade, '--set', leanImages]);
      await rolledOut(sluice.cluster);
      const between = await names(sluice);
      expect(between.filter((name) => before.includes(name))).toEqual([]);
      await inLeanImages(sluice);
      await helm(sluice.cluster, rollback);
      await rolledOut(sluice.cluster);
    });
    expect(refused).toEqual([]);
    expect(ungated).toEqual([]);
    expect(pods.length).toBeGreaterThan(100);
    await shop.untilVersion({ withinMs: 120_000 }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(1);
  });

  it('an upgrade that leaves too little memory is OOMKilled and replaces nothing; the rollback ends it', async () => {
    await using shop = await sluice.namespace();
    const asked = await anAnnotatedPod(shop);
    const before = await names(sluice);
    const { ungated, refused } = await reviewedWhile(sluice.cluster, asked, async () => {
      await helm(sluice.cluster, [
        ...upgrade,
        '--set',
        // Less than a process has of its own when it becomes ready (33 MB), and more than a container needs to begin.
        'resources.limits.memory=26Mi,resources.requests.memory=26Mi',
      ]);
      await eventually(
        'the new replica is killed for its memory',
        async () => (await sluicePods(sluice.cluster)).some(wasOutOfMemory),
        60_000,
      );
      expect(await names(sluice)).toEqual(expect.arrayContaining(before));
      await helm(sluice.cluster, rollback);
      await rolledOut(sluice.cluster);
    });
    expect(refused).toEqual([]);
    expect(ungated).toEqual([]);
    expect((await names(sluice)).toSorted()).toEqual(before.toSorted());
  });

  it('is uninstalled: what is held starts, no webhook, policy or process is left, and the objects stay', async () => {
    await using shop = await sluice.namespace();
    await shop.apply(
      aBashFunction('refuse', 'exit 1'),
      aRealDeployment({ replicas: 2, preDeploymentTasks: ['refuse'] }),
    );
    await shop.untilVersion({ withinMs: 60_000 }, ({ status }) => status?.status === 'Failed');
    expect((await shop.pods()).map(isHeld)).toEqual([true, true]);
    await helm(sluice.cluster, ['uninstall', 'sluice', ...here]);
    await shop.untilPods(2, isReady, 60_000);
    for (const kind of admissionKinds)
      expect((await sluice.cluster.list(kind)).map(({ metadata }) => metadata.name)).toEqual([]);
    await eventually(
      'its Pods have ended',
      async () => (await sluicePods(sluice.cluster)).length === 0,
    );
    expect((await shop.workloadVersions()).map(({ status }) => status?.status)).toEqual(['Failed']);
  });

  it('is installed from its registry by README.md’s command, over the CRDs that stayed, and both replicas become ready', async () => {
    const command = installFromRegistry();
    const address = new URL(command.find((word) => word.startsWith('oci://')) ?? '');
    expect(address.host).toBe(published.registry);
    await using registry = await serveChart(address.host, address.pathname.slice(1));
    await helm(sluice.cluster, command, registry.env);
    expect(registry.asked).toContainEqual(expect.stringMatching(/^GET .*\/blobs\/sha256:/u));
    await installInCluster(sluice.cluster);
    const pods = await sluicePods(sluice.cluster);
    expect(pods.map(isReady)).toEqual([true, true]);
    await using shop = await sluice.namespace();
    await shop.apply(
      aBashFunction('migrate', 'true'),
      aRealDeployment({ preDeploymentTasks: ['migrate'] }),
    );
    await shop.untilVersion({ withinMs: 60_000 }, isCompleted);
  });

  it('README.md names two ways of installing, and no third', () => {
    expect(readmeHelmCommands().filter(([verb]) => verb === 'install')).toHaveLength(2);
  });
});

/** The value that has each language run in the image that has no other. */
const leanImages = (['function', 'python', 'bash'] as const)
  .map((runner) => {
    const language = runner === 'function' ? 'deno' : runner;
    return `env.${runner}RunnerImage=${publishedImage(`sluice-functions-${language}`)}`;
  })
  .join(',');

/** A function of each language passes in its lean image. */
async function inLeanImages({ cluster }: RealSluice): Promise<void> {
  await using own = await cluster.namespace();
  await startChecks(
    cluster,
    own.name,
    passing.filter(({ spec }) => !('container' in spec)),
  );
  for (const language of ['deno', 'python', 'bash']) {
    const place = { namespace: own.name, name: `${language}-passes` };
    expect(await taskStatus(cluster, place)).toMatchObject({
      status: 'Succeeded',
      result: { sum: 3 },
    });
  }
  const pods = await cluster.list(PodKind, { namespace: own.name });
  const images = new Set(pods.map(({ spec }) => spec?.containers?.[0]?.image));
  expect(images).toEqual(
    new Set(
      ['deno', 'python', 'bash'].map((language) => publishedImage(`sluice-functions-${language}`)),
    ),
  );
}

async function names(sluice: RealSluice): Promise<string[]> {
  return (await sluicePods(sluice.cluster)).map(({ metadata }) => metadata.name);
}

/** Whether the kernel has killed a process of the Pod for its memory. */
function wasOutOfMemory({ status }: Pod): boolean {
  return (status?.containerStatuses ?? []).some(
    ({ state, lastState }) =>
      state?.terminated?.reason === 'OOMKilled' || lastState?.terminated?.reason === 'OOMKilled',
  );
}

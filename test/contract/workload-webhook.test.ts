import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { conditionTypes, isTrue } from '../../src/domain/conditions.ts';
import {
  aDaemonSet,
  aDeployment,
  anAppContext,
  anEvaluationDefinition,
  aStatefulSet,
  aTaskDefinition,
  type DescribedApp,
} from '../support/builders/apps.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { type Applied, kubectlApply, kubectlSays } from '../support/observed/kubectl-warnings.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** People apply Deployments, not Pods: what kubectl tells them about it. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});
afterAll(async () => {
  await sluice.configure();
});

const inTemplate = 'spec.template.metadata.annotations';

function apply(shop: EnabledNamespace, manifest: Manifest): Promise<Applied> {
  const { metadata } = manifest;
  return kubectlApply(shop.cluster, {
    ...manifest,
    metadata: { ...metadata, namespace: shop.name },
  });
}

/** The warnings about an object that is not stored; the caches may need a moment to know what was just applied. */
async function warningsBecome(
  shop: EnabledNamespace,
  manifest: Manifest,
  want: readonly string[],
): Promise<void> {
  const here: Manifest = { ...manifest, metadata: { ...manifest.metadata, namespace: shop.name } };
  let last: Applied | undefined;
  try {
    await eventually('kubectl warns as awaited', async () => {
      const trial = `dry-${Math.random().toString(36).slice(2)}`;
      last = await kubectlApply(shop.cluster, {
        ...here,
        metadata: { ...here.metadata, name: trial },
        spec: { ...(here['spec'] as object), replicas: 0 },
      });
      await kubectlSays(shop.cluster, 'delete', here.kind.toLowerCase(), trial, '-n', shop.name);
      return JSON.stringify(last.warnings) === JSON.stringify(want);
    });
  } catch {
    expect(last?.warnings).toEqual(want);
  }
}

const without = (...keys: readonly string[]) => Object.fromEntries(keys.map((key) => [key, '']));

const cases: readonly (readonly [
  what: string,
  described: DescribedApp,
  warnings: (ns: string) => string[],
])[] = [
  ['nothing', {}, () => []],
  [
    'an app alone',
    { annotations: without('keptn.sh/workload', 'keptn.sh/version') },
    () => [
      `${inTemplate}[keptn.sh/app]: no workload is named, so the Pods start without any check; add keptn.sh/workload beside it`,
    ],
  ],
  [
    'a container that is not there',
    { annotations: { ...without('keptn.sh/version'), 'keptn.sh/container': 'nginx' } },
    () => [
      `${inTemplate}[keptn.sh/container]: The container name 'nginx' specified in keptn.sh/container does not match any containers in the pod; name one of them, or set keptn.sh/version`,
    ],
  ],
  [
    'a slip in a key',
    { annotations: { 'keptn.sh/pre-deployment-task': 'a' } },
    () => [
      `${inTemplate}[keptn.sh/pre-deployment-task]: this key has no effect; did you mean keptn.sh/pre-deployment-tasks?`,
    ],
  ],
  [
    'checks that are not there',
    { preDeploymentTasks: ['load'], postDeploymentEvaluations: ['latency'] },
    (ns) => [
      `${inTemplate}[keptn.sh/pre-deployment-tasks]: not seen yet; KeptnTaskDefinition load is waited for (in ${ns} or keptn-system)`,
      `${inTemplate}[keptn.sh/post-deployment-evaluations]: not seen yet; KeptnEvaluationDefinition latency is waited for (in ${ns} or keptn-system)`,
    ],
  ],
];

describe('kubectl apply', () => {
  it.each(cases)('tells of %s in a Deployment', async (_what, described, warnings) => {
    await using shop = await sluice.namespace();
    const applied = await apply(shop, aDeployment({ ...described, replicas: 0 }));
    expect(applied.isAccepted).toBe(true);
    expect(applied.warnings).toEqual(warnings(shop.name));
  });

  it('tells of StatefulSets and DaemonSets, too', async () => {
    await using shop = await sluice.namespace();
    for (const manifest of [aStatefulSet, aDaemonSet]) {
      const { warnings } = await apply(
        shop,
        manifest({ annotations: { 'keptn.sh/versoin': '1' } }),
      );
      expect(warnings).toEqual([
        `${inTemplate}[keptn.sh/versoin]: this key has no effect; did you mean keptn.sh/version?`,
      ]);
    }
  });

  it('is silent once the checks are there', async () => {
    await using shop = await sluice.namespace();
    const cart = aDeployment({ preDeploymentTasks: ['smoke'], preDeploymentEvaluations: ['cpu'] });
    await shop.apply(aTaskDefinition('smoke'), anEvaluationDefinition('cpu', { cpu: '<1' }));
    await warningsBecome(shop, cart, []);
  });

  it('tells of a deadline that the checks may outlast, those of the application included', async () => {
    await using shop = await sluice.namespace();
    const spec = { timeout: '8m' };
    await shop.apply(
      aTaskDefinition('long', { spec }),
      anAppContext({ preDeploymentTasks: ['long'] }),
    );
    await warningsBecome(shop, aDeployment({ preDeploymentTasks: ['long'] }), [
      'spec.progressDeadlineSeconds: 600 is shorter than the checks before the deployment may take (16m0s), and the roll-out would be reported as failed; set it above 960, or annotate sluice.keptn.sh/progress-deadline=raise',
    ]);
    const patient = { progressDeadlineSeconds: 961 };
    await warningsBecome(shop, aDeployment({ preDeploymentTasks: ['long'], spec: patient }), []);
    const cart = aDeployment({ preDeploymentTasks: ['long'], replicas: 0 });
    const annotations = { 'sluice.keptn.sh/progress-deadline': 'raise' };
    const raising = { ...cart, metadata: { ...cart.metadata, annotations } };
    await warningsBecome(shop, raising, [
      'spec.progressDeadlineSeconds was raised from 600 to 1560: the checks before the deployment may take 16m0s',
    ]);
    await apply(shop, raising);
    const stored = '--for=jsonpath={.spec.progressDeadlineSeconds}=1560';
    const name = cart.metadata.name ?? '';
    const said = await kubectlSays(
      shop.cluster,
      'wait',
      'deployment',
      name,
      '-n',
      shop.name,
      stored,
      '--timeout=10s',
    );
    expect(said).toMatchObject({ isAccepted: true });
  });
});

describe('a version that has been released', () => {
  it('is told of with another Pod template; not when restarted, scaled or rolled back', async () => {
    await using shop = await sluice.namespace();
    await apply(shop, aDeployment());
    await shop.untilVersion({}, (version) => isTrue(version, conditionTypes.released));
    const other = aDeployment({
      podSpec: { containers: [{ name: 'main', image: 'registry.k8s.io/pause:3.9' }] },
    });
    const reused = `${inTemplate}[keptn.sh/version]: version 1.0.0 of workload cart has been released with another Pod template, so these Pods start without checks; give them a new version`;
    const on = ['deployment/cart', '-n', shop.name];
    const isTold = await eventually('the cache knows of the release', async () => {
      const { warnings } = await apply(shop, other);
      if (warnings.length > 0) return warnings;
      await apply(shop, aDeployment());
      return undefined;
    });
    expect(isTold).toEqual([reused]);
    for (const args of [
      ['rollout', 'restart', ...on],
      ['scale', '--replicas=2', ...on],
      ['annotate', ...on, 'example.com/x=y'],
    ]) {
      expect(await kubectlSays(shop.cluster, ...args)).toMatchObject({
        isAccepted: true,
        warnings: [],
      });
    }
    // What it was released with, though by now it has been restarted.
    const back = await apply(shop, aDeployment({ replicas: 2 }));
    expect(back).toMatchObject({ isAccepted: true, warnings: [] });
    const next = await apply(shop, aDeployment({ version: '2.0.0', replicas: 2 }));
    expect(next.warnings).toEqual([]);
  });
});

describe('with strictValidation', () => {
  it('the same words refuse what is a mistake; controllers go on working with what is there', async () => {
    await using shop = await sluice.namespace();
    const slip = aDeployment({ annotations: { 'keptn.sh/pre-deployment-task': 'a' } });
    expect((await apply(shop, slip)).isAccepted).toBe(true);
    await sluice.configure({ strictValidation: true });
    const other = aDeployment({ workload: 'other', annotations: { 'keptn.sh/versoin': '1' } });
    const refused = await eventually('strict mode is known', async () => {
      const applied = await apply(shop, other);
      return applied.isAccepted ? undefined : applied;
    });
    expect(refused.complaint).toContain(
      `${inTemplate}[keptn.sh/versoin]: this key has no effect; did you mean keptn.sh/version? (strictValidation is on)`,
    );
    const missing = await apply(
      shop,
      aDeployment({ workload: 'third', preDeploymentTasks: ['x'] }),
    );
    expect(missing.isAccepted).toBe(true);
    expect(missing.warnings).toHaveLength(1);
    const on = ['deployment/cart', '-n', shop.name];
    for (const args of [
      ['rollout', 'restart', ...on],
      ['scale', '--replicas=0', ...on],
    ]) {
      expect(await kubectlSays(shop.cluster, ...args)).toMatchObject({ isAccepted: true });
    }
    // The Deployment controller numbers its revisions in an annotation of the Deployment.
    await eventually('the second revision is rolled out', async () => {
      const said = await shop.cluster.kubectl([
        'get',
        ...on,
        '-o',
        'jsonpath={.metadata.annotations}',
      ]);
      return said.includes('"deployment.kubernetes.io/revision":"2"');
    });
    const changed = await apply(shop, {
      ...slip,
      spec: { ...(slip['spec'] as object), replicas: 3 },
    });
    expect(changed.isAccepted).toBe(true);
  });
});

describe('an annotated workload in a Namespace that is not opted in', () => {
  it('is told that nothing is checked, once', async () => {
    await using plain = await sluice.cluster.namespace();
    const deployment = aDeployment({ preDeploymentTasks: ['migrate'] });
    const here = { ...deployment, metadata: { ...deployment.metadata, namespace: plain.name } };
    const told = await kubectlApply(sluice.cluster, here);
    expect(told).toMatchObject({
      isAccepted: true,
      warnings: [
        expect.stringContaining(
          `kubectl annotate namespace ${plain.name} --overwrite keptn.sh/lifecycle-toolkit=enabled`,
        ),
      ],
    });
    const more = aDeployment({ preDeploymentTasks: ['migrate'], replicas: 3 });
    const scaled = { ...more, metadata: here.metadata };
    expect((await kubectlApply(sluice.cluster, scaled)).warnings).toEqual([]);
  });
});

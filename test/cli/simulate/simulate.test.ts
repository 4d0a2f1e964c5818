import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { samples } from '../../support/builders/samples.ts';
import { sluice } from '../../support/cluster/command-line.ts';

const deployment = (
  kind = 'Deployment',
  annotations = '{keptn.sh/workload: cart, keptn.sh/version: 1.0.0, keptn.sh/pre-deployment-tasks: check}',
) => `
apiVersion: apps/v1
kind: ${kind}
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata:
      labels: {app: cart}
      annotations: ${annotations}
    spec:
      schedulingGates: [{name: example.com/other}]
      containers: [{name: c, image: "example.com/c:1.0.0"}]
`;

const definition = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: {name: check, namespace: keptn-system}
spec: {container: {name: c, image: "example.com/c:1.0.0"}}
`;

let folder = '';
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-simulate-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

async function simulated(...documents: readonly string[]) {
  await writeFile(join(folder, 'all.yaml'), documents.join('\n---\n'));
  const said = await sluice(['simulate', '-f', folder, '-o', 'json']);
  return { ...said, outcomes: JSON.parse(said.output) };
}

describe('sluice simulate', () => {
  test.each(['Deployment', 'StatefulSet', 'DaemonSet'])(
    'holds the Pods of an annotated %s, and says what runs before and after',
    async (kind) => {
      const { exitCode, outcomes } = await simulated(deployment(kind), definition);
      expect(exitCode).toBe(0);
      expect(outcomes).toMatchObject([
        {
          object: `${kind} cart`,
          pods: 'held',
          app: 'cart',
          workload: 'cart',
          version: '1.0.0',
          phases: [
            {
              name: 'WorkloadPreDeployTasks',
              checks: [{ name: 'check', foundIn: 'keptn-system' }],
            },
            { name: 'WorkloadDeploy', checks: [] },
          ],
          pod: {
            spec: {
              schedulingGates: [{ name: 'example.com/other' }, { name: 'keptn-prechecks-gate' }],
            },
          },
        },
      ]);
    },
  );

  test("puts the application's phases around those of the workload", async () => {
    const context = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: {name: cart, namespace: shop}
spec: {preDeploymentTasks: [check], postDeploymentEvaluations: [rate], promotionTasks: [promote]}
`;
    const { outcomes } = await simulated(deployment(), definition, context);
    expect(outcomes[0].phases.map(({ name }: { name: string }) => name)).toEqual([
      'AppPreDeployTasks',
      'WorkloadPreDeployTasks',
      'WorkloadDeploy',
      'AppPostDeployEvaluations',
      'PromotionTasks',
    ]);
    const rate = outcomes[0].phases[3].checks[0];
    expect(rate).toEqual({ name: 'rate', kind: 'KeptnEvaluationDefinition' });
  });

  test('holds nothing without annotations, or in a Namespace that is not opted in', async () => {
    expect((await simulated(deployment('Deployment', '{}'))).outcomes).toMatchObject([
      { pods: 'starts', phases: [] },
    ]);
    const namespace = 'apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}';
    const { outcomes } = await simulated(deployment(), namespace);
    expect(outcomes).toMatchObject([{ pods: 'starts', patch: [] }]);
    expect(outcomes[0].why).toContain('is not opted in');
  });

  test('reads the annotations of the workload where the template has none', async () => {
    const text = deployment('Deployment', '{}').replace(
      'namespace: shop}',
      'namespace: shop, annotations: {keptn.sh/workload: cart}}',
    );
    const { outcomes } = await simulated(text);
    expect(outcomes).toMatchObject([{ pods: 'held', workload: 'cart' }]);
    expect(outcomes[0].pod.metadata.annotations).toMatchObject({ 'keptn.sh/workload': 'cart' });
  });

  test('prints the warnings of apply', async () => {
    const { outcomes } = await simulated(deployment('Deployment', '{keptn.sh/version: 1.0.0}'));
    expect(outcomes[0].warnings.join()).toContain('no workload is named');
  });

  test('ends with 1 when the Pods would be refused, with 2 when there is no workload', async () => {
    const long = 'v'.repeat(1_100);
    const refused = await simulated(
      deployment('Deployment', `{keptn.sh/workload: cart, keptn.sh/version: ${long}}`),
    );
    expect(refused).toMatchObject({ exitCode: 1, outcomes: [{ pods: 'denied' }] });
    await writeFile(join(folder, 'all.yaml'), definition);
    const none = await sluice(['simulate', '-f', folder]);
    expect(none.exitCode).toBe(2);
    expect(none.complaint).toContain('holds no Deployment, StatefulSet, DaemonSet or Rollout');
  });

  test('names manifests that it cannot read, and goes on with the others', async () => {
    const slip = definition.replace('KeptnTaskDefinition', 'KeptnTaskDefintion');
    const { exitCode, complaint, outcomes } = await simulated(deployment(), slip);
    expect(exitCode).toBe(0);
    expect(complaint).toContain('did you mean KeptnTaskDefinition?');
    expect(outcomes).toHaveLength(1);
  });

  test('finds every workload of the shop held', async () => {
    const { output, exitCode } = await sluice(['simulate', '-f', join(samples, 'shop', 'v1')]);
    expect(exitCode).toBe(0);
    expect(output.match(/Pods {6}held/gu)?.length).toBe(output.match(/^\S+ \S+ in /gmu)?.length);
  });
});

import { beforeAll, describe, expect, it } from 'vitest';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isHeld } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { flags, runSluice } from '../support/cluster/sluice-process.ts';

/** `sluice wait` and `sluice status` as a pipeline uses them. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

function run(command: string, namespace: string, ...more: readonly string[]) {
  const { kubeconfig } = sluice.cluster.controlPlane;
  return runSluice([command, ...more, ...flags({ kubeconfig, namespace })]);
}

describe('sluice wait', () => {
  it('may follow the apply at once, and returns when the version is through', async () => {
    await using shop = await sluice.namespace();
    const deployment = aDeployment({ replicas: 1, preDeploymentTasks: ['migrate'] });
    await shop.apply(aTaskDefinition('migrate', { delay: '1s' }), deployment);
    const target = `deployment/${deployment.metadata.name ?? ''}`;
    const passed = await run('wait', shop.name, target, '--for', 'passed', '--timeout', '90s');
    expect(passed.output).toContain('its checks have passed, its Pods may start');
    expect(passed.exitCode).toBe(0);
    const completed = await run('wait', shop.name, target, '--timeout', '90s');
    expect(completed.output).toContain('has completed');
    expect(completed.exitCode).toBe(0);
    const status = await run('status', shop.name);
    expect(status.output).toContain('✔ pre-tasks  ✔ pre-evals  ✔ deploy');
    expect(status.output).toContain('1 of 1 ready');
    expect(status.exitCode).toBe(0);
  });

  it('fails at once when a check has failed, with the chain to it: exit code 3', async () => {
    await using shop = await sluice.namespace();
    const deployment = aDeployment({ replicas: 1, preDeploymentTasks: ['migrate'] });
    const words = 'schema 7 is missing';
    await shop.apply(aTaskDefinition('migrate', { outcome: 'fail', message: words }), deployment);
    const target = `deployment/${deployment.metadata.name ?? ''}`;
    const ended = await run('wait', shop.name, target, '--for', 'passed', '--timeout', '5m');
    expect(ended.output).toContain('has failed in WorkloadPreDeployTasks');
    expect(ended.output).toContain(words);
    expect(ended.exitCode).toBe(3);
    const status = await run('status', shop.name, '-o', 'json');
    expect(status.exitCode).toBe(3);
    expect(JSON.parse(status.output)).toMatchObject({
      applications: [{ workloads: [{ status: 'Failed', pods: { held: 1 } }] }],
    });
  });

  it('gives up when its time is over, and says where to look: exit code 4', async () => {
    await using shop = await sluice.namespace();
    const deployment = aDeployment({ replicas: 1, preDeploymentTasks: ['nowhere'] });
    await shop.apply(deployment);
    await shop.untilPods(1, isHeld);
    const target = `deployment/${deployment.metadata.name ?? ''}`;
    const ended = await run('wait', shop.name, target, '--timeout', '2s');
    expect(ended.output).toContain(`sluice explain ${target} -n ${shop.name} says why`);
    expect(ended.exitCode).toBe(4);
  });
});

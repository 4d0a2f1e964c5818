import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { CustomResourceDefinitionKind } from '../../src/api/registration-kinds.ts';
import { send } from '../control-plane/http.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { flags, mustRunSluice } from '../support/cluster/sluice-process.ts';

/** What is taken away from an installation is named, and everything goes on when it is back. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const ClusterRoleKind: Kind = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'ClusterRole',
  plural: 'clusterroles',
  namespaced: false,
};

/** What the log has got since it had this length. */
const logFrom = async (length: number): Promise<string> =>
  (await readFile(join(sluice.installation.directory, 'sluice.log'), 'utf8')).slice(length);

async function readiness(): Promise<string> {
  const { port, caFile } = sluice.installation;
  const ca = await readFile(caFile, 'utf8');
  const url = `https://127.0.0.1:${port}/readyz`;
  return (await send({ url, ca, timeoutMs: 1_000 })).body;
}

describe('a ClusterRole that was revoked', () => {
  it('is told by the log and by /readyz, and a replica that starts becomes ready when it is back', async () => {
    const { cluster } = sluice;
    const role = { name: 'sluice' };
    const original = await cluster.get<KubernetesObject & { rules?: unknown }>(
      ClusterRoleKind,
      role,
    );
    const { length } = await logFrom(0);
    await sluice.stop();
    await cluster.patch(ClusterRoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: [] },
    ]);
    const started = sluice.start();
    await eventually('the log names what cannot be listed', async () =>
      /deployments cannot be listed.*\n(?:.*\n)*.*forbidden/u.test(await logFrom(length)),
    );
    expect(await readiness()).toMatch(/\[-\] caches: waiting for .*Deployment/u);
    await cluster.patch(ClusterRoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: original?.rules },
    ]);
    await started;
    expect(await readiness()).toContain('[+] caches ok');
  }, 180_000);
});

describe('a CustomResourceDefinition that was deleted', () => {
  it('is named by the log and by /readyz, and everything goes on when it is made again', async () => {
    const { cluster, installation } = sluice;
    const { length } = await logFrom(0);
    const name = 'keptnmetricsproviders.metrics.keptn.sh';
    await cluster.delete(CustomResourceDefinitionKind, { name });
    await eventually('the log names it', async () =>
      (await logFrom(length)).includes(`is CustomResourceDefinition ${name} missing?`),
    );
    await eventually('so does /readyz', async () =>
      (await readiness()).includes('without metrics.keptn.sh/v1/KeptnMetricsProvider'),
    );
    const { kubeconfig } = cluster.controlPlane;
    const { port, caFile, namespace } = installation;
    const url = `https://127.0.0.1:${port}`;
    await mustRunSluice([
      'install',
      '--crds',
      ...flags({ kubeconfig, namespace, url, 'ca-file': caFile }),
    ]);
    await eventually('it is served again', async () =>
      (await logFrom(length)).includes('serves keptnmetricsproviders again'),
    );
    await eventually(
      'and /readyz is content',
      async () => !(await readiness()).includes('without'),
    );
  }, 180_000);
});

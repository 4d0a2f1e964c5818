import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountUser } from '../../src/admission/sluice-user.ts';
import type { Kind } from '../../src/api/object.ts';
import { MutatingWebhookConfigurationKind } from '../../src/api/registration-kinds.ts';
import { certificateSecretName, SecretKind } from '../../src/api/secret.ts';
import { webhookConfigurationNames } from '../../src/controllers/certificates/trust-places.ts';
import { freePorts } from '../control-plane/ports.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { askForPods } from '../support/cluster/asked-pods.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  operatorNamespace,
  serviceAccountKubeconfig,
} from '../support/cluster/sluice-installation.ts';
import { flags, startSluice } from '../support/cluster/sluice-process.ts';
import { TwoReplicas } from '../support/cluster/two-replicas.ts';

/** Two replicas that keep their own certificates, behind what stands for a Service. */

const place = { namespace: operatorNamespace, name: certificateSecretName };
const configuration = { name: webhookConfigurationNames.mutating };
const tenASecond = { everyMs: 100, areStored: false };

let sluice: RunningSluice;
let two: TwoReplicas;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  two = await TwoReplicas.of(sluice);
});
afterAll(() => two[Symbol.asyncDispose]());

describe('two replicas with certificates of their own', () => {
  it('answer every review through a rotation, a rolling restart and a kill of the leader, and no Job runs twice', async () => {
    await using shop = await sluice.namespace();
    await eventually('the API server goes by the caBundles', () =>
      shop.apply(aTaskDefinition('check')).then(
        () => true,
        () => false,
      ),
    );
    await shop.apply(
      aDeployment({ preDeploymentTasks: ['check'], postDeploymentTasks: ['check'] }),
    );
    const reviews = askForPods(shop, tenASecond);
    const before = await two.rotated();
    const now = (await two.entry('ca.crt')) ?? 'none';
    expect(
      (await two.bundles()).every((one) => one.includes(now) && one.includes(before ?? '')),
    ).toBe(true);
    await two.trustNewAuthority();

    await two.restartOneByOne((end) => reviews.whileEnding(end));
    const first = await two.leader();
    await reviews.whileEnding(() => two.kill(first));
    await eventually('the other one leads', async () => (await two.leader()) !== first, 60_000);
    await two.start(first);
    await eventually('500 Pods were asked for', () => reviews.answers.asked >= 500, 90_000);

    const { asked, held, failed } = await reviews.stop();
    expect(failed).toEqual([]);
    expect(held).toBe(asked);
    await shop.untilVersion({ withinMs: 60_000 }, isCompleted);
    expect(shop.created('jobs.batch')).toHaveLength(2);
    expect(shop.created('keptntasks.lifecycle.keptn.sh')).toHaveLength(2);
  }, 300_000);

  it('have the caBundle put back that something else has overwritten', async () => {
    const good = await two.bundles();
    await sluice.cluster.patch(
      MutatingWebhookConfigurationKind,
      { ...configuration, type: 'json' },
      [{ op: 'remove', path: '/webhooks/0/clientConfig/caBundle' }],
    );
    await eventually('the caBundle is as it was', async () => (await two.bundles())[0] === good[0]);
    await eventually('an Event tells of it', async () => {
      const answer = await sluice.cluster.request('/apis/events.k8s.io/v1/events');
      return JSON.stringify(answer).includes('CABundleRepaired');
    });
  });

  it('answer on while the Secret is deleted and made again', async () => {
    await using shop = await sluice.namespace();
    const before = await two.secret();
    const reviews = askForPods(shop, tenASecond);
    await sluice.cluster.delete(SecretKind, place);
    await eventually(
      'there is a certificate again',
      async () => {
        const now = await two.secret();
        return now?.metadata.uid !== before?.metadata.uid && now?.data?.['tls.crt'] !== undefined;
      },
      90_000,
    );
    await eventually('a hundred more were asked for', () => reviews.answers.asked >= 400, 60_000);
    const { asked, held, failed } = await reviews.stop();
    expect(failed).toEqual([]);
    expect(held).toBe(asked);
  }, 200_000);

  it('share it with a replica that runs admission alone and may write nothing', async () => {
    const { cluster, installation } = sluice;
    const account = 'sluice-admission';
    const kubeconfig = await serviceAccountKubeconfig(cluster, installation.directory, account);
    const { server: port } = await freePorts();
    await two.trustNewAuthority();
    const alone = await startSluice({
      args: flags({
        kubeconfig,
        namespace: operatorNamespace,
        only: 'admission',
        'listen-address': '127.0.0.1',
        certificates: 'own',
        drain: '0s',
      }),
      port,
      caFile: two.caFile,
      logFile: join(installation.directory, 'certificates-alone.log'),
      signal: new AbortController().signal,
    });
    await alone.stop();
    const user = `system:serviceaccount:${operatorNamespace}:${account}`;
    expect(cluster.writes().filter((write) => write.user === user)).toEqual([]);
    expect(await readFile(alone.logFile, 'utf8')).not.toMatch(/forbidden|cannot be/iu);
  });

  it('say so when they may not write the Secret, and go on when they may again', async () => {
    const { cluster } = sluice;
    const RoleKind: Kind = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      plural: 'roles',
      namespaced: true,
    };
    const role = { namespace: operatorNamespace, name: 'sluice-certificates' };
    const original = await cluster.get(RoleKind, role);
    await cluster.patch(RoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: [] },
    ]);
    const logs = async () =>
      (await Promise.all(two.logFiles.map((logFile) => readFile(logFile, 'utf8')))).join('\n');
    // A restart reads the Secret, which is refused.
    const port = await two.leader();
    await two.kill(port);
    const lead = await eventually(
      'the other one leads',
      async () => {
        const now = await two.leader();
        return now === port ? undefined : now;
      },
      60_000,
    );
    expect(lead).not.toBe(port);
    await eventually('the log names the Secret', async () =>
      /secrets cannot be listed/u.test(await logs()),
    );
    await cluster.patch(RoleKind, { ...role, type: 'json' }, [
      { op: 'replace', path: '/rules', value: Reflect.get(original ?? {}, 'rules') },
    ]);
    await two.trustNewAuthority();
    await two.start(port);
  }, 200_000);

  it('read and write nothing they have no right to', async () => {
    const log = await readFile(sluice.cluster.controlPlane.auditLog ?? '', 'utf8');
    const user = serviceAccountUser(operatorNamespace);
    const refused = log
      .split('\n')
      .filter((line) => line.includes('"authorization.k8s.io/decision":"forbid"'))
      .filter((line) => line.includes(`"username":"${user}"`))
      .map((line) => /"requestURI":"([^"?]*)/u.exec(line)?.[1] ?? line)
      .filter((uri) => !uri.includes('/secrets'));
    expect(refused).toEqual([]);
  });
});

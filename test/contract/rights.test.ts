import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { serviceAccountUser } from '../../src/admission/sluice-user.ts';
import { freePorts } from '../control-plane/ports.ts';
import { aDeployment, aTaskDefinition } from '../support/builders/apps.ts';
import { isCompleted } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { forbiddenRequests } from '../support/observed/forbidden-requests.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  operatorNamespace,
  serviceAccountKubeconfig,
} from '../support/cluster/sluice-installation.ts';
import { flags, mustRunSluice, startSluice } from '../support/cluster/sluice-process.ts';

/** Sluice does all it does with the rights of its installation, and the half that only answers can only read. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const forbidden = (user: string) => forbiddenRequests(sluice.cluster.controlPlane.auditLog, user);

it('a version goes from held to completed without a request that is forbidden', async () => {
  await using shop = await sluice.namespace();
  await shop.apply(
    aTaskDefinition('check'),
    aTaskDefinition('inline', {
      spec: { container: undefined, bash: { inline: { code: 'true' } } },
    }),
    aDeployment({ preDeploymentTasks: ['check'], postDeploymentTasks: ['inline'] }),
  );
  await shop.untilVersion({}, isCompleted);
  expect(forbidden(serviceAccountUser(operatorNamespace))).toEqual([]);
});

it('admission alone answers under a service account that can only read', async () => {
  const { cluster, installation } = sluice;
  const { directory, caFile, namespace } = installation;
  const account = 'sluice-admission';
  const kubeconfig = await serviceAccountKubeconfig(cluster, directory, account);
  const { server: port } = await freePorts();
  const controller = new AbortController();
  const logFile = join(directory, 'admission-alone.log');
  const process = await startSluice({
    args: flags({
      kubeconfig,
      namespace,
      only: 'admission',
      'listen-address': '127.0.0.1',
      'cert-file': join(directory, 'tls.crt'),
      'key-file': join(directory, 'tls.key'),
      drain: '0s',
    }),
    port,
    caFile,
    logFile,
    signal: controller.signal,
  });
  try {
    // Ready: all it answers from is filled. What it may not list or write would be in the log.
    expect(await readFile(logFile, 'utf8')).not.toMatch(/forbidden/iu);
  } finally {
    await process.stop();
  }
  const user = `system:serviceaccount:${namespace}:${account}`;
  expect(forbidden(user)).toEqual([]);
  expect(sluice.cluster.writes().filter((write) => write.user === user)).toEqual([]);
});

it('the Lease may be in a namespace of its own', async () => {
  const { cluster } = sluice;
  await using leases = await cluster.namespace();
  const { kubeconfig } = cluster.controlPlane;
  const places = { kubeconfig, namespace: operatorNamespace, 'lease-namespace': leases.name };
  await mustRunSluice(['install', '--rights', ...flags(places)]);
  const mayPatch = async () =>
    cluster.request('/apis/authorization.k8s.io/v1/subjectaccessreviews', {
      method: 'POST',
      body: {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SubjectAccessReview',
        spec: {
          user: serviceAccountUser(operatorNamespace),
          resourceAttributes: {
            namespace: leases.name,
            group: 'coordination.k8s.io',
            resource: 'leases',
            verb: 'patch',
          },
        },
      },
    });
  await eventually('Sluice may patch the Lease there', async () =>
    JSON.stringify(await mayPatch()).includes('"allowed":true'),
  );
});

import { writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { serviceAccountUser } from '../../src/admission/sluice-user.ts';
import { CheckDefinition } from '../../src/api/keptn/check-definition.ts';
import { certificateSecretName, SecretKind } from '../../src/api/secret.ts';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { keptnAnnotations } from '../../src/api/keptn/annotations.ts';
import { ReleasedVersionsKind, releasedVersionsName } from '../../src/api/released-versions.ts';
import { rights } from '../../src/install/rbac.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { type Prometheus, servePrometheus } from '../demo/prometheus.ts';
import { aDeployment, aStatefulSet, aTaskDefinition } from '../support/builders/apps.ts';
import { fruits, fruitShopChecks, fruitShopWorkloads } from '../support/builders/fruit-shop.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import { EnabledNamespace, isCompleted } from '../support/cluster/enabled-namespace.ts';
import { storeOldAuthority } from '../support/cluster/old-authority.ts';
import { keptnConfig } from '../support/cluster/running-sluice.ts';
import { installSluice, operatorNamespace } from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';
import { rightOf, usedRights } from '../support/observed/used-rights.ts';

/** A check without a Job: Sluice says on it whether it can be read. */
const aFreezeOfThePast = {
  apiVersion: CheckDefinition.apiVersion,
  kind: CheckDefinition.kind,
  metadata: { name: 'past' },
  spec: {
    freezeWindow: { periods: [{ from: '2020-01-01T00:00:00Z', until: '2020-01-02T00:00:00Z' }] },
  },
};

/**
 * Sluice does all it does with exactly the rights of its installation: an audit log with every request of it, reads too, shows none
 * that is forbidden, and each right of its roles is made use of or stands below with the situation that needs it.
 */

/** Why a right is there that the scenario below does not make use of. */
interface Situation {
  readonly rights: RegExp;
  readonly when: string;
  /** Whether the scenario may meet it by chance: a conflict, a cache that is behind, a slow moment. */
  readonly byChance?: true;
}

const onlyThen: readonly Situation[] = [
  {
    rights: /\/finalizers$/u,
    when: 'the admission plugin OwnerReferencesPermissionEnforcement asks for it (OpenShift)',
  },
  {
    rights: /^(create|delete) keptnmetrics\.metrics/u,
    when: 'an objective of an evaluation has a query of its own',
  },
  {
    rights: /^(get|patch|delete) configmaps$/u,
    when: 'inline code was changed, or its copy holds something else',
    byChance: true,
  },
  {
    rights: /^delete jobs\.batch$/u,
    when: 'a task is aborted, or the time to live of a Job is over that nothing else ends',
  },
  {
    rights: /^delete (keptnapps|keptnappversions|keptnworkloadversions)\.lifecycle/u,
    when: 'the history is longer than KeptnConfig `retention`, or a generated application is no longer in use',
  },
  {
    rights:
      /^get .*\.(apps|argoproj\.io|batch|keptn\.sh)$|^get (namespaces|serviceaccounts|pods)$/u,
    when: 'a write met a conflict, or absence from a cache proves nothing: the object is read live',
    byChance: true,
  },
  {
    rights: /^patch keptnworkloadversions\.lifecycle/u,
    when: 'a version that was there before its Namespace opted in again runs: it is marked as running at the opt-in',
    byChance: true,
  },
  {
    rights: /^list events$/u,
    when: 'a Job has no Pods: only Events say why the API server refuses them',
    byChance: true,
  },
  { rights: /^patch events$/u, when: 'an Event is said again within six minutes', byChance: true },
  { rights: /^watch rollouts\.argoproj\.io$/u, when: 'Argo Rollouts is installed' },
];

const user = serviceAccountUser(operatorNamespace);
const auditPolicy = `apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
omitManagedFields: true
rules:
  - level: Metadata
    users: ["${user}"]
  - level: None
`;

let controlPlane: ControlPlane;
let cluster: TestCluster;
let prometheus: Prometheus;
let process: SluiceProcess | undefined;

beforeAll(async () => {
  prometheus = await servePrometheus({ host: '127.0.0.1', port: 0, value: 3 });
  const policyFile = join(tmpdir(), `sluice-audit-policy-${testRunPid()}.yaml`);
  await writeFile(policyFile, auditPolicy);
  const audit = { policyFile };
  controlPlane = await startControlPlane({ audit, owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
});
afterAll(async () => {
  await process?.stop();
  await controlPlane.stop();
  await prometheus.close();
});

/** The rights of the roles that the service account `sluice` is bound to. */
function declaredRights(): ReadonlySet<string> {
  const settings = { namespace: operatorNamespace, leaseNamespace: operatorNamespace };
  const roles = rights({ ...settings, backstop: true }).filter(
    ({ kind, metadata: { name } }) =>
      (kind === 'ClusterRole' && name === 'sluice') ||
      (kind === 'Role' && ['sluice', 'sluice-certificates'].includes(name)),
  );
  expect(roles).toHaveLength(3);
  const rules = roles.flatMap((role) =>
    'rules' in role ? (role.rules as readonly Granted[]) : [],
  );
  return new Set(
    rules.flatMap(({ apiGroups, resources, verbs }) =>
      apiGroups.flatMap((group) =>
        resources.flatMap((path) => {
          const [resource = '', subresource] = path.split('/');
          return verbs.map((verb) => rightOf(verb, { group, resource, subresource }));
        }),
      ),
    ),
  );
}

interface Granted {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

async function start(): Promise<void> {
  const installation = await installSluice(cluster);
  const { args, port, caFile, directory, namespace } = installation;
  const { kubeconfig } = controlPlane;
  const url = `https://127.0.0.1:${port}`;
  const places = flags({ kubeconfig, namespace, url, 'ca-file': caFile });
  await mustRunSluice(['install', '--force-conflicts', '--backstop', 'true', ...places]);
  await cluster.apply(keptnConfig({ keptnAppCreationRequestTimeoutSeconds: 2 }));
  await writeFile(caFile, await storeOldAuthority(cluster));
  process = await startSluice({
    args: [
      ...args,
      ...flags({ certificates: 'own', 'certificate-hosts': '127.0.0.1', backstop: 'true' }),
    ],
    port,
    caFile,
    logFile: join(directory, 'sluice.log'),
    signal: new AbortController().signal,
    owner: testRunPid(),
  });
}

describe('the whole scenario', () => {
  it('asks for nothing that is forbidden, and no right of the roles is without use', async () => {
    await start();
    const shop = await EnabledNamespace.create(cluster);
    // The caBundles come with the certificates.
    await eventually('the API server trusts Sluice', () =>
      shop.apply(aTaskDefinition('check')).then(
        () => true,
        () => false,
      ),
    );
    // An application with all kinds of checks, in one version and in the next.
    await shop.apply(...fruitShopChecks(prometheus.url));
    await shop.apply(aFreezeOfThePast);
    for (const version of ['1.0.0', '2.0.0']) {
      await shop.apply(...fruitShopWorkloads(version));
      for (const workload of fruits)
        await shop.untilVersion({ workload, version, withinMs: 120_000 }, isCompleted);
    }
    // A check that fails, and a version that takes its place; a StatefulSet whose held Pod of an old revision is deleted.
    await shop.apply(aTaskDefinition('broken', { outcome: 'fail' }));
    const failing = { workload: 'solo', app: 'none', preDeploymentTasks: ['broken'] };
    await shop.apply(
      aDeployment({ ...failing, version: '1.0.0' }),
      aStatefulSet({ ...failing, workload: 'store', version: '1.0.0' }),
    );
    await shop.untilVersion(
      { app: 'solo', workload: 'solo' },
      ({ status }) => status?.status === 'Failed',
    );
    await shop.untilVersion(
      { app: 'store', workload: 'store' },
      ({ status }) => status?.status === 'Failed',
    );
    const passing = { app: 'none', preDeploymentTasks: ['check'], version: '2.0.0' };
    await shop.apply(
      aDeployment({ ...passing, workload: 'solo' }),
      aStatefulSet({ ...passing, workload: 'store' }),
    );
    await shop.untilVersion({ app: 'solo', workload: 'solo', version: '2.0.0' }, isCompleted);
    await shop.untilVersion({ app: 'store', workload: 'store', version: '2.0.0' }, isCompleted);
    // The Secret with the certificates is made again.
    await cluster.delete(SecretKind, { namespace: operatorNamespace, name: certificateSecretName });
    await eventually('there is a Secret again', async () =>
      cluster.get(SecretKind, { namespace: operatorNamespace, name: certificateSecretName }),
    );
    // The Namespace opts out.
    await cluster.patch(
      NamespaceKind,
      { name: shop.name },
      { metadata: { annotations: { [keptnAnnotations.lifecycleToolkit]: 'disabled' } } },
    );
    await eventually('the list of what is released is gone', async () => {
      const list = { namespace: shop.name, name: releasedVersionsName };
      return (await cluster.get(ReleasedVersionsKind, list)) === undefined;
    });
    await shop[Symbol.asyncDispose]();

    const { allowed, forbidden } = usedRights(controlPlane.auditLog ?? '', user);
    expect([...forbidden]).toEqual([]);
    const declared = [...declaredRights()];
    const unused = declared.filter((right) => !allowed.has(right));
    const unexplained = unused.filter((one) => !onlyThen.some(({ rights: r }) => r.test(one)));
    expect(unexplained.toSorted()).toEqual([]);
    // And the other way round: what is explained is a right, and nothing above had to make use of it.
    const idle = onlyThen.filter(
      ({ rights: pattern, byChance }) =>
        !(byChance === true ? declared : unused).some((right) => pattern.test(right)),
    );
    expect(idle.map(({ when }) => when)).toEqual([]);
  }, 600_000);
});

import { beforeAll, describe, expect, it } from 'vitest';
import { policyManifests } from '../../src/admission/policies/policies.ts';
import { serviceAccountUser } from '../../src/admission/sluice-user.ts';
import { ConfigMapKind, JobKind, NamespaceKind, PodKind } from '../../src/api/builtin.ts';
import { KeptnEvaluation } from '../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { fieldOf } from '../../src/api/json.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import { aDeployment } from '../support/builders/apps.ts';
import { checkedVersion, placeOf, refusalOf } from '../support/cluster/checked-version.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import type { Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/** Who may write what Sluice makes, and what Sluice itself may write. */

let sluice: RunningSluice;
let cluster: TestCluster;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  ({ cluster } = sluice);
});

const PolicyKind: Kind<KubernetesObject & { readonly status?: unknown }> = {
  apiVersion: 'admissionregistration.k8s.io/v1',
  kind: 'ValidatingAdmissionPolicy',
  plural: 'validatingadmissionpolicies',
  namespaced: false,
};

it('the API server finds nothing wrong with the types in any policy', async () => {
  const policies = policyManifests({
    operatorNamespace,
    users: [serviceAccountUser(operatorNamespace)],
    requesterChecks: true,
  }).filter(({ kind }) => kind === PolicyKind.kind);
  for (const { metadata } of policies) {
    const { status } = await cluster.until(
      PolicyKind,
      { name: metadata.name },
      (policy) => fieldOf(policy.status, 'typeChecking') !== undefined,
    );
    expect([metadata.name, fieldOf(status, 'typeChecking')]).toEqual([metadata.name, {}]);
  }
});

const ownedBy = ({ apiVersion, kind, metadata }: KubernetesObject, controller = true) => ({
  apiVersion,
  kind,
  name: metadata.name,
  uid: metadata.uid,
  controller,
});

describe.concurrent('what a lifecycle object owns', () => {
  it('is not made by anybody but Sluice, of whatever kind, whether the owner controls it or not', async () => {
    await using shop = await sluice.namespace();
    const { version, task, tenant } = await checkedVersion(shop);
    const named = (owner: KubernetesObject, controller: boolean) => ({
      name: 'forged',
      namespace: shop.name,
      ownerReferences: [ownedBy(owner, controller)],
    });
    const template = {
      spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'registry.example/c:1' }] },
    };
    for (const controller of [true, false]) {
      const metadata = named(version, controller);
      const ofTask = named(task, controller);
      const { apiVersion } = KeptnTask;
      const forged: readonly Manifest[] = [
        { apiVersion, kind: 'KeptnTask', metadata, spec: { taskDefinition: 'endless' } },
        {
          apiVersion,
          kind: 'KeptnEvaluation',
          metadata,
          spec: { evaluationDefinition: 'x', workloadVersion: '1' },
        },
        { apiVersion: 'batch/v1', kind: 'Job', metadata: ofTask, spec: { template } },
        { apiVersion: 'v1', kind: 'ConfigMap', metadata: ofTask, data: { code: 'x' } },
      ];
      for (const manifest of forged) {
        const { refusal } = await tenant.cluster.verdictOn(manifest);
        expect([manifest.kind, refusal]).toEqual([
          manifest.kind,
          expect.stringContaining(
            'belongs to a lifecycle object and is made and changed by Sluice',
          ),
        ]);
      }
    }
  });

  it('is not changed by anybody else, neither spec nor status nor owners', async () => {
    await using shop = await sluice.namespace();
    const { version, task, job, tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const refused = expect.stringContaining('is made and changed by Sluice alone');
    const attempts: readonly (() => Promise<unknown>)[] = [
      () => theirs.patch(KeptnTask, placeOf(task), { spec: { taskDefinition: 'other' } }),
      () => theirs.patch(KeptnTask, placeOf(task), { metadata: { ownerReferences: [] } }),
      () =>
        theirs.patch(
          KeptnTask,
          { ...placeOf(task), subresource: 'status' },
          { status: { status: 'Succeeded' } },
        ),
      () =>
        theirs.patch(
          KeptnWorkloadVersion,
          { ...placeOf(version), subresource: 'status' },
          { status: { status: 'Succeeded' } },
        ),
      () => theirs.patch(JobKind, placeOf(job), { metadata: { ownerReferences: [] } }),
    ];
    for (const attempt of attempts) {
      const message = await attempt().then(
        () => 'done',
        (error: unknown) => String(error),
      );
      expect(message).toEqual(refused);
    }
  });

  it('takes labels and annotations, Jobs can be suspended, and everything can be deleted', async () => {
    await using shop = await sluice.namespace();
    const { version, task, job, tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const metadata = { annotations: { note: 'x' }, labels: { team: 'y' } };
    await theirs.patch(KeptnTask, placeOf(task), { metadata });
    await theirs.patch(KeptnWorkloadVersion, placeOf(version), { metadata });
    await theirs.patch(JobKind, placeOf(job), { metadata, spec: { suspend: true } });
    await theirs.delete(JobKind, placeOf(job));
    await theirs.delete(KeptnTask, placeOf(task));
  });

  it('may be let go of by the garbage collector', async () => {
    await using shop = await sluice.namespace();
    const { task, job } = await checkedVersion(shop);
    const { namespace, name } = placeOf(task);
    await cluster.request(
      `/apis/lifecycle.keptn.sh/v1/namespaces/${namespace}/keptntasks/${name}`,
      {
        method: 'DELETE',
        body: { propagationPolicy: 'Orphan' },
      },
    );
    await eventually('the task is gone', async () => {
      const found = await cluster.get(KeptnTask, placeOf(task));
      return found === undefined || found.metadata.uid !== task.metadata.uid;
    });
    const left = await cluster.get(JobKind, placeOf(job));
    expect(left?.metadata.ownerReferences ?? []).toEqual([]);
  });

  it('is made by hand as ever when no lifecycle object owns it', async () => {
    await using shop = await sluice.namespace();
    const { tenant } = await checkedVersion(shop);
    const evaluation = {
      apiVersion: KeptnEvaluation.apiVersion,
      kind: 'KeptnEvaluation',
      metadata: { name: 'by-hand', namespace: shop.name },
      spec: { evaluationDefinition: 'x', workloadVersion: '1' },
    };
    expect(await tenant.cluster.verdictOn(evaluation)).not.toHaveProperty('refusal');
  });

  it('is judged by the webhook although it claims to be Sluice’s own by label and owner', async () => {
    await using shop = await sluice.namespace();
    await cluster.apply({ ...aDeployment(), metadata: { name: 'cart', namespace: shop.name } });
    const task = {
      apiVersion: KeptnTask.apiVersion,
      kind: 'KeptnTask',
      metadata: {
        name: 'forged',
        namespace: shop.name,
        labels: { 'app.kubernetes.io/managed-by': 'keptn' },
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'x', uid: 'x', controller: true },
        ],
      },
      spec: { taskDefinition: 'not-there' },
    };
    const { warnings } = await cluster.as('somebody', 'system:masters').verdictOn(task);
    expect(warnings.join()).toContain('not-there');
  });
});

describe.concurrent('what releases Pods', () => {
  const refused = expect.stringContaining('made and changed by Sluice alone');

  it('a version is made by nobody but Sluice, whether anything owns it or not', async () => {
    await using shop = await sluice.namespace();
    const { version, tenant } = await checkedVersion(shop);
    const { apiVersion, spec } = version;
    const owners = [[], [{ ...ownedBy(version), apiVersion: 'v1', kind: 'ConfigMap' }]];
    for (const ownerReferences of owners) {
      const metadata = { name: 'forged', namespace: shop.name, ownerReferences };
      const workloadVersion = { apiVersion, kind: 'KeptnWorkloadVersion', metadata, spec };
      const appVersion = {
        apiVersion,
        kind: 'KeptnAppVersion',
        metadata,
        spec: { appName: spec.app, version: '9', revision: 9, workloads: [] },
      };
      for (const manifest of [workloadVersion, appVersion]) {
        const { refusal } = await tenant.cluster.verdictOn(manifest);
        expect([manifest.kind, refusal]).toEqual([manifest.kind, refused]);
      }
    }
  });

  it('that a version ran when its Namespace opted in is said by nobody but Sluice', async () => {
    await using shop = await sluice.namespace();
    const { version, tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const marked = (value: string | null) => ({
      metadata: { annotations: { 'sluice.keptn.sh/running-at-opt-in': value } },
    });
    const workload = { namespace: shop.name, name: version.spec.workloadName };
    const denial = expect.stringContaining('only Sluice writes the annotations');
    const next = marked(JSON.stringify(['9']));
    expect(await refusalOf(theirs.patch(KeptnWorkload, workload, next))).toEqual(denial);
    const onVersion = theirs.patch(KeptnWorkloadVersion, placeOf(version), marked('true'));
    expect(await refusalOf(onVersion)).toEqual(denial);
    const other = {
      apiVersion: KeptnWorkload.apiVersion,
      kind: KeptnWorkload.kind,
      metadata: { name: 'other', namespace: shop.name, ...next.metadata },
      spec: { ...version.spec, app: 'other', version: '9' },
    };
    expect(await theirs.verdictOn(other)).toEqual(expect.objectContaining({ refusal: denial }));
    await cluster.patch(KeptnWorkload, workload, { metadata: { annotations: { note: 'x' } } });
    await theirs.patch(KeptnWorkload, workload, marked(null));
  });
});

describe.concurrent('Sluice’s own user', () => {
  const own = () => cluster.as(serviceAccountUser(operatorNamespace), 'system:masters');

  it('writes ConfigMaps with the code of functions and no others', async () => {
    await using shop = await sluice.namespace();
    const configMap = (name: string) => ({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name, namespace: shop.name },
    });
    await own().create(ConfigMapKind, configMap('keptnfn-x'), { dryRun: true });
    const other = own().create(ConfigMapKind, configMap('coredns'), { dryRun: true });
    expect(await refusalOf(other)).toContain('only ConfigMaps whose names begin with keptnfn-');
  });

  it('changes nothing of a Namespace but its label', async () => {
    await using shop = await sluice.namespace();
    const patch = (metadata: object) =>
      own().patch(NamespaceKind, { name: shop.name }, { metadata });
    await patch({ labels: { 'sluice.keptn.sh/enabled': 'true' } });
    const label = { 'pod-security.kubernetes.io/enforce': 'privileged' };
    for (const metadata of [{ labels: label }, { annotations: { a: 'b' } }]) {
      expect(await refusalOf(patch(metadata))).toContain(
        'but the labels sluice.keptn.sh/enabled and',
      );
    }
    expect(await refusalOf(own().delete(NamespaceKind, { name: shop.name }))).toContain(
      'Namespace',
    );
  });

  it('makes no Job without a KeptnTask, changes no image of a Pod, and deletes no Pod that runs', async () => {
    await using shop = await sluice.namespace();
    const { task, job } = await checkedVersion(shop);
    const container = { name: 'c', image: 'registry.example/c:1' };
    const jobOf = (ownerReferences: readonly object[]) => ({
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: { name: 'x', namespace: shop.name, ownerReferences },
      spec: { template: { spec: { restartPolicy: 'Never', containers: [container] } } },
    });
    await own().create(JobKind, jobOf([ownedBy(task)]), { dryRun: true });
    expect(await refusalOf(own().create(JobKind, jobOf([]), { dryRun: true }))).toContain(
      'only Jobs that a KeptnTask owns',
    );
    const pods = await eventually('the Pod of the Job', async () => {
      const found = await cluster.list(PodKind, { namespace: shop.name });
      const ofJob = found.find(({ metadata }) =>
        metadata.ownerReferences?.some(({ uid }) => uid === job.metadata.uid),
      );
      return ofJob && { ofJob };
    });
    const place = placeOf(pods.ofJob);
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'evil' }];
    expect(await refusalOf(own().patch(PodKind, { ...place, type: 'json' }, image))).toContain(
      'but gates, labels and annotations',
    );
    expect(await refusalOf(own().delete(PodKind, place))).toContain(
      'only Pods that its gate holds',
    );
  });
});

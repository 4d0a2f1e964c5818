import { beforeAll, describe, expect, it } from 'vitest';
import { PodKind } from '../../src/api/builtin.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnMetric } from '../../src/api/keptn/metric.ts';
import { KeptnWorkload } from '../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../src/api/keptn/workload-version.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { checkedVersion, placeOf, refusalOf } from '../support/cluster/checked-version.ts';
import { type EnabledNamespace, isHeld } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { Tenant } from '../support/cluster/tenant.ts';
import type { TestCluster } from '../support/cluster/test-cluster.ts';

/** What people with many rights in one namespace cannot say in Sluice's place: by a subresource, a mark or a deletion. */

let sluice: RunningSluice;
let cluster: TestCluster;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  ({ cluster } = sluice);
});

/** Somebody with every right on Pods, and none on what Sluice keeps of them. */
async function withRightsOnPods(shop: EnabledNamespace): Promise<Tenant> {
  const tenant = new Tenant(cluster, shop.name);
  const resources = ['pods', 'pods/status', 'pods/ephemeralcontainers', 'pods/resize'];
  await tenant.grant({ apiGroups: [''], resources, verbs: ['get', 'patch'] });
  return tenant;
}

describe.concurrent('a held Pod', () => {
  it('stands for what it stood for, whichever subresource of it is written', async () => {
    await using shop = await sluice.namespace();
    await checkedVersion(shop);
    const { cluster: theirs } = await withRightsOnPods(shop);
    const [pod] = await shop.untilPods(1, isHeld);
    if (pod === undefined) throw new Error('no Pod');
    const place = placeOf(pod);
    const other = { annotations: { 'keptn.sh/version': 'other' } };
    const digest = { annotations: { 'sluice.keptn.sh/template-digest': 'other' } };
    for (const metadata of [other, { labels: { 'app.kubernetes.io/version': 'other' } }, digest]) {
      for (const subresource of [{}, { subresource: 'status' }]) {
        const written = theirs.patch(PodKind, { ...place, ...subresource }, { metadata });
        expect(await refusalOf(written)).toContain('is held by Sluice');
      }
    }
    for (const metadata of [
      { ownerReferences: [] },
      { labels: { 'controller-revision-hash': 'other' } },
    ]) {
      expect(await refusalOf(theirs.patch(PodKind, place, { metadata }))).toContain(
        'is held by Sluice',
      );
    }
    for (const subresource of ['ephemeralcontainers', 'resize']) {
      const to = { ...place, subresource };
      await refusalOf(theirs.patch(PodKind, to, { metadata: other }));
    }
    const after = await cluster.get(PodKind, place);
    expect(after?.metadata.annotations?.['keptn.sh/version']).toBe(
      pod.metadata.annotations?.['keptn.sh/version'],
    );
  });

  it('takes other labels, and conditions in its status', async () => {
    await using shop = await sluice.namespace();
    await checkedVersion(shop);
    const tenant = await withRightsOnPods(shop);
    const [pod] = await shop.untilPods(1, isHeld);
    if (pod === undefined) throw new Error('no Pod');
    const type = 'example.com/ready';
    const patched = await tenant.cluster.patch(
      PodKind,
      { ...placeOf(pod), subresource: 'status' },
      { metadata: { labels: { mine: 'x' } }, status: { conditions: [{ type, status: 'True' }] } },
    );
    expect(JSON.stringify(patched)).toContain(type);
    expect(patched.metadata.labels).toMatchObject({ mine: 'x' });
  });
});

describe.concurrent('what decides which version counts', () => {
  it('is no status and no workload that anybody but Sluice has written', async () => {
    await using shop = await sluice.namespace();
    const { version, tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const workload = { namespace: shop.name, name: version.spec.workloadName };
    const app = { namespace: shop.name, name: version.spec.app };
    await cluster.until(KeptnApp, app, () => true);
    const metric = { namespace: shop.name, name: 'latency' };
    await theirs.create(KeptnMetric, {
      apiVersion: KeptnMetric.apiVersion,
      kind: KeptnMetric.kind,
      metadata: metric,
      spec: { provider: { name: 'none' }, query: 'x', fetchIntervalSeconds: 3600 },
    });
    const retired = {
      type: 'Retired',
      status: 'True',
      reason: 'x',
      message: '',
      lastTransitionTime: '2026-01-01T00:00:00Z',
    };
    const status = (of: object) => ({ status: of });
    const subresource = 'status';
    const changed = 'is made and changed by Sluice alone';
    const forged = 'is written by Sluice alone';
    const inStatus = { ...workload, subresource };
    const attempts: readonly (readonly [() => Promise<unknown>, string])[] = [
      [() => theirs.patch(KeptnWorkload, inStatus, status({ conditions: [retired] })), changed],
      [() => theirs.patch(KeptnWorkload, workload, { spec: { version: '9' } }), changed],
      [
        () => theirs.patch(KeptnApp, { ...app, subresource }, status({ currentVersion: '9' })),
        forged,
      ],
      [() => theirs.patch(KeptnMetric, { ...metric, subresource }, status({ value: '1' })), forged],
    ];
    for (const [attempt, words] of attempts) expect(await refusalOf(attempt())).toContain(words);
    const annotations = { note: 'x' };
    await theirs.patch(KeptnWorkload, workload, { metadata: { annotations } });
    await theirs.patch(KeptnApp, app, { metadata: { annotations } });
    await theirs.patch(KeptnMetric, metric, { spec: { query: 'y' } });
  });

  it('is not the context that somebody else writes on an application version', async () => {
    await using shop = await sluice.namespace();
    const { tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const version = await eventually('an application version', async () => {
      const [found] = await shop.appVersions();
      return found;
    });
    const annotated = (value: string | null) =>
      theirs.patch(KeptnAppVersion, placeOf(version), {
        metadata: { annotations: { 'sluice.keptn.sh/app-context': value } },
      });
    for (const value of ['uid/2', null]) {
      expect(await refusalOf(annotated(value))).toContain('sluice.keptn.sh/app-context');
    }
    await theirs.patch(KeptnAppVersion, placeOf(version), {
      metadata: { annotations: { note: 'x' } },
    });
  });
});

describe('an aborted version', () => {
  it('is deleted by those who may have it tried again, alone or with others; any other one by everybody', async () => {
    await using shop = await sluice.namespace();
    const { version, tenant } = await checkedVersion(shop);
    const { cluster: theirs } = tenant;
    const member = new Tenant(cluster, shop.name);
    await member.grant({
      apiGroups: ['lifecycle.keptn.sh'],
      resources: ['keptnworkloadversions'],
      verbs: ['get', 'patch', 'delete', 'deletecollection'],
    });
    const place = placeOf(version);
    await cluster.patch(KeptnWorkloadVersion, place, {
      metadata: { annotations: { 'sluice.keptn.sh/abort': 'incident' } },
    });
    await shop.untilVersion({}, ({ status }) => status?.status === 'Failed');
    const words = `was aborted; deleted, it is made again without the abort, so that ${member.user} needs the verb retry`;
    expect(await refusalOf(member.cluster.delete(KeptnWorkloadVersion, place))).toContain(words);
    const all = `/apis/lifecycle.keptn.sh/v1/namespaces/${shop.name}/keptnworkloadversions`;
    expect(await refusalOf(member.cluster.request(all, { method: 'DELETE' }))).toContain(words);
    await theirs.delete(KeptnWorkloadVersion, place);
    const again = await shop.untilVersion(
      {},
      ({ metadata }) => metadata.uid !== version.metadata.uid,
    );
    await member.cluster.delete(KeptnWorkloadVersion, placeOf(again));
  });
});

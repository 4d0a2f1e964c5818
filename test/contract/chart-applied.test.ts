import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { renderedChart } from '../support/cluster/chart.ts';
import { chartProfiles } from '../support/cluster/chart-profiles.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/** Each object of the chart is accepted by a real API server, which refuses fields it does not know. */

let controlPlane: ControlPlane;
let cluster: TestCluster;

beforeAll(async () => {
  controlPlane = await startControlPlane({ owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
  await cluster.apply({
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: 'keptn-system' },
  });
  const foreign = [
    ['cert-manager.io', 'v1', 'Issuer', 'issuers'],
    ['cert-manager.io', 'v1', 'Certificate', 'certificates'],
    ['projectcalico.org', 'v3', 'NetworkPolicy', 'networkpolicies'],
    ['cilium.io', 'v2', 'CiliumNetworkPolicy', 'ciliumnetworkpolicies'],
    ['monitoring.coreos.com', 'v1', 'ServiceMonitor', 'servicemonitors'],
    ['monitoring.coreos.com', 'v1', 'PrometheusRule', 'prometheusrules'],
  ] as const;
  await cluster.apply(...foreign.map(openCrd));
  for (const [group, version] of foreign) {
    await eventually(`${group} is served`, async () =>
      cluster.request(`/apis/${group}/${version}`).catch(() => undefined),
    );
  }
});
afterAll(() => controlPlane.stop());

/** A CRD of somebody else that takes any fields. */
function openCrd([group, version, kind, plural]: readonly [
  string,
  string,
  string,
  string,
]): Manifest {
  const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: {
      name: `${plural}.${group}`,
      annotations: { 'api-approved.kubernetes.io': 'unapproved, for a test' },
    },
    spec: {
      group,
      scope: 'Namespaced',
      names: { kind, plural, singular: kind.toLowerCase() },
      versions: [
        { name: version, served: true, storage: true, schema: { openAPIV3Schema: schema } },
      ],
    },
  };
}

const JobKind = { apiVersion: 'batch/v1', kind: 'Job', plural: 'jobs', namespaced: true };
const jobs = { namespace: 'keptn-system' };

/** Jobs cannot be changed: Helm deletes the ones of a hook before it makes them again. */
async function deleteJobs(): Promise<void> {
  await cluster.delete(JobKind, jobs);
  await cluster.untilList(JobKind, jobs, (left) => left.length === 0);
}

it('the CRDs of the chart are applied', async () => {
  const crds = await renderedChart({}, 'crds.yaml');
  expect(crds.length).toBeGreaterThan(10);
  await cluster.applyStrictly(...crds);
});

describe('the chart, applied for', () => {
  it.each(Object.keys(chartProfiles))('%s', async (profile) => {
    const objects = await renderedChart({ ...chartProfiles[profile], crds: { install: false } });
    expect(objects.length).toBeGreaterThan(10);
    await deleteJobs();
    await cluster.applyStrictly(...objects);
  });
});

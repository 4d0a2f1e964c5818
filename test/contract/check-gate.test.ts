import { beforeAll, expect, it } from 'vitest';
import { NamespaceKind } from '../../src/api/builtin.ts';
import { renderedChart } from '../support/cluster/chart.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import {
  operatorNamespace,
  serviceAccountKubeconfig,
} from '../support/cluster/sluice-installation.ts';
import { flags, mustRunSluice } from '../support/cluster/sluice-process.ts';
import { forbiddenRequests } from '../support/observed/forbidden-requests.ts';

/** What `helm test` runs, with the rights that the chart gives it. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

it('an annotated Pod would be held, as the API server says with the rights of the test’s service account, and nothing is left of it', async () => {
  const { cluster, installation } = sluice;
  await cluster.apply(...(await renderedChart({}, 'tests/rights.yaml')));
  const kubeconfig = await serviceAccountKubeconfig(cluster, installation.directory, 'sluice-test');
  const said = await mustRunSluice(['check-gate', ...flags({ kubeconfig })]);
  expect(said).toBe(
    'an annotated Pod of a Namespace that opts in would be held (keptn-prechecks-gate)\n',
  );
  const user = `system:serviceaccount:${operatorNamespace}:sluice-test`;
  expect(forbiddenRequests(cluster.controlPlane.auditLog, user)).toEqual([]);
  await eventually('the Namespace of the trial is gone', async () =>
    cluster.get(NamespaceKind, { name: 'sluice-gate-trial' }).then((found) => found === undefined),
  );
});

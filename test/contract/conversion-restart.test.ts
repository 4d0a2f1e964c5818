import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { crdOf } from '../../src/api/crd.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Resource } from '../../src/api/resource.ts';
import { conditionOf, conditionTypes } from '../../src/domain/conditions.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { freePorts } from '../control-plane/ports.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { inVersion } from '../support/observed/in-version.ts';
import {
  evaluationDefinitionInProposal,
  queryInProposal,
  taskDefinitionInProposal,
} from '../support/builders/kep-93.ts';
import { installSluice, type SluiceInstallation } from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';
import { type Manifest, TestCluster } from '../support/cluster/test-cluster.ts';

/**
 * Definitions that an old Keptn has left in etcd in v1alpha2. Nobody can list them without a conversion, Sluice converts
 * them, and Sluice becomes ready by listing them. One story on a control plane of its own; each test goes on from the last.
 */

const namespace = 'podtato-kubectl';
const stored = [
  {
    kind: KeptnTaskDefinition,
    name: 'promote-staging',
    document: taskDefinitionInProposal('notify', 'roll-back'),
  },
  {
    kind: KeptnEvaluationDefinition,
    name: 'app-pre-deploy-eval-1',
    document: evaluationDefinitionInProposal('notify', 'roll-back'),
  },
] as const;

let directory: string;
let controlPlane: ControlPlane;
let cluster: TestCluster;
let installation: SluiceInstallation;
const replicas: SluiceProcess[] = [];

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-conversion-')));
  const dataDirectory = join(directory, 'data');
  controlPlane = await startControlPlane({ dataDirectory, owner: process.pid, removeData: true });
  cluster = new TestCluster(controlPlane);
  await storeInV1alpha2();
  installation = await installSluice(cluster);
});

afterAll(async () => {
  await Promise.all(replicas.map((replica) => replica.stop()));
  await controlPlane.stop();
  rmSync(directory, { recursive: true, force: true });
});

describe('definitions that are stored in v1alpha2', () => {
  it('cannot be listed while nobody converts them', async () => {
    // The API server starts with nothing cached: what it lists comes from etcd.
    await controlPlane.killApiServer();
    await controlPlane.startApiServer();
    await expect(cluster.list(KeptnTaskDefinition)).rejects.toThrow(
      /conversion webhook for .* failed/u,
    );
  });

  it('are listed, and all replicas become ready, when these start anew', async () => {
    const ports = [installation.port, (await freePorts()).server];
    replicas.push(...(await Promise.all(ports.map(start))));
    // The API server, too, fills its caches by converting; while it does, it asks clients to try again (429).
    const [task] = await eventually('task definitions are listed', () =>
      cluster.list(KeptnTaskDefinition),
    );
    const [evaluation] = await eventually('evaluation definitions are listed', () =>
      cluster.list(KeptnEvaluationDefinition),
    );
    expect(task?.spec.deno?.httpRef?.url).toContain('trigger-github-action');
    expect(task?.spec['on-success']).toBe('notify');
    expect(evaluation?.spec.objectives).toMatchObject([
      { name: 'available-cpus', query: queryInProposal },
    ]);
  });

  it('are worked on, and still read in v1alpha2 as they were written', async () => {
    const place = { namespace, name: 'promote-staging' };
    await cluster.until(KeptnTaskDefinition, place, (definition) => {
      return conditionOf(definition, conditionTypes.ready) !== undefined;
    });
    for (const { kind, name, document } of stored) {
      const shown = await cluster.get(inVersion(kind, 'v1alpha2'), { namespace, name });
      expect(shown?.spec).toEqual(parse(document).spec);
    }
  });

  it('stay readable in v1, and in v1 alone, when Sluice is uninstalled', async () => {
    await Promise.all(replicas.splice(0).map((replica) => replica.stop()));
    const { kubeconfig } = controlPlane;
    const told = await mustRunSluice([
      'uninstall',
      ...flags({ kubeconfig, namespace: installation.namespace }),
    ]);
    expect(told).toContain('only their stored version is served now');
    await eventually('v1alpha2 is not served any more', async () => {
      const asked = cluster.list(inVersion(KeptnTaskDefinition, 'v1alpha2'));
      return asked.then(
        () => false,
        () => true,
      );
    });
    // The API server fills its caches anew for the new CRD.
    const [definition] = await eventually('definitions are listed', () =>
      cluster.list(KeptnTaskDefinition),
    );
    expect(definition?.spec.deno?.httpRef?.url).toContain('trigger-github-action');
  });
});

async function storeInV1alpha2(): Promise<void> {
  for (const { kind } of stored) await cluster.apply(asOfOld(kind));
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const { kind, document } of stored) {
    const manifest: Manifest & { readonly spec: unknown } = parse(document);
    const here = { ...manifest, metadata: { ...manifest.metadata, namespace } };
    await eventually(`the API server takes a ${kind.kind} of v1alpha2`, () =>
      cluster.create(inVersion(kind, 'v1alpha2'), here),
    );
  }
}

/** The CRD as of a Keptn that stored v1alpha2 and converted nothing. */
function asOfOld(kind: Resource): Manifest {
  const { spec, ...crd } = crdOf(kind);
  const versions = spec.versions.map((version) => ({
    ...version,
    served: true,
    storage: version.name === 'v1alpha2',
  }));
  const old = { ...crd, spec: { ...spec, versions } };
  return old;
}

function start(port: number): Promise<SluiceProcess> {
  return startSluice({
    args: installation.args,
    caFile: installation.caFile,
    port,
    logFile: join(installation.directory, `sluice-${port}.log`),
    signal: new AbortController().signal,
  });
}

import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf } from '../../src/api/json.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import type { Resource } from '../../src/api/resource.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import {
  agedKinds,
  ages,
  keptnCrd,
  specOfAge,
  statusOfAge,
  versionsIn,
} from '../support/builders/keptn-ages.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { installSluice } from '../support/cluster/sluice-installation.ts';
import {
  flags,
  runSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';
import { inVersion } from '../support/observed/in-version.ts';

/** A cluster on which Keptns of three ages have stored objects. One story on a control plane of its own; each test goes on from the last. */

const namespace = 'aged';
const CrdKind: Kind<KubernetesObject & { status?: unknown; spec?: unknown }> = {
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'CustomResourceDefinition',
  plural: 'customresourcedefinitions',
  namespaced: false,
};

interface Stored {
  readonly kind: Resource;
  readonly version: string;
  readonly name: string;
}

let directory: string;
let controlPlane: ControlPlane;
let cluster: TestCluster;
let sluice: SluiceProcess | undefined;
const stored: Stored[] = [];
// KeptnAppCreationRequests are carried out and deleted as soon as a Sluice runs.
const kinds = agedKinds.filter(({ kind }) => kind !== 'KeptnAppCreationRequest');

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-ages-')));
  const dataDirectory = join(directory, 'data');
  controlPlane = await startControlPlane({ dataDirectory, owner: process.pid, removeData: true });
  cluster = new TestCluster(controlPlane);
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const age of ages) {
    const crds = kinds.flatMap((kind) => keptnCrd(age, kind) ?? []);
    await cluster.kubectl(
      ['apply', '--server-side', '--force-conflicts', '--field-manager=helm', '-f', '-'],
      JSON.stringify({ apiVersion: 'v1', kind: 'List', items: crds }),
    );
    for (const kind of kinds) {
      const version = versionsIn(age, kind).at(-1);
      if (version !== undefined) await store({ kind, version, name: `of-${age}` });
    }
  }
});

afterAll(async () => {
  await sluice?.stop();
  await controlPlane.stop();
  rmSync(directory, { recursive: true, force: true });
});

async function store(one: Stored): Promise<void> {
  const { kind, version, name } = one;
  const versioned = inVersion(kind, version);
  const manifest = {
    apiVersion: versioned.apiVersion,
    kind: kind.kind,
    metadata: { name, namespace },
    spec: specOfAge(kind, version),
  };
  // The API server serves a CRD a moment after it has taken it.
  await eventually(`${kind.kind} in ${version}`, async () => {
    await cluster.create(versioned, manifest);
    return true;
  });
  const status = statusOfAge(kind, version);
  if (status !== undefined) {
    await cluster.patch(versioned, { namespace, name, subresource: 'status' }, { status });
  }
  stored.push(one);
}

const crdOf = async ({ plural, group }: Resource) =>
  cluster.get(CrdKind, { name: `${plural}.${group}` });
const storedIn = async (kind: Resource): Promise<unknown> =>
  fieldOf(fieldOf(await crdOf(kind), 'status'), 'storedVersions');

describe('an installation over Keptns of three ages', () => {
  it('begins with several stored versions of every old kind', async () => {
    const before = await Promise.all(kinds.map(storedIn));
    expect(before[0]).toEqual(['v1alpha1', 'v1alpha3', 'v1']);
  });

  it('changes nothing by itself, and says for each CRD what is stored and what will be done', async () => {
    const before = await Promise.all(kinds.map(crdOf));
    const { exitCode, output } = await runSluice([
      'install',
      ...flags({
        kubeconfig: controlPlane.kubeconfig,
        namespace: 'keptn-system',
        url: 'https://127.0.0.1:9',
      }),
    ]);
    expect(exitCode).toBe(1);
    expect(output).toContain('nothing was changed, because others have set what Sluice sets');
    expect(output).toContain('helm owns');
    expect(output).toContain(
      'CustomResourceDefinition keptnapps.lifecycle.keptn.sh: objects may be stored as v1alpha1, v1alpha3; they are rewritten as v1',
    );
    const after = await Promise.all(kinds.map(crdOf));
    expect(after.map((crd) => crd?.metadata.resourceVersion)).toEqual(
      before.map((crd) => crd?.metadata.resourceVersion),
    );
  });

  it('leaves what nobody converts yet as it is stored, and ends it once a Sluice runs', async () => {
    const installation = await installSluice(cluster);
    const alike = kinds.find(({ kind }) => kind === 'KeptnApp');
    const converted = kinds.find(({ kind }) => kind === 'KeptnTaskDefinition');
    if (alike === undefined || converted === undefined) throw new Error('no such kinds');
    expect(await storedIn(alike)).toEqual(['v1']);
    expect(await storedIn(converted)).toEqual(['v1alpha1', 'v1alpha3', 'v1']);

    sluice = await startSluice({
      args: installation.args,
      caFile: installation.caFile,
      port: installation.port,
      logFile: join(installation.directory, 'sluice.log'),
      signal: new AbortController().signal,
    });
    const again = () =>
      runSluice([
        'install',
        ...flags({
          kubeconfig: controlPlane.kubeconfig,
          namespace: 'keptn-system',
          url: `https://127.0.0.1:${installation.port}`,
        }),
      ]);
    const second = await again();
    expect(second.output).not.toContain('Warning');
    for (const kind of kinds) {
      const [{ name }] = kind.versions;
      expect(await storedIn(kind)).toEqual([name]);
    }
    const third = await again();
    expect(third.output).not.toMatch(/ (?:created|changed|removed)$/mu);
    expect(third.output).not.toContain('stored as');
    // Two installations wait for API servers that could be late, and one of them for somebody who converts.
  }, 240_000);

  it('keeps every object whole, in the stored version and in its own', async () => {
    for (const { kind, version, name } of stored) {
      const own = await cluster.get(inVersion(kind, version), { namespace, name });
      expect(own?.spec, `${kind.kind} ${version}`).toMatchObject(specOfAge(kind, version));
      const status = statusOfAge(kind, version);
      if (status !== undefined)
        expect(own?.status, `${kind.kind} ${version}`).toMatchObject(status);
      const [{ name: now }] = kind.versions;
      expect(await cluster.get(inVersion(kind, now), { namespace, name })).toBeDefined();
    }
  });
});

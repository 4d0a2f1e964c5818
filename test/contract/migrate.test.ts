import { mkdtempSync, readFileSync, realpathSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fieldOf } from '../../src/api/json.ts';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import {
  CustomResourceDefinitionKind,
  MutatingWebhookConfigurationKind,
  ValidatingWebhookConfigurationKind,
} from '../../src/api/registration-kinds.ts';
import type { Resource } from '../../src/api/resource.ts';
import { LeaseKind } from '../../src/kubernetes/lease/lease-record.ts';
import { type ControlPlane, startControlPlane } from '../control-plane/control-plane.ts';
import { freePorts } from '../control-plane/ports.ts';
import {
  agedKinds,
  ages,
  keptnCrd,
  specOfAge,
  statusOfAge,
  versionsIn,
} from '../support/builders/keptn-ages.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { mustRunHelm } from '../support/cluster/chart.ts';
import { testRunPid } from '../support/cluster/control-plane.ts';
import { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { keptnNamespace } from '../support/cluster/keptn-chart.ts';
import { KeptnStandIn } from '../support/cluster/keptn-stand-in.ts';
import { PodStorm } from '../support/cluster/pod-storm.ts';
import { serviceAccountKubeconfig } from '../support/cluster/sluice-installation.ts';
import {
  flags,
  mustRunSluice,
  runSluice,
  type SluiceProcess,
  startSluice,
} from '../support/cluster/sluice-process.ts';
import { TestCluster } from '../support/cluster/test-cluster.ts';
import { KeptnInFlight } from '../support/cluster/keptn-in-flight.ts';
import { inVersion } from '../support/observed/in-version.ts';

/**
 * A Keptn that Helm has installed, with objects that three ages of it have stored and a version in the middle of its checks, gives
 * way to Sluice, comes back, and gives way again. One story on a control plane of its own; each test goes on from the last.
 */

interface Stored {
  readonly kind: Resource;
  readonly version: string;
  readonly name: string;
}

const namespace = 'aged';
// KeptnAppCreationRequests are carried out and deleted as soon as controllers run.
const kinds = agedKinds.filter(({ kind }) => kind !== 'KeptnAppCreationRequest');
const stored: Stored[] = [];

let directory: string;
let controlPlane: ControlPlane;
let cluster: TestCluster;
let keptn: KeptnStandIn;
let shop: EnabledNamespace;
let inFlight: KeptnInFlight;
let sluice: SluiceProcess | undefined;
let port: number;
let caFile: string;

beforeAll(async () => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-migrate-')));
  controlPlane = await startControlPlane({ audit: true, owner: testRunPid(), removeData: true });
  cluster = new TestCluster(controlPlane);
  await cluster.apply({ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } });
  for (const age of ages) {
    if (age === 'v1') keptn = await KeptnStandIn.installed(cluster, keptnValues);
    else await applyCrds(age);
    for (const kind of kinds) {
      const version = versionsIn(age, kind).at(-1);
      if (version !== undefined) await store({ kind, version, name: `of-${age}` });
    }
  }
  shop = await EnabledNamespace.create(cluster);
  inFlight = await KeptnInFlight.begun(shop);
  ({ server: port } = await freePorts());
  await mustRunSluice(['certs', ...flags({ directory })]);
  caFile = join(directory, 'ca.crt');
}, 240_000);

afterAll(async () => {
  await sluice?.stop();
  await keptn[Symbol.asyncDispose]();
  await controlPlane.stop();
  rmSync(directory, { recursive: true, force: true });
});

const keptnValues = {
  lifecycleOperator: { resources: { limits: { memory: '256Mi' } }, config: { health: {} } },
  metricsOperator: { replicas: 2 },
};

async function applyCrds(age: (typeof ages)[number]): Promise<void> {
  const items = kinds.flatMap((kind) => keptnCrd(age, kind) ?? []);
  await cluster.kubectl(
    ['apply', '--server-side', '--force-conflicts', '--field-manager=helm', '-f', '-'],
    JSON.stringify({ apiVersion: 'v1', kind: 'List', items }),
  );
}

async function store(one: Stored): Promise<void> {
  const { kind, version, name } = one;
  const versioned = inVersion(kind, version);
  const manifest = {
    apiVersion: versioned.apiVersion,
    kind: kind.kind,
    metadata: { name, namespace },
    spec: specOfAge(kind, version),
  };
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

const keptnsPlace = flags({ 'keptn-namespace': keptnNamespace });
const connection = () => flags({ kubeconfig: controlPlane.kubeconfig });
const toSluice = () => [
  ...connection(),
  ...flags({ url: `https://127.0.0.1:${port}`, 'ca-file': caFile, wait: '5m' }),
  // The API server reaches both by URLs, which name no namespace.
  ...keptnsPlace,
];

let tookMs = 15_000;

/** Starts Sluice once its service account is there, as its user does when the command asks for it. */
async function startOnceAsked(): Promise<void> {
  if (sluice !== undefined) return;
  await eventually(
    'the controllers are held back',
    async () => {
      const lease = await cluster.get(LeaseKind, { namespace: keptnNamespace, name: 'sluice' });
      const account = await cluster.get(ServiceAccountKind, {
        namespace: keptnNamespace,
        name: 'sluice',
      });
      return lease?.spec?.holderIdentity === 'sluice-migrate' && account !== undefined;
    },
    180_000,
  );
  sluice = await startSluice({
    args: [
      ...flags({
        kubeconfig: await serviceAccountKubeconfig(cluster, directory),
        namespace: keptnNamespace,
        'listen-address': '127.0.0.1',
        'cert-file': join(directory, 'tls.crt'),
        'key-file': join(directory, 'tls.key'),
        'log-format': 'text',
        drain: '0s',
      }),
    ],
    port,
    caFile,
    logFile: join(directory, 'sluice.log'),
    signal: new AbortController().signal,
  });
}

async function migrate(...args: readonly string[]): Promise<string> {
  const running = mustRunSluice(['migrate', ...args, ...toSluice()]);
  const [output] = await Promise.all([
    running,
    args.includes('--back') ? undefined : startOnceAsked(),
  ]);
  return output;
}

const storedIn = async ({ plural, group }: Resource): Promise<unknown> => {
  const crd = await cluster.get(CustomResourceDefinitionKind, { name: `${plural}.${group}` });
  return fieldOf(fieldOf(crd, 'status'), 'storedVersions');
};

const DeploymentKind: Kind = {
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  plural: 'deployments',
  namespaced: true,
};
const ServiceAccountKind: Kind = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  namespaced: true,
};
const ServiceKind: Kind = {
  apiVersion: 'v1',
  kind: 'Service',
  plural: 'services',
  namespaced: true,
};
const ApiServiceKind: Kind = {
  apiVersion: 'apiregistration.k8s.io/v1',
  kind: 'APIService',
  plural: 'apiservices',
  namespaced: false,
};

/** What a migration changes, without what differs from one time to the next. */
async function state(): Promise<Record<string, unknown>> {
  const places: readonly (readonly [Kind, { namespace?: string }])[] = [
    [CustomResourceDefinitionKind, {}],
    [MutatingWebhookConfigurationKind, {}],
    [ValidatingWebhookConfigurationKind, {}],
    [DeploymentKind, { namespace: keptnNamespace }],
    [ServiceKind, { namespace: keptnNamespace }],
  ];
  const lists = await Promise.all(places.map(([kind, place]) => cluster.list(kind, place)));
  const apiServices = (await cluster.list(ApiServiceKind)).filter(({ metadata }) =>
    metadata.name.includes('custom.metrics'),
  );
  const objects = [...lists.flat(), ...apiServices].map(
    (object) => [`${object.kind} ${object.metadata.name}`, contentOf(object)] as const,
  );
  const manifest = await mustRunHelm(['get', 'manifest', 'keptn', ...keptn.helm]);
  const names = [...manifest.matchAll(/^ {2}name: (\S+)/gmu)].map(([, name = '']) => name);
  return { ...Object.fromEntries(objects), 'Helm release': names.toSorted() };
}

function contentOf(object: KubernetesObject): object {
  const { metadata, ...rest } = object;
  const { labels = {}, annotations = {} } = metadata;
  const { 'deployment.kubernetes.io/revision': _, ...kept } = annotations;
  const status = fieldOf(object, 'status');
  return {
    ...rest,
    metadata: { labels, annotations: kept },
    status: fieldOf(status, 'storedVersions'),
  };
}

const replicas = async () =>
  Object.fromEntries(
    (await cluster.list(DeploymentKind, { namespace: keptnNamespace })).map((one) => [
      one.metadata.name,
      fieldOf(fieldOf(one, 'spec'), 'replicas'),
    ]),
  );

let keptnState: Record<string, unknown>;
let sluiceState: Record<string, unknown>;

describe('a Keptn that gives way', () => {
  it('is described, with what each of its parts becomes, and nothing is changed', async () => {
    keptnState = await state();
    const { output } = await runSluice(['migrate', ...connection()]);
    expect(output).toContain('Deployment keptn-system/lifecycle-operator v2.0.0');
    expect(output).toContain('Helm release keptn-system/keptn, revision 1');
    expect(output).toContain('KeptnApp: 4, stored as v1alpha1, v1alpha3, v1');
    expect(output).toContain('Analysis: 0');
    expect(output).toContain('APIService v1beta2.custom.metrics.k8s.io');
    expect(output).toContain('lifecycleOperator.config\n');
    expect(output).toContain('metricsOperator.replicas\n');
    expect(output).toContain('Nothing was changed. To do it: sluice migrate --apply');
    expect(await state()).toEqual(keptnState);
  });

  it('converts by itself until then, and loses what its present version lacks', async () => {
    const place = { namespace, name: 'of-v1alpha3' };
    const before = keptn.converted;
    const app = await cluster.get(inVersion(KeptnApp, 'v1'), place);
    expect(keptn.converted).toBeGreaterThan(before);
    expect(app?.spec).toEqual({
      version: '1.0.0',
      revision: 1,
      workloads: [{ name: 'cart', version: '1.0.0' }],
    });
    const definition = await cluster.get(inVersion(KeptnTaskDefinition, 'v1'), place);
    expect(definition?.spec).not.toHaveProperty('function');
    expect(await storedIn(KeptnTask)).toEqual(['v1alpha1', 'v1alpha3', 'v1']);
  });

  it('gives way under a storm of Pods: none passes unchecked, and none is refused', async () => {
    const storm = PodStorm.over(shop);
    const before = keptn.answered;
    const began = Date.now();
    const output = await migrate('--apply');
    tookMs = Date.now() - began;
    expect(output).toContain('Sluice has taken over in keptn-system');
    const { asked, unchecked, refused } = await storm.end();
    expect({ unchecked, refused }).toEqual({ unchecked: [], refused: [] });
    expect(asked).toBeGreaterThan(50);
    expect(keptn.answered).toBeGreaterThan(before);
    expect(keptn.isAnswering).toBe(false);
    expect(await replicas()).toMatchObject({
      'certificate-operator': 0,
      'lifecycle-operator': 0,
      'metrics-operator': 0,
    });
    sluiceState = await state();
  }, 400_000);

  it('lets a version go on from its phase: what Keptn had begun ends once, and nothing runs twice', async () => {
    await inFlight.untilCompleted();
    expect(await inFlight.runs()).toEqual(inFlight.expectedRuns);
    expect(await inFlight.releaseReasons()).toEqual({
      cart: 'ChecksPassed',
      catalogue: 'ReleasedByKeptn',
    });
  }, 90_000);

  it('leaves every object whole, in the stored version and in its own, and nothing in old ones', async () => {
    const app = await cluster.get(KeptnApp, { namespace, name: 'of-v1alpha3' });
    expect(app?.spec).toMatchObject({ preDeploymentTasks: ['check'] });
    for (const { kind, version, name } of stored) {
      const own = await cluster.get(inVersion(kind, version), { namespace, name });
      expect(own?.spec, `${kind.kind} ${version}`).toMatchObject(specOfAge(kind, version));
      const [{ name: now }] = kind.versions;
      expect(await cluster.get(inVersion(kind, now), { namespace, name })).toBeDefined();
      expect(await storedIn(kind)).toEqual([now]);
    }
  });

  it('a second time changes nothing', async () => {
    await migrate('--apply');
    expect(await state()).toEqual(sluiceState);
  }, 240_000);
});

describe('the way back', () => {
  it('is described, with what Keptn cannot read, and nothing is changed', async () => {
    const output = await mustRunSluice(['migrate', '--back', ...toSluice()]);
    expect(output).toContain('Deployment keptn-system/lifecycle-operator\n    is scaled to 1');
    expect(await state()).toEqual(sluiceState);
  });

  it('makes everything be as it was, under a storm of Pods of which none passes unchecked', async () => {
    const storm = PodStorm.over(shop);
    await migrate('--back', '--apply');
    const { unchecked, refused } = await storm.end();
    expect({ unchecked, refused }).toEqual({ unchecked: [], refused: [] });
    expect(keptn.isAnswering).toBe(true);
    await sluice?.stop();
    sluice = undefined;
    expect(withoutStored(await state())).toEqual(withoutStored(keptnState));
    for (const { kind, name } of stored) {
      const versions = versionsIn('v1', kind);
      const newest = inVersion(kind, versions.at(-1) ?? 'v1');
      expect(await cluster.get(newest, { namespace, name }), kind.kind).toBeDefined();
    }
  }, 240_000);
});

/** Objects that were rewritten stay so, and CRDs that Keptn did not have stay with what is in them. */
function withoutStored(all: Record<string, unknown>): Record<string, unknown> {
  const entries = Object.entries(all).flatMap(([key, value]) =>
    keptnState[key] === undefined ? [] : [[key, { ...Object(value), status: undefined }] as const],
  );
  return Object.fromEntries(entries);
}

describe('a migration that is killed', () => {
  it('at twenty random moments, and begun again each time, ends in the same state', async () => {
    const random = new SeededRandom(Date.now() % 100_000);
    const [early, late] = [14, 6];
    const account = { namespace: keptnNamespace, name: 'sluice' };
    for (let kill = 0; kill < early + late; kill += 1) {
      // Most of them in the first seconds, and the others all the way to the end.
      const part = (kill - early + random.next()) / late;
      const afterMs = kill < early ? 300 + random.next() * 4_000 : part * tookMs;
      const child = spawn(
        process.execPath,
        [
          new URL('../../src/main.ts', import.meta.url).pathname,
          'migrate',
          '--apply',
          ...toSluice(),
        ],
        { stdio: 'ignore' },
      );
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
      await Promise.race([sleep(afterMs), ended]);
      child.kill('SIGKILL');
      await ended;
      const isHeld = await cluster.get(ServiceAccountKind, account);
      if (isHeld !== undefined && kill >= early) await startOnceAsked();
    }
    await migrate('--apply');
    expect(await state()).toEqual(sluiceState);
    expect(await inFlight.runs()).toEqual(inFlight.expectedRuns);
  }, 1_200_000);
});

describe('helm uninstall of that Keptn', () => {
  it('takes its operators away, and neither CRDs nor objects nor webhooks', async () => {
    const output = await mustRunHelm(['uninstall', 'keptn', ...keptn.helm]);
    expect(output).toContain('release "keptn" uninstalled');
    expect(await replicas()).toEqual({});
    const after = await state().catch(() => undefined);
    expect(after).toBeUndefined();
    for (const { kind, version, name } of stored) {
      const own = await cluster.get(inVersion(kind, version), { namespace, name });
      expect(own?.spec, `${kind.kind} ${version}`).toMatchObject(specOfAge(kind, version));
    }
    const storm = PodStorm.over(shop);
    await sleep(1_000);
    const { asked, unchecked, refused } = await storm.end();
    expect(asked).toBeGreaterThan(0);
    expect({ unchecked, refused }).toEqual({ unchecked: [], refused: [] });
    expect(await cluster.list(KeptnTaskDefinition, { namespace })).not.toEqual([]);
    const back = await runSluice(['migrate', '--back', '--apply', ...toSluice()]);
    expect(back).toMatchObject({ exitCode: 2 });
    expect(back.output).toContain(
      'lifecycle-operator is gone, so that its webhooks would get no answer',
    );
  }, 120_000);

  it('what runs afterwards has said nothing of being forbidden', () => {
    expect(readFileSync(join(directory, 'sluice.log'), 'utf8')).not.toMatch(/forbidden/iu);
  });
});

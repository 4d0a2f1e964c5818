import { describe, expect, test } from 'vitest';
import { webhookServiceName } from '../../src/admission/manifests.ts';
import { type KubernetesObject, type ObjectRef, refKey, refOf } from '../../src/api/object.ts';
import { emergencyStop } from '../../src/install/emergency-stop.ts';
import type { InstallCluster } from '../../src/install/install-cluster.ts';
import { everyDeployment, everyObject, objectsOfPart } from '../../src/install/installation.ts';
import { uninstall } from '../../src/install/uninstall.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

const namespace = 'keptn-system';
const target = { service: { name: webhookServiceName, namespace } };
const settings = { namespace, target, ...everyObject };
const [deployment] = everyDeployment(settings).filter(({ kind }) => kind.kind === 'Deployment');

/** What an installation leaves after its release was deleted, and what is deleted of it. */
function leftovers(onDelete: (live: Map<string, KubernetesObject>) => void = () => undefined) {
  const live = new Map<string, KubernetesObject>();
  for (const part of ['webhooks', 'policy', 'rights'] as const) {
    for (const { kind, object } of objectsOfPart(part, settings)) {
      if (kind.kind === 'Namespace') continue;
      const metadata = { ...object.metadata, uid: object.metadata.name };
      live.set(refKey(refOf(kind, object)), { ...object, metadata });
    }
  }
  const deleted: string[] = [];
  const cluster: Pick<InstallCluster, 'get' | 'delete' | 'listPaged'> = {
    get: async (ref: ObjectRef) => live.get(refKey(ref)),
    delete: async (ref: ObjectRef) => {
      live.delete(refKey(ref));
      deleted.push(ref.kind.kind);
      onDelete(live);
    },
    async *listPaged() {
      yield { items: [], remaining: 0 };
    },
  };
  return { cluster: cluster as InstallCluster, live, deleted };
}

const install = (live: Map<string, KubernetesObject>, metadata: object = {}): void => {
  if (deployment === undefined) throw new Error('an installation has a Deployment');
  const { kind, object } = deployment;
  live.set(refKey(refOf(kind, object)), {
    ...object,
    metadata: { ...object.metadata, uid: 'new', ...metadata },
  });
};

async function run(
  { cluster }: Pick<ReturnType<typeof leftovers>, 'cluster'>,
  as: { readonly crds?: boolean; readonly unlessInstalled?: boolean } = {},
): Promise<string> {
  const lines: string[] = [];
  await uninstall(
    { namespace, leaseName: 'sluice', crds: false, force: false, unlessInstalled: true, ...as },
    { cluster, clock: new TestClock(), tell: (line) => void lines.push(line) },
  );
  return lines.join('\n');
}

describe('the Job of an uninstall that comes late', () => {
  test('takes nothing away from an installation that is there', async () => {
    const world = leftovers();
    install(world.live);
    expect(await run(world)).toContain('Sluice is installed again');
    expect(world.deleted).toEqual([]);
  });

  test('stops where an installation begins while it works', async () => {
    const world = leftovers((live) => install(live));
    expect(await run(world)).toContain('nothing more is taken away');
    expect(new Set(world.deleted)).toEqual(
      new Set(['MutatingWebhookConfiguration', 'ValidatingWebhookConfiguration']),
    );
  });

  test('is not stopped by a Deployment that is being deleted', async () => {
    const world = leftovers();
    install(world.live, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(await run(world)).toContain('rights removed');
  });
});

describe('an uninstall beside a Keptn, whose names Sluice shares', () => {
  const keptns = (type: string, metadata: object, rest: object): KubernetesObject => {
    const [apiVersion = '', kind = ''] = type.split(' ');
    return Object.assign({ apiVersion, kind, metadata: { name: '', uid: 'k', ...metadata } }, rest);
  };
  const name = 'lifecycle-mutating-webhook-configuration';
  const all = [
    ...(['webhooks', 'rights'] as const).flatMap((part) => objectsOfPart(part, settings)),
    ...everyDeployment(settings),
  ];

  function beside() {
    const world = leftovers();
    const put = (object: KubernetesObject): void => {
      const known = all.find(
        (one) => one.kind.kind === object.kind && one.object.metadata.name === object.metadata.name,
      );
      if (known === undefined) throw new Error(`Sluice has no ${object.metadata.name}`);
      world.live.set(refKey(refOf(known.kind, known.object)), object);
    };
    const hook = { name: 'mpod.keptn.sh', clientConfig: { service: target.service } };
    const spec = { selector: { 'control-plane': 'lifecycle-operator' } };
    put(
      keptns(
        'admissionregistration.k8s.io/v1 MutatingWebhookConfiguration',
        { name },
        { webhooks: [hook] },
      ),
    );
    for (const service of [webhookServiceName, 'lifecycle-operator-metrics-service']) {
      put(keptns('v1 Service', { name: service, namespace }, { spec }));
    }
    return { ...world, keptns: [...world.live.values()].filter((one) => one.metadata.uid === 'k') };
  }

  test('leaves what is Keptn’s, says so, and takes the rest away', async () => {
    const world = beside();
    install(world.live);
    const told = await run(world, { unlessInstalled: false });
    expect([...world.live.values()].filter(({ metadata }) => metadata.uid === 'k')).toEqual(
      world.keptns,
    );
    for (const what of [
      `MutatingWebhookConfiguration ${name}`,
      `Service ${namespace}/${webhookServiceName}`,
      `Service ${namespace}/lifecycle-operator-metrics-service`,
    ]) {
      expect(told).toContain(`${what} is Keptn’s and stays as it is`);
    }
    expect(world.deleted).toContain('ValidatingWebhookConfiguration');
    expect(world.deleted).toContain('Deployment');
  });

  test('refuses to delete the CRDs, which are Keptn’s', async () => {
    const world = beside();
    await expect(run(world, { crds: true })).rejects.toThrow(
      `nothing was changed: MutatingWebhookConfiguration ${name} leads to a Keptn`,
    );
    expect(world.deleted).toEqual([]);
  });

  test('an emergency stop leaves its webhooks, too', async () => {
    const world = beside();
    const lines: string[] = [];
    await emergencyStop(
      { namespace },
      { cluster: world.cluster, tell: (line) => void lines.push(line) },
    );
    expect(lines.join('\n')).toContain(
      `MutatingWebhookConfiguration ${name} is Keptn’s and stays as it is`,
    );
    expect(world.deleted).not.toContain('MutatingWebhookConfiguration');
    expect(world.deleted).toContain('ValidatingWebhookConfiguration');
  });
});

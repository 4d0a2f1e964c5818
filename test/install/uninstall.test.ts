import { describe, expect, test } from 'vitest';
import { webhookServiceName } from '../../src/admission/manifests.ts';
import { type KubernetesObject, type ObjectRef, refKey, refOf } from '../../src/api/object.ts';
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

async function run({ cluster }: Pick<ReturnType<typeof leftovers>, 'cluster'>): Promise<string> {
  const lines: string[] = [];
  await uninstall(
    { namespace, leaseName: 'sluice', crds: false, force: false, unlessInstalled: true },
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

import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { aDeployment, aTaskDefinition, keptnAnnotationsOf } from '../support/builders/apps.ts';
import { untilQuiet } from '../support/observed/sluice-writes.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import type { Answered } from './cluster/api-client.ts';
import { heldPod } from './cluster/hops.ts';
import type { Stage } from './cluster/stage.ts';
import { atMost, type Measurements } from './figure.ts';
import { median, quantile } from './statistics.ts';

const without = 'the same where no webhook is registered';

/** What the webhook adds to the creation of a Pod, as its creator sees it. */
export const podCreation: Benchmark = {
  name: 'pod-creation',
  description: 'creation of a Pod through the API server, with the webhook and without',
  figures: [
    {
      key: 'pod-creation-p50',
      quantity: 'creation of a Pod, p50',
      unit: 'ms',
      baseline: without,
      keptn: '39 ms against 13 ms',
    },
    {
      key: 'pod-creation-parallel-p50',
      quantity: 'creation of a Pod, 10 in parallel, p50',
      unit: 'ms',
      baseline: without,
      keptn: '498 ms against 65 ms',
    },
    {
      key: 'pod-creation-parallel-p99',
      quantity: 'creation of a Pod, 10 in parallel, p99',
      unit: 'ms',
      baseline: without,
    },
    {
      key: 'pods-refused',
      quantity: 'Pods refused, 10 in parallel',
      unit: '',
      limit: atMost(0, 'count'),
      keptn: '6 %',
    },
    {
      key: 'admission-requests',
      target: 'T4',
      quantity: 'API requests of Sluice during dry-run creations',
      unit: '',
      limit: atMost(0, 'count'),
      keptn: '3 writes per Pod',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  const stage = await bench.stage();
  const count = bench.isQuick ? 30 : 200;
  await using shop = await stage.namespace();
  await using plain = await stage.cluster.namespace();
  const owner = await ownerIn(shop);
  const gated = { namespace: shop.name, owner };
  const ungated = { namespace: plain.name };
  bench.progress(`creating ${count} Pods one by one, here and there by turns`);
  const [one, oneWithout] = await byTurns(stage, count, [gated, ungated]);
  bench.progress(`creating ${count} Pods ten at a time, with the webhook and without`);
  const many = await inParallel(stage, count, gated);
  const manyWithout = await inParallel(stage, count, ungated);
  await untilQuiet(shop, 2_000);
  const requests = await requestsDuringDryRuns(stage, count, gated);
  const took = (answers: readonly Answered[] = []): number[] => answers.map(({ ms }) => ms);
  const refused = [...many, ...(one ?? [])].filter(({ status }) => status !== 201);
  if (refused[0] !== undefined) bench.progress(`refused: ${refused[0].body}`);
  return {
    'pod-creation-p50': { value: median(took(one)), baseline: median(took(oneWithout)) },
    'pod-creation-parallel-p50': { value: median(took(many)), baseline: median(took(manyWithout)) },
    'pod-creation-parallel-p99': {
      value: quantile(took(many), 0.99),
      baseline: quantile(took(manyWithout), 0.99),
    },
    'pods-refused': { value: refused.length },
    'admission-requests': { value: requests },
  };
}

/** Where Pods are created, and whose they are. */
interface Creation {
  readonly namespace: string;
  readonly owner?: Record<string, unknown>;
  readonly dryRun?: boolean;
}

/** Pods count for a workload if a ReplicaSet owns them; one that does not control them leaves them alone. */
async function ownerIn(shop: EnabledNamespace): Promise<Record<string, unknown>> {
  await shop.apply(
    aTaskDefinition('endless', { outcome: 'run', spec: { timeout: '1h' } }),
    aDeployment({ app: 'none', preDeploymentTasks: ['endless'], replicas: 0 }),
  );
  const { metadata } = await eventually('the ReplicaSet', async () => {
    const [replicaSet] = await shop.replicaSets();
    return replicaSet;
  });
  const { name, uid } = metadata;
  return { apiVersion: 'apps/v1', kind: 'ReplicaSet', name, uid };
}

function create({ api }: Stage, { namespace, owner, dryRun }: Creation): Promise<Answered> {
  const pod = heldPod('');
  const metadata = {
    generateName: 'cart-',
    annotations: keptnAnnotationsOf({ app: 'none', preDeploymentTasks: ['endless'] }),
    ...(owner !== undefined && { ownerReferences: [owner] }),
  };
  const query = dryRun === true ? '?dryRun=All' : '';
  const path = `/api/v1/namespaces/${namespace}/pods${query}`;
  return api.send({ method: 'POST', path, body: { ...pod, metadata } });
}

/** One Pod here, one there, and again: what else the machine does falls on both alike. */
async function byTurns(
  stage: Stage,
  count: number,
  creations: readonly Creation[],
): Promise<Answered[][]> {
  const answers: Answered[][] = creations.map(() => []);
  for (let at = 0; at < count; at += 1) {
    for (const [index, creation] of creations.entries()) {
      answers[index]?.push(await create(stage, creation));
    }
  }
  return answers;
}

async function inParallel(stage: Stage, count: number, creation: Creation): Promise<Answered[]> {
  const answers: Answered[] = [];
  let toCreate = count;
  const work = async (): Promise<void> => {
    while (toCreate > 0) {
      toCreate -= 1;
      answers.push(await create(stage, creation));
    }
  };
  await Promise.all(Array.from({ length: 10 }, work));
  return answers;
}

/** What Sluice asks the API server, watches and the Lease apart, while Pods are admitted that never come to be. */
async function requestsDuringDryRuns(
  stage: Stage,
  count: number,
  creation: Creation,
): Promise<number> {
  const before = await stage.requestCounts();
  const answers = await inParallel(stage, count, { ...creation, dryRun: true });
  if (!answers.every(({ body }) => body.includes('keptn-prechecks-gate'))) {
    throw new Error('not every Pod of the dry run was gated');
  }
  const after = await stage.requestCounts();
  return after.requests - before.requests - (after.standing - before.standing);
}

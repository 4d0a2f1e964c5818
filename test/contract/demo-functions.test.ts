import { beforeAll, expect, it } from 'vitest';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { Functions, isPlayed, leavingFunctions } from '../demo/functions.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

it('the demo runs functions, whose Pods end as they did, and says of containers that they are played', async () => {
  const { cluster } = sluice;
  await using namespace = await cluster.namespace();
  const stopped = new AbortController();
  const functions = new Functions(cluster).run(stopped.signal);
  const outcomeOf = async (name: string, spec: Readonly<Record<string, unknown>>) => {
    const { name: where } = namespace;
    const definition: Manifest = {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTaskDefinition',
      metadata: { name, namespace: where, annotations: { 'sluice.test/delay': '0s' } },
      spec: { retries: 0, ...spec },
    };
    const marked = leavingFunctions(definition);
    await cluster.apply(marked);
    // What Sluice copies to the tasks of a version.
    const { annotations } = marked.metadata;
    await cluster.apply({
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      metadata: { name, namespace: where, annotations },
      spec: { taskDefinition: name, retries: 0 },
    });
    const place = { namespace: where, name, withinMs: 60_000 };
    const task = await cluster.until(
      KeptnTask,
      place,
      ({ status }) => status?.endTime !== undefined,
    );
    const { status, evidence } = task.status ?? {};
    return { status, message: evidence?.message, played: isPlayed(task) };
  };
  try {
    const code = 'echo "no luck" >&2; exit 1';
    expect(await outcomeOf('broken', { bash: { inline: { code } } })).toEqual({
      status: 'Failed',
      message: 'exit code 1: no luck',
      played: false,
    });
    const python = { inline: { code: 'print("fine")' } };
    expect(await outcomeOf('fine', { python })).toMatchObject({
      status: 'Succeeded',
      played: false,
    });
    const container = { name: 'c', image: 'busybox:1.37.0' };
    expect(await outcomeOf('image', { container })).toMatchObject({
      status: 'Succeeded',
      played: true,
    });
  } finally {
    stopped.abort();
    await functions;
  }
});

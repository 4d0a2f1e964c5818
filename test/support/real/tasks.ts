import { KeptnTask, type KeptnTaskStatus } from '../../../src/api/keptn/task.ts';
import type { Manifest, TestCluster } from '../cluster/test-cluster.ts';

/** A check that is run by hand: its definition, and what else must be there. */
export interface Check {
  readonly name: string;
  /** The KeptnTaskDefinition's spec; `retries` is 0 and `timeout` two minutes unless it says otherwise. */
  readonly spec: Readonly<Record<string, unknown>>;
  readonly beside?: readonly Manifest[];
}

/** Runs checks in a namespace, all at once: a KeptnTask of each definition, as people make them by hand. */
export async function startChecks(
  cluster: TestCluster,
  namespace: string,
  checks: readonly Check[],
): Promise<void> {
  await Promise.all(checks.map((check) => startCheck(cluster, namespace, check)));
}

async function startCheck(cluster: TestCluster, namespace: string, check: Check): Promise<void> {
  const { name, beside = [] } = check;
  const spec = { retries: 0, timeout: '2m', ...check.spec };
  const { retries, timeout } = spec;
  const here = { name, namespace };
  await cluster.apply(
    ...beside.map((manifest) => ({ ...manifest, metadata: { ...manifest.metadata, namespace } })),
    {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTaskDefinition',
      metadata: here,
      spec,
    },
    {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnTask',
      metadata: here,
      spec: { taskDefinition: name, retries, timeout },
    },
  );
}

/** The status of a check's task once it is as asked. */
export async function taskStatus(
  cluster: TestCluster,
  place: { readonly namespace: string; readonly name: string },
  is: (status: KeptnTaskStatus) => boolean = isOver,
): Promise<KeptnTaskStatus> {
  const found = await cluster.until(
    KeptnTask,
    { ...place, withinMs: 120_000 },
    ({ status }) => status !== undefined && is(status),
  );
  return found.status ?? {};
}

/** Whether a task has come to its end. */
export function isOver({ status }: KeptnTaskStatus): boolean {
  return status === 'Succeeded' || status === 'Failed';
}

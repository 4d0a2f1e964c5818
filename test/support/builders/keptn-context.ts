import { Type } from 'typebox';
import { Value } from 'typebox/value';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import type { EnabledNamespace } from '../cluster/enabled-namespace.ts';

const EnvEntry = Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) });
const JobShape = Type.Object({
  spec: Type.Object({
    template: Type.Object({
      spec: Type.Object({ containers: Type.Array(Type.Object({ env: Type.Array(EnvEntry) })) }),
    }),
  }),
});

/** What the container of a task is told in KEPTN_CONTEXT. */
export async function keptnContextOf(shop: EnabledNamespace, task: KeptnTask): Promise<unknown> {
  const jobs = await shop.jobs();
  const job: unknown = jobs.find(({ metadata }) => metadata.uid === task.status?.jobUID);
  if (!Value.Check(JobShape, job)) throw new Error(`no Job of ${task.metadata.name}`);
  const [container] = job.spec.template.spec.containers;
  const entry = container?.env.find(({ name }) => name === 'KEPTN_CONTEXT');
  return JSON.parse(entry?.value ?? 'null');
}

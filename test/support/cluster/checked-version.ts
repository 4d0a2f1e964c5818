import { JobKind } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { aDeployment, aTaskDefinition } from '../builders/apps.ts';
import type { EnabledNamespace } from './enabled-namespace.ts';
import { Tenant } from './tenant.ts';

const everything = [
  { apiGroups: ['lifecycle.keptn.sh', 'metrics.keptn.sh'], resources: ['*'], verbs: ['*'] },
  { apiGroups: ['batch'], resources: ['jobs'], verbs: ['*'] },
  { apiGroups: [''], resources: ['configmaps'], verbs: ['*'] },
];

/** A version whose check runs for longer than any test, with its task and Job, and a tenant with all rights in its namespace. */
export async function checkedVersion(shop: EnabledNamespace) {
  await shop.apply(
    aTaskDefinition('endless', { outcome: 'run' }),
    aDeployment({ preDeploymentTasks: ['endless'] }),
  );
  const task = await shop.untilTask('endless', ({ status }) => status?.jobName !== undefined);
  const [version] = await shop.workloadVersions();
  const job = await shop.cluster.until(
    JobKind,
    { namespace: shop.name, name: task.status?.jobName ?? '' },
    () => true,
  );
  if (version === undefined) throw new Error('no version');
  const tenant = new Tenant(shop.cluster, shop.name);
  await tenant.grant(...everything);
  return { version, task, job, tenant };
}

/** Where an object is. */
export function placeOf({ metadata: { namespace = '', name } }: KubernetesObject) {
  return { namespace, name };
}

/** What is said of a request that is refused; `done` if it is not. */
export function refusalOf(request: Promise<unknown>): Promise<string> {
  return request.then(() => 'done', String);
}

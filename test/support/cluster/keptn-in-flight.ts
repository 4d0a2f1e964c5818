import { JobKind, PodKind } from '../../../src/api/builtin.ts';
import { KeptnApp } from '../../../src/api/keptn/app.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import type { Resource } from '../../../src/api/resource.ts';
import { aDeployment, aTaskDefinition } from '../builders/apps.ts';
import { eventually } from '../clock-and-chance/eventually.ts';
import { type EnabledNamespace, isCompleted, isHeld } from './enabled-namespace.ts';

const checks = { preDeploymentTasks: ['check'], postDeploymentTasks: ['announce'] };
const done = { status: 'Succeeded' };

/**
 * An application as a Keptn leaves it that stops in its middle: of `catalogue` everything has ended, and of `cart` the Job of the
 * pre-deployment task has, which no controller has seen.
 */
export class KeptnInFlight {
  readonly #shop: EnabledNamespace;

  private constructor(shop: EnabledNamespace) {
    this.#shop = shop;
  }

  static async begun(shop: EnabledNamespace): Promise<KeptnInFlight> {
    const inFlight = new KeptnInFlight(shop);
    await shop.apply(
      aTaskDefinition('check'),
      aTaskDefinition('announce'),
      aDeployment({ workload: 'cart', ...checks }),
      aDeployment({ workload: 'catalogue', ...checks }),
    );
    await eventually('each of them has a ReplicaSet and a held Pod', async () => {
      const [sets, pods] = [await shop.replicaSets(), await shop.pods()];
      return sets.length === 2 && pods.length === 2 && pods.every(isHeld);
    });
    await inFlight.#application();
    await inFlight.#catalogue();
    await inFlight.#cart();
    return inFlight;
  }

  /** How often each check of each workload runs, and Jobs are made: by Keptn or by Sluice, and by both together no more. */
  readonly expectedRuns = {
    tasks: ['cart announce', 'cart check', 'catalogue announce', 'catalogue check'],
    jobs: 2,
  };

  async runs(): Promise<{ tasks: readonly string[]; jobs: number }> {
    const tasks = await this.#shop.tasks();
    const names = tasks.map(
      ({ spec }) =>
        `${(spec.context?.workloadName ?? '').replace('shop-', '')} ${spec.taskDefinition}`,
    );
    return { tasks: names.toSorted(), jobs: this.#shop.created('jobs.batch').length };
  }

  /** Why each workload was released. */
  async releaseReasons(): Promise<Record<string, string | undefined>> {
    const versions = await this.#shop.workloadVersions();
    return Object.fromEntries(
      versions.map(({ spec, status }) => [
        spec.workloadName.replace('shop-', ''),
        status?.conditions?.find(({ type }) => type === 'Released')?.reason,
      ]),
    );
  }

  async untilCompleted(): Promise<void> {
    await this.#shop.untilVersion({ workload: 'cart', withinMs: 60_000 }, isCompleted);
  }

  async #application(): Promise<void> {
    const workloads = ['cart', 'catalogue'].map((name) => ({ name, version: '1.0.0' }));
    const spec = { version: '1.0.0', revision: 1, workloads };
    const app = await this.#create(
      KeptnApp,
      { spec },
      { name: 'shop', labels: { 'app.kubernetes.io/managed-by': 'keptn' } },
    );
    const name = 'shop-1.0.0-6b86b273';
    const version = { spec: { appName: 'shop', ...spec } };
    await this.#create(KeptnAppVersion, version, { name, ownerReferences: [ownerOf(app)] });
    await this.#status(KeptnAppVersion, name, {
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Succeeded',
      workloadOverallStatus: 'Progressing',
      currentPhase: 'AppDeploy',
      status: 'Progressing',
      startTime: now(),
    });
  }

  async #catalogue(): Promise<void> {
    const version = await this.#workload('catalogue');
    const [pre, post] = ['pre-check-33333', 'post-announce-44444'];
    await this.#task(pre, { definition: 'check', of: 'catalogue', version, type: 'pre' });
    await this.#task(post, { definition: 'announce', of: 'catalogue', version, type: 'post' });
    for (const name of [pre, post]) {
      const ended = { ...done, jobName: `${name}-55555`, startTime: now(), endTime: now() };
      await this.#status(KeptnTask, name, ended);
    }
    await this.#status(KeptnWorkloadVersion, 'shop-catalogue-1.0.0', {
      ...done,
      currentPhase: 'Completed',
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Succeeded',
      deploymentStatus: 'Succeeded',
      postDeploymentStatus: 'Succeeded',
      postDeploymentEvaluationStatus: 'Succeeded',
      preDeploymentTaskStatus: [{ definitionName: 'check', name: pre, ...done }],
      postDeploymentTaskStatus: [{ definitionName: 'announce', name: post, ...done }],
      startTime: now(),
      endTime: now(),
    });
    const held = (await this.#shop.pods()).find(
      ({ metadata }) => metadata.annotations?.['keptn.sh/workload'] === 'catalogue',
    );
    const place = { namespace: this.#shop.name, name: held?.metadata.name ?? '' };
    await this.#shop.cluster.patch(PodKind, { ...place, type: 'json' }, [
      { op: 'add', path: '/metadata/annotations/keptn.sh~1scheduling-gate-removed', value: 'true' },
      { op: 'remove', path: '/spec/schedulingGates' },
    ]);
  }

  async #cart(): Promise<void> {
    const version = await this.#workload('cart');
    const name = 'pre-check-11111';
    const jobName = `${name}-22222`;
    const task = await this.#task(name, { definition: 'check', of: 'cart', version, type: 'pre' });
    await this.#shop.cluster.create(JobKind, {
      apiVersion: 'batch/v1',
      kind: 'Job',
      metadata: {
        name: jobName,
        namespace: this.#shop.name,
        ownerReferences: [ownerOf(task)],
        annotations: { 'keptn.sh/task-name': name },
      },
      spec: {
        backoffLimit: 0,
        template: {
          spec: {
            restartPolicy: 'OnFailure',
            containers: [{ name: 'check', image: 'busybox:1.37.0' }],
          },
        },
      },
    });
    await this.#status(KeptnTask, name, { jobName, status: 'Progressing', startTime: now() });
    await this.#status(KeptnWorkloadVersion, 'shop-cart-1.0.0', {
      currentPhase: 'WorkloadPreDeployTasks',
      preDeploymentStatus: 'Progressing',
      status: 'Progressing',
      preDeploymentTaskStatus: [{ definitionName: 'check', name, status: 'Progressing' }],
      startTime: now(),
    });
  }

  /** The workload and its version as Keptn makes them; resolves with the version. */
  async #workload(name: string): Promise<KubernetesObject> {
    const set = (await this.#shop.replicaSets()).find(({ metadata }) =>
      metadata.name.startsWith(`${name}-`),
    );
    if (set === undefined) throw new Error(`${name} has no ReplicaSet`);
    const { name: setName, uid = '' } = set.metadata;
    const owner = { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: setName, uid };
    const resourceReference = { uid, kind: 'ReplicaSet', name: setName };
    const spec = { app: 'shop', version: '1.0.0', resourceReference, ...checks };
    const workload = await this.#create(
      KeptnWorkload,
      { spec },
      { name: `shop-${name}`, ownerReferences: [owner] },
    );
    return this.#create(
      KeptnWorkloadVersion,
      { spec: { ...spec, workloadName: `shop-${name}` } },
      { name: `shop-${name}-1.0.0`, ownerReferences: [ownerOf(workload)] },
    );
  }

  async #task(
    name: string,
    by: { definition: string; of: string; version: KubernetesObject; type: string },
  ): Promise<KubernetesObject> {
    const context = {
      workloadName: `shop-${by.of}`,
      appName: 'shop',
      appVersion: '',
      workloadVersion: '1.0.0',
      taskType: by.type,
      objectType: 'Workload',
    };
    const spec = { taskDefinition: by.definition, checkType: by.type, context };
    return this.#create(KeptnTask, { spec }, { name, ownerReferences: [ownerOf(by.version)] });
  }

  async #create(
    kind: Resource,
    fields: object,
    meta: {
      readonly name: string;
      readonly ownerReferences?: readonly object[];
      readonly labels?: Readonly<Record<string, string>>;
    },
  ): Promise<KubernetesObject> {
    const [{ name: version }] = kind.versions;
    const apiVersion = `${kind.group}/${version}`;
    const metadata = { ...meta, namespace: this.#shop.name };
    const manifest = { apiVersion, kind: kind.kind, metadata, ...fields };
    return this.#shop.cluster.create<KubernetesObject>({ ...kind, apiVersion }, manifest);
  }

  async #status(kind: Resource, name: string, status: object): Promise<void> {
    const place = { namespace: this.#shop.name, name, subresource: 'status' };
    await this.#shop.cluster.patch(kind, place, { status });
  }
}

const now = (): string => new Date().toISOString().replace(/\.\d+Z$/u, 'Z');

function ownerOf({ apiVersion, kind, metadata: { name, uid = '' } }: KubernetesObject) {
  return { apiVersion, kind, name, uid, controller: true, blockOwnerDeletion: true };
}

import { request } from 'node:https';
import { type Pod, PodKind } from '../../api/builtin.ts';
import { fieldOf } from '../../api/json.ts';
import type { KubernetesObject, ObjectRef } from '../../api/object.ts';
import { SecretKind } from '../../api/secret.ts';
import type { Installing } from '../../install/install-cluster.ts';
import { DeploymentKind } from '../../install/migration/keptn-parts.ts';
import type { TakingOver } from '../../install/migration/take-over.ts';
import { sleep } from '../../runtime/sleep.ts';

type Waits = Pick<TakingOver, 'untilConverting' | 'untilReady'>;

/** How a migration waits for a Sluice outside the cluster, which its user starts. */
export function sluiceAt(
  url: string,
  ca: string,
  { installing, withinMs }: { readonly installing: Installing; readonly withinMs: number },
): Waits {
  const until = (what: string, problem: () => Promise<string | undefined>) =>
    eventually(problem, { what, installing, withinMs });
  return {
    async untilConverting() {
      installing.tell(`waiting for Sluice at ${url}: start it now (sluice run)`);
      await until(`Sluice does not answer at ${url}`, async () =>
        typeof (await statusOf(`${url}/livez`, ca)) === 'number' ? undefined : 'no answer',
      );
      return ca;
    },
    untilReady: () =>
      until(`Sluice at ${url} is not ready`, async () => {
        const status = await statusOf(`${url}/readyz`, ca);
        return status === 200 ? undefined : `/readyz answers ${status}`;
      }),
  };
}

/** How a migration waits for the Sluice that it has put into the cluster. */
export function sluiceInCluster(
  {
    namespace,
    certificateSecret,
  }: { readonly namespace: string; readonly certificateSecret: string },
  { installing, withinMs }: { readonly installing: Installing; readonly withinMs: number },
): Waits {
  const { cluster } = installing;
  const secret: ObjectRef = { kind: SecretKind, namespace, name: certificateSecret };
  const deployment: ObjectRef = { kind: DeploymentKind, namespace, name: 'sluice' };
  return {
    async untilConverting() {
      let authority = '';
      await eventually(
        async () => {
          authority = authorityIn(await cluster.get(secret));
          if (authority === '') return `Secret ${namespace}/${certificateSecret} has no ca.crt yet`;
          return troubleOf(await podsOf(namespace, installing), 'running');
        },
        { what: `Sluice does not run in ${namespace}`, installing, withinMs },
      );
      return authority;
    },
    untilReady: () =>
      eventually(
        async () => {
          const status = fieldOf(await cluster.get(deployment), 'status');
          const ready = fieldOf(status, 'readyReplicas');
          if (typeof ready === 'number' && ready > 0) return undefined;
          return troubleOf(await podsOf(namespace, installing), 'ready') ?? 'no replica is ready';
        },
        { what: `Deployment ${namespace}/sluice is not ready`, installing, withinMs },
      ),
  };
}

async function eventually(
  problem: () => Promise<string | undefined>,
  by: { readonly what: string; readonly installing: Installing; readonly withinMs: number },
): Promise<void> {
  const { clock } = by.installing;
  const deadline = clock.elapsed() + by.withinMs;
  for (;;) {
    const why = await problem();
    if (why === undefined) return;
    if (clock.elapsed() > deadline) {
      throw new Error(
        `${by.what} after ${by.withinMs / 1000} s (${why}). Keptn still answers admission; mend that and give the same command again, or go back: sluice migrate --back --apply`,
      );
    }
    await sleep(clock, 500);
  }
}

function authorityIn(secret: KubernetesObject | undefined): string {
  const value = fieldOf(fieldOf(secret, 'data'), 'ca.crt');
  return typeof value === 'string' ? Buffer.from(value, 'base64').toString('utf8') : '';
}

async function podsOf(namespace: string, { cluster }: Installing): Promise<readonly Pod[]> {
  const found: Pod[] = [];
  const scope = { namespace, labelSelector: 'app.kubernetes.io/name=sluice' };
  const isPod = (object: KubernetesObject): object is Pod => object.kind === PodKind.kind;
  for await (const { items } of cluster.listPaged({ ...PodKind, view: 'whole' }, scope)) {
    found.push(...items.filter(isPod));
  }
  return found;
}

/** Why none of the Pods is as awaited; undefined if one is. */
function troubleOf(pods: readonly Pod[], awaited: 'running' | 'ready'): string | undefined {
  if (pods.length === 0) return 'there is no Pod of it; see kubectl describe deployment sluice';
  const is = (pod: Pod): boolean =>
    awaited === 'running'
      ? pod.status?.phase === 'Running'
      : conditionOf(pod, 'Ready')?.['status'] === 'True';
  if (pods.some(is)) return undefined;
  return pods.map((pod) => `Pod ${pod.metadata.name}: ${wordsOf(pod)}`).join('; ');
}

function conditionOf(pod: Pod, type: string): Record<string, unknown> | undefined {
  const conditions = fieldOf(pod.status, 'conditions');
  return Array.isArray(conditions)
    ? conditions.find((one: unknown) => fieldOf(one, 'type') === type)
    : undefined;
}

function wordsOf(pod: Pod): string {
  const statuses = fieldOf(pod.status, 'containerStatuses');
  const waiting = fieldOf(
    fieldOf(Array.isArray(statuses) ? statuses[0] : undefined, 'state'),
    'waiting',
  );
  const [reason, message] = [fieldOf(waiting, 'reason'), fieldOf(waiting, 'message')];
  if (typeof reason === 'string')
    return typeof message === 'string' ? `${reason}: ${message}` : reason;
  const scheduled = conditionOf(pod, 'PodScheduled')?.['message'];
  return typeof scheduled === 'string' ? scheduled : (pod.status?.phase ?? 'Pending');
}

/** The HTTP status of an answer, or why there is none. */
function statusOf(url: string, ca: string): Promise<number | string> {
  return new Promise((resolve) => {
    const asking = request(url, { ca, timeout: 2_000 }, (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asking.once('timeout', () => asking.destroy(new Error('no answer within 2 s')));
    asking.once('error', (error) => resolve(error.message));
    asking.end();
  });
}

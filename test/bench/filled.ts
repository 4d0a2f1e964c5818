import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NamespaceKind } from '../../src/api/builtin.ts';
import type { KubernetesObject, Kind } from '../../src/api/object.ts';
import { configFrom } from '../../src/config/config.ts';
import { LeaseKind } from '../../src/kubernetes/lease/lease-record.ts';
import type { WatchSpec } from '../../src/kubernetes/watch/watch-all.ts';
import { allControllers } from '../../src/process/controllers.ts';
import { watchedKinds } from '../../src/process/watched-kinds.ts';
import { send } from '../control-plane/http.ts';
import { FakeApiServer } from '../support/api-server/fake-api-server.ts';
import { flags, mustRunSluice } from '../support/cluster/sluice-process.ts';
import type { Bench, Benchmark } from './benchmark.ts';
import { atMost, type Measurements } from './figure.ts';
import { inPod, started } from './in-pod.ts';
import { type Amount, historyObjects } from './leader/history-objects.ts';

const large: Amount = { workloads: 2_000, records: 5_000, heldPods: 1_000 };
const small: Amount = { workloads: 200, records: 500, heldPods: 100 };

const inWords =
  '2,000 Deployments, 20,000 ReplicaSets, 5,000 finished versions, 10,000 tasks, 1,000 held Pods';

/** How Sluice starts in a Pod of a large cluster, and what it holds there as the leader with nothing left to do. */
export const filled: Benchmark = {
  name: 'filled',
  description: 'start in a Pod of a large cluster, and memory there; the API server is played',
  figures: [
    {
      key: 'filled-start',
      target: 'T13',
      quantity: `process start → ready, ${inWords}`,
      unit: 'ms',
      baseline: 'the same lists read by a bare client, kind after kind',
      limit: atMost(2_000, 'time', 'ms'),
    },
    {
      key: 'filled-memory',
      target: 'T8',
      quantity: 'resident memory of the leader there, idle',
      unit: 'MB',
      limit: atMost(130, 'size', 'MB'),
      keptn: '124 MiB (two operators, 1,000 Pods)',
    },
    {
      key: 'filled-writes',
      quantity: 'writes there, Leases and Events apart',
      unit: '',
    },
  ],
  run: measure,
};

async function measure(bench: Bench): Promise<Measurements> {
  await using stack = new AsyncDisposableStack();
  const scratch = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rm(scratch, { recursive: true }));
  await mustRunSluice(['certs', ...flags({ directory: scratch, host: '127.0.0.1' })]);
  const ca = await readFile(join(scratch, 'ca.crt'), 'utf8');
  const server = stack.use(await filledServer(bench.isQuick ? small : large));
  const credentials = server.credentials();
  const { tls } = await credentials.identity();
  const serverCa = String(tls.ca);
  const listsMs = await readingLists(credentials.server, serverCa);
  const pod = await inPod({
    server: credentials.server,
    serverCa,
    token: 'any',
    namespace: operatorNamespace,
    certificates: scratch,
    scratch: await mkdtemp(join(scratch, 'pod-')),
  });
  const waiting = { path: '/readyz', ca, idleMs: bench.isQuick ? 3_000 : 30_000 };
  const { startMs, megabytes } = await started(pod, waiting);
  const writes = server.requests.filter(
    ({ method, path }) => method !== 'GET' && !/\/(?:leases|events)(?:\/|$)/u.test(path),
  );
  return {
    'filled-start': { value: startMs, baseline: listsMs },
    'filled-memory': { value: megabytes },
    'filled-writes': { value: writes.length },
  };
}

const operatorNamespace = 'keptn-system';

/** A played API server in this process with everything in it; it takes what the leader writes. */
async function filledServer(amount: Amount): Promise<FakeApiServer> {
  const kinds = [NamespaceKind, LeaseKind, ...watchedKindsOfAll().map(({ kind }) => kind)];
  const server = await FakeApiServer.start(...kinds);
  server.store.create(NamespaceKind, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: operatorNamespace },
  });
  const uids = new Map<string, string>();
  for (const [kind, objects] of historyObjects(amount)) {
    for (const object of objects) put(server, kind, { object, uids });
  }
  return server;
}

async function readingLists(server: URL, ca: string): Promise<number> {
  const startedAt = performance.now();
  for (const { apiVersion, plural } of new Set(watchedKindsOfAll().map(({ kind }) => kind))) {
    const root = apiVersion.includes('/') ? `apis/${apiVersion}` : `api/${apiVersion}`;
    let next: string | undefined = '';
    while (next !== undefined) {
      const query = new URLSearchParams({ limit: '500', ...(next !== '' && { continue: next }) });
      const { body } = await send({
        url: `${server.origin}/${root}/${plural}?${query.toString()}`,
        ca,
      });
      next = JSON.parse(body).metadata?.continue;
    }
  }
  return performance.now() - startedAt;
}

function watchedKindsOfAll(): readonly WatchSpec[] {
  const controllers = allControllers(configFrom({ flags: new Map(), env: {} }));
  return watchedKinds(undefined, controllers).watched;
}

/** The server gives uids of its own, to which owners lead then. */
function put(
  { store }: FakeApiServer,
  kind: Kind,
  { object, uids }: { object: Record<string, unknown>; uids: Map<string, string> },
): void {
  const text = JSON.stringify(object);
  const led = text.replaceAll(
    /"uid":"([^"]+)"/gu,
    (_, uid: string) => `"uid":"${uids.get(uid) ?? uid}"`,
  );
  const whole = named(kind, JSON.parse(led));
  const { namespace, name, uid = '' } = whole.metadata;
  const made = store.create(kind, whole);
  uids.set(uid, made.metadata.uid ?? '');
  const { status } = whole;
  if (status !== undefined) {
    store.writeStatus(
      { kind, name, ...(namespace !== undefined && { namespace }) },
      undefined,
      status,
    );
  }
}

interface WithStatus extends KubernetesObject {
  status?: unknown;
}

function named(
  { apiVersion, kind }: Kind,
  object: Omit<WithStatus, 'apiVersion' | 'kind'>,
): WithStatus {
  return { apiVersion, kind, ...object };
}

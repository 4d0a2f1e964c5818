import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { send, type HttpAnswer } from './http.ts';

/** Where the API server is, and who asks. */
export interface Access {
  readonly server: string;
  readonly token: string;
  readonly caFile: string;
}

const nodeNames = ['node-1', 'node-2', 'node-3'];

/** Keeps Pods off the fake nodes where there is a real one, except those that tolerate it. */
const fakeTaint = { key: 'kwok.x-k8s.io/node', value: 'fake', effect: 'NoSchedule' };

const nodeList = Type.Object({
  items: Type.Array(
    Type.Object({
      metadata: Type.Object({ name: Type.String() }),
      spec: Type.Object({
        taints: Type.Optional(Type.Array(Type.Object({ key: Type.String() }))),
      }),
      status: Type.Object({
        conditions: Type.Optional(
          Type.Array(Type.Object({ type: Type.String(), status: Type.String() })),
        ),
      }),
    }),
  ),
});

/**
 * Adds the fake nodes where they are missing; resolves when Pods can be made and all of these nodes are ready. With `tainted`,
 * only Pods that tolerate the taint of KWOK's own documentation are placed there.
 */
export async function addNodes(
  access: Access,
  { tainted }: { readonly tainted: boolean },
): Promise<void> {
  const ca = readFileSync(access.caFile, 'utf8');
  const call = (method: string, path: string, body?: unknown): Promise<HttpAnswer> =>
    send({
      method,
      url: `${access.server}${path}`,
      ca,
      token: access.token,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  for (const name of nodeNames) {
    const answer = await call('POST', '/api/v1/nodes', node(name, tainted));
    if (answer.status !== 201 && answer.status !== 409) {
      throw new Error(`the API server refused ${name}: ${answer.status} ${answer.body}`);
    }
  }
  const deadline = Date.now() + 120_000;
  while (!(await takePods(call))) {
    if (Date.now() > deadline) {
      throw new Error(
        'the nodes did not become ready; see logs/kwok.log and logs/kube-controller-manager.log',
      );
    }
    await sleep(100);
  }
}

async function takePods(
  call: (method: string, path: string) => Promise<HttpAnswer>,
): Promise<boolean> {
  const account = await call('GET', '/api/v1/namespaces/default/serviceaccounts/default');
  if (account.status !== 200) return false;
  const list: unknown = JSON.parse((await call('GET', '/api/v1/nodes')).body);
  return (
    Value.Check(nodeList, list) &&
    fakeNodes(list).length >= nodeNames.length &&
    fakeNodes(list).every(
      ({ spec, status }) =>
        // The node controller takes its own taint away once it has seen that a node is ready.
        (spec.taints ?? []).every(({ key }) => key === fakeTaint.key) &&
        (status.conditions ?? []).some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    )
  );
}

function fakeNodes({ items }: Static<typeof nodeList>): Static<typeof nodeList>['items'] {
  return items.filter(({ metadata }) => nodeNames.includes(metadata.name));
}

function node(name: string, tainted: boolean): unknown {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: {
      name,
      labels: {
        'kubernetes.io/arch': 'amd64',
        'kubernetes.io/hostname': name,
        'kubernetes.io/os': 'linux',
        type: 'kwok',
      },
    },
    ...(tainted ? { spec: { taints: [fakeTaint] } } : {}),
  };
}

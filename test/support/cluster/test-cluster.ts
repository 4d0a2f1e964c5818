import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import type { ControlPlane } from '../../control-plane/control-plane.ts';
import { send } from '../../control-plane/http.ts';
import { countWrites, readWrites, type Write, type WriteFilter } from '../observed/audit-log.ts';
import { eventually } from '../clock-and-chance/eventually.ts';

/** An object as a test writes it down: any kind, any fields. */
export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name?: string;
    readonly generateName?: string;
    readonly namespace?: string;
    readonly [field: string]: unknown;
  };
  readonly [field: string]: unknown;
}

/** Where objects are; without a name all of a namespace, without a namespace all of the cluster. */
export interface Place {
  readonly namespace?: string;
  readonly name?: string;
}

export interface RequestOptions {
  readonly method?: string;
  readonly body?: unknown;
  readonly contentType?: string;
}

/** The kinds of patch, by their media types. */
export const patchTypes = {
  json: 'application/json-patch+json',
  merge: 'application/merge-patch+json',
  strategic: 'application/strategic-merge-patch+json',
  apply: 'application/apply-patch+yaml',
} as const;

/**
 * A control plane as tests use it: every request goes to the API server, nothing is cached. Objects are plain JSON as the API
 * server sends them; a failed request throws a ClusterError.
 */
export class TestCluster {
  readonly controlPlane: ControlPlane;
  readonly #ca: string;
  readonly #headers: Record<string, string>;
  readonly #paths = new Map<string, { plural: string; namespaced: boolean }>();

  constructor(controlPlane: ControlPlane, headers: Record<string, string> = {}) {
    this.controlPlane = controlPlane;
    this.#ca = readFileSync(controlPlane.caFile, 'utf8');
    this.#headers = { 'user-agent': 'sluice-test', ...headers };
  }

  /** The same cluster, used by somebody else. */
  as(user: string, group = 'system:authenticated'): TestCluster {
    const headers = { 'impersonate-user': user, 'impersonate-group': group };
    return new TestCluster(this.controlPlane, headers);
  }

  /** One object; undefined when there is none of that name. */
  async get<T extends KubernetesObject>(kind: Kind<T>, place: Place): Promise<T | undefined> {
    try {
      return objectOf(kind, await this.request(pathOf(kind, place)));
    } catch (error) {
      if (error instanceof ClusterError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** All objects of a kind in a namespace, or in the cluster. */
  async list<T extends KubernetesObject>(
    kind: Kind<T>,
    place: { readonly namespace?: string; readonly labelSelector?: string } = {},
  ): Promise<T[]> {
    const { labelSelector = '', ...where } = place;
    const query = `?labelSelector=${encodeURIComponent(labelSelector)}`;
    const answer = await this.request(pathOf(kind, where) + query);
    if (!Value.Check(listSchema, answer)) throw new Error(`not a list of ${kind.kind}`);
    // Items of a list come without kind and apiVersion.
    const { apiVersion, kind: name } = kind;
    return answer.items.map((item) => objectOf(kind, { apiVersion, kind: name, ...item }));
  }

  /** Creates an object and returns it as stored. */
  async create<T extends KubernetesObject>(
    kind: Kind<T>,
    manifest: Manifest,
    options: { readonly dryRun?: boolean } = {},
  ): Promise<T> {
    const path = pathOf(kind, namespaceOf(manifest));
    const query = options.dryRun === true ? '?dryRun=All' : '';
    return objectOf(kind, await this.request(path + query, { method: 'POST', body: manifest }));
  }

  /** Makes objects of any kinds be as written, in this order (server-side apply). */
  async apply(...manifests: readonly Manifest[]): Promise<void> {
    await this.#applyAll(manifests, 'Warn');
  }

  /** As `apply`; a field that the API server does not know rejects. */
  async applyStrictly(...manifests: readonly Manifest[]): Promise<void> {
    await this.#applyAll(manifests, 'Strict');
  }

  async #applyAll(manifests: readonly Manifest[], validation: 'Warn' | 'Strict'): Promise<void> {
    for (const manifest of manifests) {
      const kind = await this.#kindOf(manifest);
      const path = pathOf(kind, manifest.metadata);
      const query = `fieldManager=sluice-test&force=true&fieldValidation=${validation}`;
      await this.request(`${path}?${query}`, {
        method: 'PATCH',
        contentType: patchTypes.apply,
        body: manifest,
      });
    }
  }

  /** Changes an object by a JSON merge patch, or by the type of patch named. */
  async patch<T extends KubernetesObject>(
    kind: Kind<T>,
    place: Place & { readonly subresource?: string; readonly type?: keyof typeof patchTypes },
    body: unknown,
  ): Promise<T> {
    const { type = 'merge', subresource, ...where } = place;
    const path = pathOf(kind, where) + (subresource === undefined ? '' : `/${subresource}`);
    const answer = await this.request(path, {
      method: 'PATCH',
      contentType: patchTypes[type],
      body,
    });
    return objectOf(kind, answer);
  }

  /** Asks for the deletion of an object, or of all in a namespace; nothing there is fine. Does not wait for its end. */
  async delete(kind: Kind, place: Place): Promise<void> {
    try {
      const body = { propagationPolicy: 'Background' };
      await this.request(pathOf(kind, place), { method: 'DELETE', body });
    } catch (error) {
      if (!(error instanceof ClusterError && error.code === 404)) throw error;
    }
  }

  /** Waits until an object is there and satisfies the condition, and returns it. */
  async until<T extends KubernetesObject>(
    kind: Kind<T>,
    place: Place & { readonly withinMs?: number },
    condition: (object: T) => boolean,
  ): Promise<T> {
    const { withinMs, ...where } = place;
    let last: T | undefined;
    try {
      return await eventually(
        `${kind.kind} ${where.namespace ?? ''}/${where.name ?? ''} as awaited`,
        async () => {
          last = await this.get(kind, where);
          return last !== undefined && condition(last) ? last : undefined;
        },
        withinMs,
      );
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new Error(`${message}; at last it was ${JSON.stringify(last)}`, { cause: error });
    }
  }

  /** Waits until the objects of a kind in a namespace satisfy the condition, and returns them. */
  untilList<T extends KubernetesObject>(
    kind: Kind<T>,
    place: { readonly namespace: string },
    condition: (objects: readonly T[]) => boolean,
  ): Promise<T[]> {
    return eventually(`${kind.plural} in ${place.namespace} as awaited`, async () => {
      const objects = await this.list(kind, place);
      return condition(objects) ? objects : undefined;
    });
  }

  /** A namespace of a test's own, with its default service account there. It goes when disposed of. */
  async namespace(
    metadata: { annotations?: Record<string, string>; labels?: Record<string, string> } = {},
  ): Promise<TestNamespace> {
    const name = `test-${randomBytes(5).toString('hex')}`;
    const manifest = { apiVersion: 'v1', kind: 'Namespace', metadata: { ...metadata, name } };
    await this.request('/api/v1/namespaces', { method: 'POST', body: manifest });
    const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
    await eventually(`default service account of ${name}`, () => this.request(account));
    const remove = async (): Promise<void> => {
      await this.request(`/api/v1/namespaces/${name}`, { method: 'DELETE' });
    };
    return { name, [Symbol.asyncDispose]: remove };
  }

  /** Runs kubectl against this cluster; returns what it printed, or throws with what it complained about. */
  async kubectl(args: readonly string[], stdin = ''): Promise<string> {
    const { promise: ended, resolve, reject } = Promise.withResolvers<number | null>();
    const child = spawn('kubectl', [`--kubeconfig=${this.controlPlane.kubeconfig}`, ...args]);
    child.once('error', reject);
    child.once('close', resolve);
    child.stdin.end(stdin);
    const [code, output, complaint] = await Promise.all([
      ended,
      text(child.stdout),
      text(child.stderr),
    ]);
    if (code !== 0) throw new Error(`kubectl ${args.join(' ')}: ${complaint}`);
    return output;
  }

  /** The writes in the audit log, one by one. */
  writes(filter?: WriteFilter): Write[] {
    return readWrites(this.controlPlane.auditLog, filter);
  }

  /** The writes in the audit log, counted by verb and resource. */
  countWrites(filter?: WriteFilter): Map<string, number> {
    return countWrites(this.controlPlane.auditLog, filter);
  }

  /** Any request; returns the parsed answer, throws a ClusterError unless it is a success. */
  async request(path: string, options: RequestOptions = {}): Promise<unknown> {
    const { status, body } = await this.#answerTo(path, options);
    if (status >= 200 && status < 300) return body;
    throw clusterError(status, body);
  }

  /** What somebody is told who creates this object, which is not kept: the refusal, if it is one, and the warnings. */
  async verdictOn(
    manifest: Manifest,
  ): Promise<{ readonly refusal?: string; readonly warnings: readonly string[] }> {
    const path = `${pathOf(await this.#kindOf(manifest), namespaceOf(manifest))}?dryRun=All`;
    return this.told(path, { method: 'POST', body: manifest });
  }

  /** What somebody is told who sends this request. */
  async told(
    path: string,
    options: RequestOptions,
  ): Promise<{ readonly refusal?: string; readonly warnings: readonly string[] }> {
    const { status, body, warnings } = await this.#answerTo(path, options);
    const isRefused = status < 200 || status >= 300;
    return { ...(isRefused && { refusal: clusterError(status, body).message }), warnings };
  }

  async #answerTo(path: string, options: RequestOptions) {
    const answer = await send({
      url: `${this.controlPlane.server}${path}`,
      ca: this.#ca,
      token: this.controlPlane.token,
      headers: this.#headers,
      ...(options.method === undefined ? {} : { method: options.method }),
      ...(options.contentType === undefined ? {} : { contentType: options.contentType }),
      ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
    });
    const warnings = answer.warnings.map(warningText);
    return { status: answer.status, body: parsed(answer.body), warnings };
  }

  async #kindOf(manifest: Manifest): Promise<Kind> {
    const { apiVersion, kind } = manifest;
    const key = `${apiVersion} ${kind}`;
    const known = this.#paths.get(key);
    if (known !== undefined) return { apiVersion, kind, ...known };
    const answer = await this.request(rootOf(apiVersion));
    const resource = Value.Check(resourcesSchema, answer)
      ? answer.resources.find((one) => one.kind === kind && !one.name.includes('/'))
      : undefined;
    if (resource === undefined) throw new Error(`the API server does not know ${key}`);
    const found = { plural: resource.name, namespaced: resource.namespaced };
    this.#paths.set(key, found);
    return { apiVersion, kind, ...found };
  }
}

/** A namespace that is deleted when it goes out of scope (`await using`). */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
}

const listSchema = Type.Object({ items: Type.Array(Type.Object({})) });
const statusSchema = Type.Object({
  reason: Type.Optional(Type.String()),
  message: Type.Optional(Type.String()),
});
const resourcesSchema = Type.Object({
  resources: Type.Array(
    Type.Object({ name: Type.String(), kind: Type.String(), namespaced: Type.Boolean() }),
  ),
});

/** As kubectl shows it: without the code, the agent and the quotes. Node reads the bytes of headers as Latin-1. */
function warningText(header: string): string {
  const quoted = Buffer.from(header.slice(header.indexOf('"')), 'latin1').toString('utf8');
  return String(JSON.parse(quoted));
}

function clusterError(code: number, body: unknown): ClusterError {
  const { reason = 'Unknown', message = typeof body === 'string' ? body : JSON.stringify(body) } =
    Value.Check(statusSchema, body) ? body : {};
  return new ClusterError({ code, reason, message });
}

function objectOf<T extends KubernetesObject>(kind: Kind<T>, value: unknown): T {
  const isOfKind = (candidate: unknown): candidate is T =>
    typeof candidate === 'object' &&
    candidate !== null &&
    'kind' in candidate &&
    candidate.kind === kind.kind;
  if (!isOfKind(value)) throw new Error(`not a ${kind.kind}: ${JSON.stringify(value)}`);
  return value;
}

function rootOf(apiVersion: string): string {
  return apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
}

function pathOf(kind: Kind, place: Place): string {
  const { namespace, name } = place;
  const scope = kind.namespaced && namespace !== undefined ? `/namespaces/${namespace}` : '';
  return `${rootOf(kind.apiVersion)}${scope}/${kind.plural}${name === undefined ? '' : `/${name}`}`;
}

function namespaceOf({ metadata }: Manifest): Place {
  return metadata.namespace === undefined ? {} : { namespace: metadata.namespace };
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return body;
  }
}

import { ClusterError } from '../api/cluster-error.ts';
import type { JsonPatchOperation } from '../api/json-patch.ts';
import { refOf, type Kind, type KubernetesObject, type ObjectRef } from '../api/object.ts';
import { inSlices } from '../runtime/slices.ts';
import { firstPageSize, nextPageSize } from './page-size.ts';
import type { Projector } from './projections.ts';
import { isRawObject, objectOf, objectsOf, textOf } from './raw-json.ts';
import { collectionPath, objectPath, type ListScope } from './resource-path.ts';
import { unavailable } from './status-error.ts';
import type { Answer, Request, Transport } from './transport.ts';

/** A deletion holds only for this very object, and for this version of it if one is named. */
export interface DeletePreconditions {
  readonly uid: string;
  readonly resourceVersion?: string;
  readonly propagation?: 'Background' | 'Foreground' | 'Orphan';
}

/** How long a request may take, where the transport's own limit is too long. */
export interface RequestLimits {
  readonly signal?: AbortSignal;
  readonly timeoutMs?: number;
}

/** One page of a list: all pages of a list show the same moment, the list's `resourceVersion`. */
export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

/** A list that took longer than the API server keeps its snapshot is begun anew; so often at most. */
const maxListTries = 3;

/** Times `createOrReplace` starts over because someone else wrote at the same moment. */
const maxReplaceTries = 5;

/**
 * The API server, spoken to in objects. Every answer has gone through the projection of its kind
 * (`src/kubernetes/projections.ts`). Everything rejects with a `ClusterError` and nothing else.
 */
export class KubernetesClient {
  readonly #transport: Transport;
  readonly #projector: Projector;

  constructor(transport: Transport, projector: Projector) {
    this.#transport = transport;
    this.#projector = projector;
  }

  /** The live object; undefined when there is none, also when its kind is not there. */
  async get(ref: ObjectRef, limits: RequestLimits = {}): Promise<KubernetesObject | undefined> {
    try {
      return await this.#send(ref.kind, { verb: 'get', path: objectPath(ref), ...limits });
    } catch (error) {
      if (error instanceof ClusterError && error.code === 404) return undefined;
      throw error;
    }
  }

  /** All live objects of a kind in a namespace that the label selector selects. */
  async list(
    kind: Kind,
    namespace: string,
    labelSelector: string,
  ): Promise<readonly KubernetesObject[]> {
    for (let tries = 1; ; tries += 1) {
      try {
        const items: KubernetesObject[] = [];
        for await (const page of this.listPaged(kind, { namespace, labelSelector })) {
          items.push(...page.items);
        }
        return items;
      } catch (error) {
        const expired = error instanceof ClusterError && error.code === 410;
        if (!expired || tries >= maxListTries) throw error;
      }
    }
  }

  /**
   * The live objects of a kind, page by page: pages of up to 500 objects and about 1 MB, so that parsing one never holds the
   * event loop for long. Rejects with 410 when reading takes longer than the API server keeps the snapshot.
   */
  async *listPaged(
    kind: Kind,
    scope: ListScope = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Page, void, undefined> {
    const { namespace, labelSelector, fieldSelector } = scope;
    let limit = firstPageSize;
    let next: string | undefined;
    do {
      const path = collectionPath(kind, namespace, {
        limit,
        continue: next,
        labelSelector,
        fieldSelector,
      });
      const answer = await this.#transport.request({
        verb: 'list',
        path,
        ...(signal !== undefined && { signal }),
      });
      const list = await this.#readPage(kind, answer);
      limit = nextPageSize({ objects: list.items.length, bytes: answer.bytes });
      next = list.next;
      yield { items: list.items, resourceVersion: list.resourceVersion };
    } while (next !== undefined);
  }

  async create(kind: Kind, object: KubernetesObject): Promise<KubernetesObject> {
    const path = collectionPath(kind, object.metadata.namespace);
    return this.#send(kind, { verb: 'create', path, body: object });
  }

  async patch(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    limits: RequestLimits = {},
  ): Promise<KubernetesObject> {
    return this.#send(ref.kind, { ...jsonPatch(objectPath(ref), operations), ...limits });
  }

  /**
   * Replaces the status on this resourceVersion; a newer object is a conflict (409). A patch, because nothing but the status
   * is sent; the resourceVersion in it is the condition (tried on a real API server, for built-in and custom kinds).
   */
  async writeStatus(
    ref: ObjectRef,
    resourceVersion: string,
    status: unknown,
  ): Promise<KubernetesObject> {
    const operations: readonly JsonPatchOperation[] = [
      { op: 'replace', path: '/metadata/resourceVersion', value: resourceVersion },
      { op: 'add', path: '/status', value: status },
    ];
    return this.#send(ref.kind, jsonPatch(objectPath(ref, 'status'), operations));
  }

  async delete(ref: ObjectRef, preconditions: DeletePreconditions): Promise<void> {
    const { uid, resourceVersion, propagation } = preconditions;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, ...(resourceVersion !== undefined && { resourceVersion }) },
      ...(propagation !== undefined && { propagationPolicy: propagation }),
    };
    await this.#transport.request({ verb: 'delete', path: objectPath(ref), body });
  }

  /**
   * Makes the object be as given, whatever there was: for what an installation brings along (CRDs, webhook
   * configurations). An object that is already so is left as it is by the API server.
   */
  async createOrReplace(kind: Kind, object: KubernetesObject): Promise<KubernetesObject> {
    for (let tries = 1; ; tries += 1) {
      try {
        const live = await this.get(refOf(kind, object));
        if (live === undefined) return await this.create(kind, object);
        const { resourceVersion } = live.metadata;
        const body = {
          ...object,
          metadata: { ...object.metadata, ...(resourceVersion && { resourceVersion }) },
        };
        return await this.#send(kind, {
          verb: 'update',
          path: objectPath(refOf(kind, object)),
          body,
        });
      } catch (error) {
        const raced = error instanceof ClusterError && (error.code === 409 || error.code === 404);
        if (!raced || tries >= maxReplaceTries) throw error;
      }
    }
  }

  /** Creates something that is asked, not stored (a SubjectAccessReview), and answers it as the API server sent it. */
  async review(kind: Kind, object: KubernetesObject): Promise<unknown> {
    const path = collectionPath(kind, object.metadata.namespace);
    const { value } = await this.#transport.request({ verb: 'create', path, body: object });
    return value;
  }

  async #send(kind: Kind, request: Request): Promise<KubernetesObject> {
    const { value } = await this.#transport.request(request);
    return this.#projected(kind, value);
  }

  async #readPage(kind: Kind, { value }: Answer): Promise<Page & { next?: string }> {
    const list = objectOf(value);
    const metadata = objectOf(list['metadata']);
    const resourceVersion = textOf(metadata['resourceVersion']);
    if (resourceVersion === undefined) throw unavailable(`the answer is no list of ${kind.plural}`);
    const items: KubernetesObject[] = [];
    await inSlices(objectsOf(list['items']), (item) => items.push(this.#projected(kind, item)));
    const next = textOf(metadata['continue']);
    return next ? { items, resourceVersion, next } : { items, resourceVersion };
  }

  #projected(kind: Kind, value: unknown): KubernetesObject {
    const object = isRawObject(value) ? this.#projector.project(kind, value) : undefined;
    if (object === undefined) throw unavailable(`the answer is no ${kind.kind}`);
    return object;
  }
}

function jsonPatch(path: string, operations: readonly JsonPatchOperation[]): Request {
  return { verb: 'patch', path, body: operations, contentType: 'application/json-patch+json' };
}

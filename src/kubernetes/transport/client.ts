import type { DeletePreconditions } from '../../ports/delete-preconditions.ts';
import { ClusterError } from '../../api/cluster-error.ts';
import type { JsonPatchOperation } from '../../api/json-patch.ts';
import { refOf, type Kind, type KubernetesObject, type ObjectRef } from '../../api/object.ts';
import { Slices } from '../../runtime/slices.ts';
import { EventKind } from '../events/event-series.ts';
import { headOf, ObjectUnusable } from '../cache/left-out.ts';
import { ListSplitter } from '../wire/list-splitter.ts';
import { mediaTypeOf } from '../wire/media-type.ts';
import { eventAbout, type EventAbout } from '../events/object-event.ts';
import type { Head } from '../cache/object-store.ts';
import { projected } from '../projection/projections.ts';
import { objectOf, textOf } from '../wire/raw-json.ts';
import { collectionPath, objectPath, type ListScope } from '../wire/resource-path.ts';
import { parseAnswer, unavailable } from './status-error.ts';
import type { Body, Request, Transport } from './transport.ts';
import { defined } from '../../api/json.ts';

/** When a request is given up, or not sent; and whether it may wait for others. See `Request` in `transport.ts`. */
export type RequestLimits = Pick<Request, 'signal' | 'timeoutMs' | 'maySend' | 'isUrgent'>;

/** One page of a list: all pages of a list show the same moment, the list's `resourceVersion`. */
export interface Page {
  readonly items: readonly KubernetesObject[];
  readonly resourceVersion: string;
}

/** How to read one page. */
export interface PageVisit {
  /** Where the page begins, as the one before said; undefined for the first. */
  readonly next: string | undefined;
  readonly signal?: AbortSignal | undefined;
  /**
   * An answer begins. When the connection broke in the middle of one, the page is asked for again: a first page then shows
   * another moment, and what the answer before showed counts for nothing.
   */
  begin(): void;
  each(object: KubernetesObject): void;
  /** Told of an object that cannot be taken in, and the others are handed on; without it the page is rejected. */
  unusable?(head: Head, error: unknown): void;
}

/** What a page says at its end. */
export interface PageEnd {
  /** The moment that all pages of the list show. */
  readonly resourceVersion: string;
  /** Where the next page begins; undefined after the last. */
  readonly next: string | undefined;
}

/** The most objects of one page: what kubectl and client-go ask for. */
const pageSize = 500;

/** A list that took longer than the API server keeps its snapshot is begun anew; so often at most. */
const maxListTries = 3;

/** Times `createOrReplace` starts over because someone else wrote at the same moment. */
const maxReplaceTries = 5;

/**
 * The API server, spoken to in objects. Every answer has gone through the projection of its kind
 * (`src/kubernetes/projection/projections.ts`). Everything rejects with a `ClusterError` and nothing else.
 */
export class KubernetesClient {
  readonly #transport: Transport;
  readonly #limits: RequestLimits;

  constructor(transport: Transport, limits: RequestLimits = {}) {
    this.#transport = transport;
    this.#limits = limits;
  }

  /** The same API server, every request of which is given up by these limits, unless the call names others. */
  within(limits: RequestLimits): KubernetesClient {
    return new KubernetesClient(this.#transport, { ...this.#limits, ...limits });
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
    namespace: string | undefined,
    labelSelector: string,
  ): Promise<readonly KubernetesObject[]> {
    const scope = { labelSelector, ...defined({ namespace }) };
    for (let tries = 1; ; tries += 1) {
      try {
        const items: KubernetesObject[] = [];
        for await (const page of this.listPaged(kind, scope)) {
          items.push(...page.items);
        }
        return items;
      } catch (error) {
        const expired = error instanceof ClusterError && error.code === 410;
        if (!expired || tries >= maxListTries) throw error;
      }
    }
  }

  /** The Events about one object: of the newest hundreds that the API server keeps, one page. */
  async eventsAbout(subject: {
    readonly namespace: string;
    readonly uid: string;
  }): Promise<readonly EventAbout[]> {
    const { namespace, uid } = subject;
    const found = new Map<string, EventAbout>();
    await this.visitPage(
      EventKind,
      { namespace, fieldSelector: `involvedObject.uid=${uid}` },
      {
        next: undefined,
        begin: () => found.clear(),
        each: (event) => void found.set(event.metadata.name, eventAbout(event)),
      },
    );
    return [...found.values()];
  }

  /** The live objects of a kind, page by page. Rejects with 410 when reading takes longer than the API server keeps the snapshot. */
  async *listPaged(
    kind: Kind,
    scope: ListScope = {},
    signal?: AbortSignal,
  ): AsyncGenerator<Page, void, undefined> {
    let next: string | undefined;
    do {
      let items: KubernetesObject[] = [];
      const begin = (): void => void (items = []);
      const each = (object: KubernetesObject): void => void items.push(object);
      const page = await this.visitPage(kind, scope, { next, signal, begin, each });
      next = page.next;
      yield { items, resourceVersion: page.resourceVersion };
    } while (next !== undefined);
  }

  /**
   * Reads one page of a list and hands on its objects one by one as they arrive, each parsed and projected for itself: at the
   * memory of one object, and without holding the event loop. If the page has to be asked for again, it begins again.
   * Answers where the next page begins.
   */
  async visitPage(kind: Kind, scope: ListScope, visit: PageVisit): Promise<PageEnd> {
    const { namespace, ...selectors } = scope;
    const query = { limit: pageSize, continue: visit.next, ...selectors };
    const path = collectionPath(kind, namespace, query);
    const limits = { ...this.#limits, ...defined({ signal: visit.signal }) };
    const accept = mediaTypeOf(kind, 'list');
    return this.#transport.read({ verb: 'list', path, accept, ...limits }, (body) => {
      visit.begin();
      return readPage(body, (item) => visitItem(kind, item, visit));
    });
  }

  async create(
    kind: Kind,
    object: KubernetesObject,
    limits: RequestLimits = {},
  ): Promise<KubernetesObject> {
    const path = collectionPath(kind, object.metadata.namespace);
    return this.#send(kind, { verb: 'create', path, body: object, ...limits });
  }

  async patch(
    ref: ObjectRef,
    operations: readonly JsonPatchOperation[],
    { dryRun = false, ...limits }: RequestLimits & { readonly dryRun?: boolean } = {},
  ): Promise<KubernetesObject> {
    const path = objectPath(ref, undefined, dryRun ? { dryRun: 'All' } : {});
    return this.#send(ref.kind, { ...jsonPatch(path, operations), ...limits });
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

  /**
   * Deletes an object. `gone`: the API server answered with a Status, as it does for what needs no further step. With the object it
   * answers for what has finalizers or time to end, and of some kinds always.
   */
  async delete(ref: ObjectRef, preconditions: DeletePreconditions): Promise<'gone' | 'going'> {
    const { uid, resourceVersion, propagation } = preconditions;
    const body = {
      apiVersion: 'v1',
      kind: 'DeleteOptions',
      preconditions: { uid, ...defined({ resourceVersion }) },
      ...defined({ propagationPolicy: propagation }),
    };
    const answer = await this.#transport.request({
      ...this.#limits,
      verb: 'delete',
      path: objectPath(ref),
      body,
    });
    return textOf(objectOf(answer)['kind']) === 'Status' ? 'gone' : 'going';
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

  /**
   * Server-side apply: makes what the object says be so, and leaves what it does not mention to others. Rejects with 409 when
   * another manager owns a field and says something else, unless forced.
   */
  async apply(
    kind: Kind,
    object: KubernetesObject,
    options: { readonly fieldManager: string; readonly force?: boolean; readonly dryRun?: boolean },
  ): Promise<KubernetesObject> {
    const { fieldManager, force, dryRun } = options;
    const query = { fieldManager, ...(force && { force }), ...(dryRun && { dryRun: 'All' }) };
    const path = objectPath(refOf(kind, object), undefined, query);
    const contentType = 'application/apply-patch+yaml';
    return this.#send(kind, { verb: 'patch', path, body: object, contentType });
  }

  /** Creates something that is asked, not stored (a SubjectAccessReview), and answers it as the API server sent it. */
  async review(kind: Kind, object: KubernetesObject): Promise<unknown> {
    const path = collectionPath(kind, object.metadata.namespace);
    return this.#transport.request({ ...this.#limits, verb: 'create', path, body: object });
  }

  async #send(kind: Kind, request: Request): Promise<KubernetesObject> {
    const accept = mediaTypeOf(kind, 'object');
    return answered(kind, await this.#transport.request({ accept, ...this.#limits, ...request }));
  }
}

function visitItem(kind: Kind, item: unknown, visit: PageVisit): void {
  let object: KubernetesObject;
  try {
    object = projected(kind, item);
  } catch (error) {
    if (visit.unusable === undefined) throw error;
    visit.unusable(headOf(objectOf(item)), error);
    return;
  }
  visit.each(object);
}

async function readPage(body: Body, each: (item: unknown) => void): Promise<PageEnd> {
  const splitter = new ListSplitter();
  const slices = new Slices();
  for await (const chunk of body) {
    await slices.each(splitter.push(chunk), (item) => each(parseAnswer(item)));
  }
  const { metadata } = objectOf(parseAnswer(splitter.rest()));
  const resourceVersion = textOf(objectOf(metadata)['resourceVersion']);
  if (resourceVersion === undefined) throw unavailable('the answer is no list');
  // The last page has an empty one.
  return { resourceVersion, next: textOf(objectOf(metadata)['continue']) || undefined };
}

/** The one object of an answer. */
function answered(kind: Kind, value: unknown): KubernetesObject {
  try {
    return projected(kind, value);
  } catch (error) {
    if (!(error instanceof ObjectUnusable)) throw error;
    const { name } = headOf(objectOf(value));
    throw unavailable(`${kind.kind} ${name} ${error.message}`, error);
  }
}

function jsonPatch(path: string, operations: readonly JsonPatchOperation[]): Request {
  return { verb: 'patch', path, body: operations, contentType: 'application/json-patch+json' };
}

import type { Log, LogFields } from '../../ports/log.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import type { Slots } from '../../runtime/slots.ts';
import type { KubernetesClient } from '../transport/client.ts';
import { clusterError } from '../transport/deadline.ts';
import type { Feed } from '../cache/feed.ts';
import { IdleTimer } from './idle-timer.ts';
import { untilKindMayExist } from './kind-watch.ts';
import { headOf } from '../cache/left-out.ts';
import { mediaTypeOf } from '../wire/media-type.ts';
import type { Head } from '../cache/object-store.ts';
import { projected } from '../projection/projections.ts';
import { afterFailure, firstState, type ReflectorState } from './reflector-state.ts';
import { collectionPath } from '../wire/resource-path.ts';
import { unavailable } from '../transport/status-error.ts';
import type { Transport } from '../transport/transport.ts';
import { readEvents, type WatchEvent } from './watch-events.ts';

export interface ReflectorOptions {
  readonly kind: Kind;
  /** Where the objects go; its scope says which ones are wanted. */
  readonly feed: Feed;
  /** The kind may be missing for good: no objects of it is then all there is to know. */
  readonly optional: boolean;
  readonly client: KubernetesClient;
  readonly transport: Transport;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
  /** Shared by all reflectors: so many pages are read and parsed at once, which bounds memory. */
  readonly pages: Slots;
}

/**
 * The API server sends a bookmark about every minute. A watch on which nothing came for this long, and up to twice as long,
 * may hang on a connection that is no more: it is opened anew, at the cost of one request.
 */
const idleMs = 90_000;

/** A watch is meant to last minutes. One that ends at once without an event counts as failed, or it would be a hot loop. */
const veryShortMs = 1000;

type Listing = Extract<ReflectorState, { at: 'listing' }>;
type Watching = Extract<ReflectorState, { at: 'watching' }>;

/**
 * Keeps a feed in step with the API server: lists, watches, and finds its way back from every failure. Its states and what
 * leads from one to another are in `reflector-state.ts`.
 */
export class Reflector {
  readonly #options: ReflectorOptions;
  #state: ReflectorState = firstState;
  #isToldMissing = false;
  #heardAtMs: number | undefined;
  #restarts = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
  }

  get kind(): Kind {
    return this.#options.kind;
  }

  /** Where it is now; `waiting` carries what failed. */
  get state(): ReflectorState {
    return this.#state;
  }

  /** When the API server last said something of the kind, in elapsed milliseconds: a whole list, a change, a bookmark. */
  get heardAtMs(): number | undefined {
    return this.#heardAtMs;
  }

  /** Watches that failed, or were given up because nothing came. */
  get restarts(): number {
    return this.#restarts;
  }

  /** Works until the signal is aborted. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const next = await this.#step(this.#state, signal);
      if (signal.aborted) return;
      this.#report(this.#state, next);
      this.#state = next;
    }
  }

  async #step(state: ReflectorState, signal: AbortSignal): Promise<ReflectorState> {
    const { clock, kind, transport, random, feed, optional } = this.#options;
    switch (state.at) {
      case 'listing':
        return this.#list(state, signal);
      case 'watching':
        return this.#watch(state, signal);
      case 'waiting':
        await sleep(clock, state.forMs, signal);
        return state.next;
      case 'kindAbsent': {
        feed.kindAbsent(optional);
        const { definitionSeen: seen } = state;
        const options = { clock, transport, random, seen, signal };
        return {
          at: 'listing',
          failures: 0,
          definitionSeen: await untilKindMayExist(kind, options),
        };
      }
    }
  }

  async #list(state: Listing, signal: AbortSignal): Promise<ReflectorState> {
    const { client, clock, kind, feed, pages, random } = this.#options;
    const each = (object: KubernetesObject): void => feed.listed(object);
    const unusable = (head: Head, error: unknown): void => feed.unusable(head, error);
    try {
      let next: string | undefined;
      let resourceVersion: string;
      do {
        // All pages after the first show the same moment, however often they are read.
        const isFirst = next === undefined;
        const begin = (): void => void (isFirst && feed.listing());
        const visit = { next, signal, begin, each, unusable };
        ({ next, resourceVersion } = await pages.run(() =>
          client.visitPage(kind, feed.scope, visit),
        ));
      } while (next !== undefined);
      this.#heardAtMs = clock.elapsed();
      if (!feed.listComplete(resourceVersion)) return state;
      return { at: 'watching', resourceVersion, failures: state.failures };
    } catch (error) {
      return afterFailure(state, clusterError(error), random);
    }
  }

  async #watch(state: Watching, signal: AbortSignal): Promise<ReflectorState> {
    const { clock, transport, random, kind } = this.#options;
    const silent = new AbortController();
    const either = AbortSignal.any([signal, silent.signal]);
    const idle = new IdleTimer(clock, idleMs, () => silent.abort());
    let { resourceVersion, failures } = state;
    let events = 0;
    const startMs = clock.elapsed();
    try {
      const path = this.#watchPath(resourceVersion);
      const bytes = await transport.stream(path, either, mediaTypeOf(kind, 'object'));
      await readEvents(idle.heard(bytes), (event) => {
        this.#take(event);
        this.#heardAtMs = clock.elapsed();
        ({ resourceVersion } = event);
        events += 1;
        failures = 0;
      });
      if (events === 0 && clock.elapsed() - startMs < veryShortMs) {
        throw unavailable('the watch ended at once');
      }
      return { at: 'watching', resourceVersion, failures: 0 };
    } catch (error) {
      if (!signal.aborted) this.#restarts += 1;
      if (idle.expired) return { at: 'watching', resourceVersion, failures: 0 };
      return afterFailure(
        { at: 'watching', resourceVersion, failures },
        clusterError(error),
        random,
      );
    } finally {
      idle.cancel();
    }
  }

  #watchPath(resourceVersion: string): string {
    const { kind, feed, random } = this.#options;
    const { namespace, labelSelector, fieldSelector } = feed.scope;
    return collectionPath(kind, namespace, {
      watch: true,
      allowWatchBookmarks: true,
      resourceVersion,
      // Spread out, so that the watches of a process do not all end at once.
      timeoutSeconds: 300 + Math.floor(random() * 300),
      labelSelector,
      fieldSelector,
    });
  }

  #take({ type, object: raw, resourceVersion }: WatchEvent): void {
    const { feed, kind } = this.#options;
    if (type === 'BOOKMARK') return feed.advanced(resourceVersion);
    let object: KubernetesObject;
    try {
      object = projected(kind, raw);
    } catch (error) {
      feed.unusable(headOf(raw), type === 'DELETED' ? undefined : error);
      return feed.advanced(resourceVersion);
    }
    if (type === 'DELETED') feed.deleted(object);
    else feed.changed(object);
  }

  /** Said once, until the kind is there again. */
  #reportAbsence(fields: LogFields): void {
    const { kind, optional, log } = this.#options;
    if (optional || this.#isToldMissing) {
      log.debug(fields, `the API server does not know ${kind.plural} (yet)`);
      return;
    }
    this.#isToldMissing = true;
    const definition = `${kind.plural}.${groupOf(kind)}`;
    log.warn(
      { ...fields, definition },
      `the API server does not serve ${kind.plural}: is CustomResourceDefinition ${definition} missing? What needs it waits until it is there; "sluice install" makes it again`,
    );
  }

  #report(from: ReflectorState, to: ReflectorState): void {
    const { kind, feed, log } = this.#options;
    const fields = { kind: kind.kind, selector: feed.scope.labelSelector };
    if (to.at === 'waiting') {
      const { code, reason, message } = to.failed;
      const level = to.next.failures === 1 ? 'warn' : 'debug';
      log[level](
        { ...fields, code, reason, error: message, againInMs: to.forMs },
        `${kind.plural} cannot be ${from.at === 'listing' ? 'listed' : 'watched'}`,
      );
    } else if (to.at === 'kindAbsent' && from.at === 'listing') {
      this.#reportAbsence(fields);
    } else if (from.at === 'listing' && to.at === 'watching') {
      if (this.#isToldMissing) {
        log.warn(fields, `the API server serves ${kind.plural} again`);
        this.#isToldMissing = false;
      }
      log.debug({ ...fields, resourceVersion: to.resourceVersion }, `${kind.plural} listed`);
    }
  }
}

function groupOf({ apiVersion }: Kind): string {
  const slash = apiVersion.indexOf('/');
  return slash < 0 ? '' : apiVersion.slice(0, slash);
}

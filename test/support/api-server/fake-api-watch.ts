import type { ServerResponse } from 'node:http';

import { selects } from '../../../src/api/label-selector.ts';
import type { Kind, KubernetesObject } from '../../../src/api/object.ts';
import {
  kindText,
  type MemoryStore,
  type StoredChange,
} from '../../../src/cli/played/memory-store.ts';

/** Which objects a list or a watch is about. */
export interface Scope {
  readonly kind: Kind;
  readonly namespace?: string | undefined;
  readonly labelSelector: string;
  readonly fieldSelector: string;
}

export function isInScope(scope: Scope, { metadata }: KubernetesObject): boolean {
  const [, wantedName] = /^metadata\.name=(.*)$/u.exec(scope.fieldSelector) ?? [];
  return (
    (scope.namespace === undefined || scope.namespace === metadata.namespace) &&
    (wantedName === undefined || wantedName === metadata.name) &&
    selects(scope.labelSelector, metadata.labels)
  );
}

/** One open watch of the fake API server: it tells what happens by itself, and whatever a test makes it tell. */
export class FakeWatch {
  readonly scope: Scope;
  readonly #response: ServerResponse;
  readonly #held = new Map<string, KubernetesObject>();
  #mute = false;
  readonly #unsubscribe: () => void;
  readonly #reset: () => void;

  /** Begins after a version; with what is there when it is undefined. */
  constructor(
    scope: Scope,
    response: ServerResponse,
    from: { store: MemoryStore; version: number | undefined; reset: () => void },
  ) {
    this.scope = scope;
    this.#response = response;
    const { store, version, reset } = from;
    this.#reset = reset;
    response.writeHead(200, { 'content-type': 'application/json' });
    response.flushHeaders();
    for (const change of store.history) {
      if (version !== undefined && change.version <= version) this.#hold(change);
      else this.#tell(change);
    }
    this.#unsubscribe = store.onChange((change) => this.#tell(change));
    response.on('close', this.#unsubscribe);
  }

  /** Sends any bytes, for example half a line. */
  send(text: string): void {
    this.#response.write(text);
  }

  event(type: string, object: unknown): void {
    this.send(`${JSON.stringify({ type, object })}\n`);
  }

  bookmark(version: string): void {
    const { apiVersion, kind } = this.scope.kind;
    this.event('BOOKMARK', { apiVersion, kind, metadata: { resourceVersion: version } });
  }

  /** Nothing comes any more, and nothing says so: a connection that hangs. */
  fallSilent(): void {
    this.#mute = true;
  }

  /** The server ends the watch in order. */
  end(): void {
    this.#unsubscribe();
    this.#response.end();
  }

  /** The connection is torn down. */
  reset(): void {
    this.#unsubscribe();
    this.#reset();
  }

  get isOpen(): boolean {
    return !this.#response.closed;
  }

  // An object that comes to be selected is ADDED, one that no longer is is DELETED, as its state was when it still was.
  #tell(change: StoredChange): void {
    const before = this.#held.get(change.object.metadata.uid ?? '');
    if (!this.#hold(change) || this.#mute) return;
    const isHeld = this.#held.has(change.object.metadata.uid ?? '');
    if (isHeld) return this.event(before === undefined ? 'ADDED' : 'MODIFIED', change.object);
    if (before === undefined) return;
    const { resourceVersion = '' } = change.object.metadata;
    this.event('DELETED', { ...before, metadata: { ...before.metadata, resourceVersion } });
  }

  #hold({ kind, type, object }: StoredChange): boolean {
    if (kindText(kind) !== kindText(this.scope.kind)) return false;
    const uid = object.metadata.uid ?? '';
    if (type !== 'deleted' && isInScope(this.scope, object)) this.#held.set(uid, object);
    else this.#held.delete(uid);
    return true;
  }
}

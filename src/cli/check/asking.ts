import { ClusterError } from '../../api/cluster-error.ts';
import { fieldOf } from '../../api/json.ts';
import type { Connection } from '../../kubernetes/connect.ts';
import type { Seen } from './seen.ts';

/** Asks the API server for plain JSON; whatever it answers, nothing rejects. */
export interface Asking {
  get(path: string): Promise<Seen<unknown>>;
  post(path: string, body: unknown): Promise<Seen<unknown>>;
  /** The items of a list, page by page. */
  list(path: string): Promise<Seen<readonly unknown[]>>;
  /** A text behind the proxy of the API server. */
  text(path: string): Promise<Seen<string>>;
}

/** So long one answer may take: what is broken must not keep a diagnosis waiting. */
const timeoutMs = 10_000;
const pageSize = 500;

/** The cluster of a connection. */
export function asking({ transport }: Pick<Connection, 'transport'>): Asking {
  const get = (path: string) => seen(transport.request({ verb: 'get', path, timeoutMs }));
  return {
    get,
    post: (path, body) => seen(transport.request({ verb: 'create', path, body, timeoutMs })),
    async list(path) {
      const items: unknown[] = [];
      let next = '';
      do {
        const query = `limit=${pageSize}${next === '' ? '' : `&continue=${encodeURIComponent(next)}`}`;
        const page = await get(`${path}${path.includes('?') ? '&' : '?'}${query}`);
        if (page.is !== 'found') return page;
        items.push(...listOf(fieldOf(page.value, 'items')));
        next = textOf(fieldOf(fieldOf(page.value, 'metadata'), 'continue'));
      } while (next !== '');
      return { is: 'found', value: items };
    },
    text: (path) =>
      seen(
        transport.read({ verb: 'get', path, accept: '*/*', timeoutMs }, async (body) => {
          const chunks: Uint8Array[] = [];
          for await (const chunk of body) chunks.push(chunk);
          return Buffer.concat(chunks).toString('utf8');
        }),
      ),
  };
}

async function seen<T>(answer: Promise<T>): Promise<Seen<T>> {
  try {
    return { is: 'found', value: await answer };
  } catch (error) {
    if (error instanceof ClusterError && error.code === 404 && error.reason === 'NotFound')
      return { is: 'absent' };
    return { is: 'unreadable', why: error instanceof Error ? error.message : String(error) };
  }
}

/** Another view of what was found. */
export function mapSeen<T, U>(one: Seen<T>, view: (value: T) => U): Seen<U> {
  return one.is === 'found' ? { is: 'found', value: view(one.value) } : one;
}

export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** The field at the end of a path of fields. */
export function at(value: unknown, ...path: readonly string[]): unknown {
  return path.reduce((inner, field) => fieldOf(inner, field), value);
}

/** Milliseconds since the epoch; 0 for what is no time. */
export function momentOf(value: unknown): number {
  return Date.parse(textOf(value)) || 0;
}

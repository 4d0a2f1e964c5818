import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Clock } from '../runtime/clock.ts';
import { HttpAgent, httpRequest } from '../runtime/plain-http.ts';
import type { Proxy } from '../runtime/proxy.ts';
import { FairSlots } from '../runtime/fair-slots.ts';
import { type AddressPolicy, providerUrl, vettedLookup } from './address-policy.ts';
import { BodyBudget, type BodyHolder } from './body-budget.ts';

/** One HTTP request to a provider. */
export interface ProviderRequest {
  readonly method: 'GET' | 'POST';
  readonly url: URL;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly insecureSkipTlsVerify: boolean;
  /** Whose request it is: the namespace of the provider. */
  readonly tenant: string;
}

export interface ProviderAnswer {
  readonly status: number;
  readonly body: string;
}

/** No usable answer came: connection, TLS, time, size or redirect. The message names the server, never credentials. */
class ProviderUnreachable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ProviderUnreachable';
  }
}

/** What a `BoundedFetch` allows; the defaults are those of production. */
export interface FetchLimits {
  readonly timeoutMs: number;
  readonly bodyBytes: number;
  /** All bodies together that are being read. */
  readonly allBodiesBytes: number;
  readonly redirects: number;
}

/** Keptn's time-out; a body that a series of thousands of values fits in; and what fifty such bodies may take together. */
const defaultLimits: FetchLimits = {
  timeoutMs: 20_000,
  bodyBytes: 1 << 20,
  allBodiesBytes: 16 << 20,
  redirects: 3,
};

/** What a `BoundedFetch` needs. */
export interface FetchParts {
  readonly policy: AddressPolicy;
  readonly clock: Clock;
  /** The proxy that the environment names for a URL: none is used, which a failure says. */
  readonly proxyFor?: (url: URL) => Proxy | undefined;
}

/**
 * HTTP for servers that are not trusted: only allowed addresses, one deadline for the whole exchange, a cap on the body,
 * redirects only within the host. Connections are kept alive; `close` ends them.
 */
export class BoundedFetch {
  readonly #policy: AddressPolicy;
  readonly #clock: Clock;
  readonly #proxyFor: NonNullable<FetchParts['proxyFor']>;
  readonly #limits: FetchLimits;
  readonly #budget: BodyBudget;
  // Names are resolved by the four threads that also read files: names without an answer must leave some of them free.
  readonly #lookups = new FairSlots({ total: 3, perGroup: 1 });
  // The caller bounds the queries at once. A bound per host would let one namespace's queries hold up all others' to it.
  readonly #http = new HttpAgent({ keepAlive: true });
  readonly #https = new HttpsAgent({ keepAlive: true });

  constructor(parts: FetchParts, limits: FetchLimits = defaultLimits) {
    this.#policy = parts.policy;
    this.#clock = parts.clock;
    this.#proxyFor = parts.proxyFor ?? (() => undefined);
    this.#limits = limits;
    this.#budget = new BodyBudget(limits.allBodiesBytes);
  }

  /** The answer, whatever its status. Rejects with `ProviderUnreachable` or `AddressRefused`. */
  async fetch(request: ProviderRequest, signal: AbortSignal): Promise<ProviderAnswer> {
    const deadline = new AbortController();
    const timer = this.#clock.after(this.#limits.timeoutMs, () =>
      deadline.abort(new Error(`no answer within ${this.#limits.timeoutMs / 1000} s`)),
    );
    const either = AbortSignal.any([signal, deadline.signal]);
    try {
      return await this.#follow(request, either);
    } catch (error) {
      if (!(error instanceof Error) || error.name === 'AddressRefused') throw error;
      const why = reasonOf(either.aborted ? either.reason : error);
      const words = `${nameOf(request.url)}: ${why}${this.#unusedProxy(request.url)}`;
      throw new ProviderUnreachable(words, { cause: error });
    } finally {
      timer.cancel();
    }
  }

  /** Through a proxy the address that is connected to could not be judged, so that providers are reached without one. */
  #unusedProxy(url: URL): string {
    try {
      const proxy = this.#proxyFor(url);
      return proxy === undefined ? '' : ` (${proxy.setting} is not used for metrics providers)`;
    } catch {
      return '';
    }
  }

  close(): void {
    this.#http.destroy();
    this.#https.destroy();
  }

  async #follow(request: ProviderRequest, signal: AbortSignal): Promise<ProviderAnswer> {
    let current = request;
    for (let hop = 0; hop <= this.#limits.redirects; hop += 1) {
      const answer = await this.#exchange(current, signal);
      const target = redirectOf(answer, current.url);
      if (target === undefined) return { status: answer.status, body: answer.body };
      current = { ...current, url: providerUrl(target.href, this.#policy) };
    }
    throw new Error(`more than ${this.#limits.redirects} redirects`);
  }

  #exchange(request: ProviderRequest, signal: AbortSignal): Promise<LocatedAnswer> {
    const { url } = request;
    const secure = url.protocol === 'https:';
    const options = {
      method: request.method,
      headers: headersOf(request),
      lookup: vettedLookup(url, this.#policy, (lookup) => {
        void this.#lookups.run(request.tenant, lookup);
      }),
      signal,
    };
    return new Promise((resolve, reject) => {
      const onAnswer = (message: IncomingMessage): void => {
        collect(message, this.#limits, this.#budget).then(resolve, reject);
      };
      const outgoing = secure
        ? httpsRequest(
            url,
            { ...options, agent: this.#https, rejectUnauthorized: !request.insecureSkipTlsVerify },
            onAnswer,
          )
        : httpRequest(url, { ...options, agent: this.#http }, onAnswer);
      outgoing.on('error', reject);
      outgoing.end(request.body);
    });
  }
}

interface LocatedAnswer extends ProviderAnswer {
  readonly location: string | undefined;
}

async function collect(
  message: IncomingMessage,
  { bodyBytes, allBodiesBytes }: FetchLimits,
  budget: BodyBudget,
): Promise<LocatedAnswer> {
  const holder: BodyHolder = {
    evict() {
      const text = `the answers of all providers together are larger than ${allBodiesBytes} bytes, and this one was the largest`;
      message.destroy(new Error(text));
    },
  };
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of message) {
      const part = Buffer.from(chunk);
      bytes += part.length;
      if (bytes > bodyBytes) {
        message.destroy();
        throw new Error(`the answer is longer than ${bodyBytes} bytes`);
      }
      budget.charge(holder, part.length);
      chunks.push(part);
    }
  } finally {
    budget.release(holder);
  }
  return {
    status: message.statusCode ?? 0,
    body: Buffer.concat(chunks).toString('utf8'),
    location: message.headers.location,
  };
}

/** Where an answer sends us, within the host: elsewhere, or from https to http, the credentials would go along. */
function redirectOf(answer: LocatedAnswer, from: URL): URL | undefined {
  const { status, location } = answer;
  if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return undefined;
  if (!URL.canParse(location, from.href))
    throw new Error('it redirects to something that is no URL');
  const target = new URL(location, from);
  const upgraded = from.protocol === 'http:' && target.protocol === 'https:';
  const stays = target.origin === from.origin || (upgraded && target.hostname === from.hostname);
  if (!stays) {
    throw new Error(`it redirects to ${target.origin}, which is not followed`);
  }
  return target;
}

function headersOf(request: ProviderRequest): Record<string, string> {
  if (request.body === undefined) return { ...request.headers };
  return { ...request.headers, 'content-length': String(Buffer.byteLength(request.body)) };
}

/** A URL for messages: without user, password and query. */
function nameOf(url: URL): string {
  return `${url.origin}${url.pathname}`;
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  // A connection refused by all addresses of a name is one error without words around several with them.
  const inner: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return inner instanceof Error ? inner.message : error.message;
}

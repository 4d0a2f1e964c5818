import type { SecretReader } from '../ports/secret-reader.ts';
import type { KeptnMetricsProvider } from '../api/keptn/metrics-provider.ts';
import { withoutEnd } from '../api/text/text-edges.ts';
import { type AddressPolicy, providerUrl } from './address-policy.ts';
import type { BoundedFetch, ProviderAnswer, ProviderRequest } from './bounded-fetch.ts';
import { basicAuth } from './credentials.ts';
import { samplesIn } from './prometheus-answer.ts';

/** What is asked of a provider. */
export interface MetricQuery {
  readonly provider: KeptnMetricsProvider;
  readonly query: string;
  /** Milliseconds since the Unix epoch: the end of the range, or the moment asked for. */
  readonly now: number;
  /** A window that ends now; without `stepMs` its one step is as long as itself. */
  readonly range?: { readonly intervalMs: number; readonly stepMs?: number };
}

export interface PrometheusParts {
  readonly fetch: BoundedFetch;
  readonly policy: AddressPolicy;
  readonly secrets: SecretReader;
}

/** Answers that mean "not by POST" and nothing about the query. */
const postRefused = new Set([403, 405, 501]);

/**
 * Prometheus and what speaks its HTTP API (Thanos, Cortex). A query goes out as POST and, where that is refused, once more
 * as GET with the same parameters.
 */
export class Prometheus {
  readonly #parts: PrometheusParts;

  constructor(parts: PrometheusParts) {
    this.#parts = parts;
  }

  /**
   * The samples of the one series the query gives, as sent, oldest first, at least one. Rejects with an error whose message
   * is fit for `status.errMsg`.
   */
  async query(query: MetricQuery, signal: AbortSignal): Promise<readonly string[]> {
    const { spec } = query.provider;
    const url = providerUrl(spec.targetServer, this.#parts.policy);
    const headers = await basicAuth(query.provider, this.#parts.secrets);
    url.pathname = `${withoutEnd(url.pathname, '/')}/api/v1/${query.range === undefined ? 'query' : 'query_range'}`;
    const answer = await this.#ask(
      {
        url,
        headers: { ...headers, accept: 'application/json' },
        insecureSkipTlsVerify: spec.insecureSkipTlsVerify ?? false,
        tenant: query.provider.metadata.namespace ?? '',
      },
      { parameters: parametersOf(query), signal },
    );
    return samplesIn(answer, query.range === undefined ? 'vector' : 'matrix');
  }

  async #ask(
    target: Omit<ProviderRequest, 'method' | 'body'>,
    { parameters, signal }: { parameters: string; signal: AbortSignal },
  ): Promise<ProviderAnswer> {
    const answer = await this.#parts.fetch.fetch(
      {
        ...target,
        method: 'POST',
        headers: { ...target.headers, 'content-type': 'application/x-www-form-urlencoded' },
        body: parameters,
      },
      signal,
    );
    if (!postRefused.has(answer.status)) return answer;
    const url = new URL(target.url);
    url.search = url.search === '' ? parameters : `${url.search}&${parameters}`;
    return this.#parts.fetch.fetch({ ...target, url, method: 'GET' }, signal);
  }
}

/** Times are Unix seconds with a fraction, lengths of time seconds, both in decimal. */
function parametersOf({ query, now, range }: MetricQuery): string {
  const seconds = (ms: number): string => String(ms / 1000);
  const parameters = new URLSearchParams({ query });
  if (range === undefined) {
    parameters.set('time', seconds(now));
  } else {
    parameters.set('start', seconds(now - range.intervalMs));
    parameters.set('end', seconds(now));
    parameters.set('step', seconds(range.stepMs ?? range.intervalMs));
  }
  return parameters.toString();
}

import { askedProviderTypes, typeOfProvider } from '../api/keptn/metrics-provider.ts';
import type { SecretReader } from '../ports/secret-reader.ts';
import type { Clock } from '../runtime/clock.ts';
import type { Proxy } from '../runtime/proxy.ts';
import type { AddressPolicy } from './address-policy.ts';
import { BoundedFetch, type FetchLimits } from './bounded-fetch.ts';
import { type MetricQuery, Prometheus } from './prometheus.ts';

/** The provider is of no type that Sluice asks (Keptn's words). */
class ProviderUnsupported extends Error {
  constructor(type: string) {
    super(`provider ${type} not supported`);
    this.name = 'ProviderUnsupported';
  }
}

export interface SourceParts {
  readonly policy: AddressPolicy;
  readonly secrets: SecretReader;
  readonly clock: Clock;
  /** The proxy that the environment names for a URL. */
  readonly proxyFor?: (url: URL) => Proxy | undefined;
  readonly limits?: FetchLimits;
}

/** Every metrics provider behind one door: the type in the provider's spec chooses. */
export class MetricSources {
  readonly #fetch: BoundedFetch;
  readonly #prometheus: Prometheus;

  constructor({ policy, secrets, clock, proxyFor, limits }: SourceParts) {
    this.#fetch = new BoundedFetch({ policy, clock, ...(proxyFor && { proxyFor }) }, limits);
    this.#prometheus = new Prometheus({ fetch: this.#fetch, policy, secrets });
  }

  /** The samples of the query's one series as text, oldest first; rejects with an error fit for `status.errMsg`. */
  async query(query: MetricQuery, signal: AbortSignal): Promise<readonly string[]> {
    const type = typeOfProvider(query.provider);
    if (!askedProviderTypes.includes(type)) throw new ProviderUnsupported(type);
    return this.#prometheus.query(query, signal);
  }

  /** Ends the connections that are kept alive. */
  close(): void {
    this.#fetch.close();
  }
}

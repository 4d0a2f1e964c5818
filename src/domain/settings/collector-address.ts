import { withoutEnd } from '../../api/text/text-edges.ts';

/** How spans can be sent: OTLP over gRPC, or over HTTP in either encoding. */
export const otlpProtocols = ['grpc', 'http/protobuf', 'http/json'] as const;

export type OtlpProtocol = (typeof otlpProtocols)[number];

/** Where a collector is, and how it is reached. */
export interface CollectorAddress {
  readonly protocol: OtlpProtocol;
  /** gRPC: `host:port`. HTTP: the URL that spans are posted to. */
  readonly address: string;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
}

/** What decides where an address leaves it open. */
export interface AddressSettings {
  readonly protocol?: OtlpProtocol | undefined;
  /** Whether an address without a scheme is reached without TLS. */
  readonly insecure?: boolean;
}

/** Why an address cannot be one. */
class CollectorAddressInvalid extends Error {
  constructor(address: string, why: string) {
    super(
      `"${address}" is no address of a collector: ${why}; write host:port for OTLP over gRPC, or an http:// or https:// URL`,
    );
    this.name = 'CollectorAddressInvalid';
  }
}

/** Why this is no address of a collector; undefined if it is one, or nothing. */
export function collectorProblem(text: string | undefined): string | undefined {
  if (text === undefined || text.trim() === '') return undefined;
  try {
    collectorAt(text.trim(), {});
    return undefined;
  } catch (error) {
    if (error instanceof CollectorAddressInvalid) return error.message;
    throw error;
  }
}

const tracesPath = '/v1/traces';

/**
 * Reads an address. `host:port` is OTLP over gRPC without TLS, as in Keptn; a URL is OTLP over HTTP; a protocol that is given
 * decides otherwise. Throws `CollectorAddressInvalid`.
 */
export function collectorAt(
  text: string,
  { protocol, insecure = true }: AddressSettings,
  path: 'base' | 'asItIs' = 'base',
): CollectorAddress {
  const scheme = /^(?<scheme>[a-z][a-z0-9+.-]*):\/\//iu.exec(text)?.groups?.['scheme'];
  const kind = protocol ?? (scheme === undefined ? 'grpc' : 'http/protobuf');
  const url = urlOf(text, scheme === undefined ? `${insecure ? 'http' : 'https'}://${text}` : text);
  const secure = url.protocol === 'https:';
  // A URL does not tell a port that is its scheme's own from none.
  const stated = url.port || /:(?<port>\d+)\/?$/u.exec(text)?.groups?.['port'];
  if (kind === 'grpc') {
    const otherwise = scheme === undefined ? '4317' : secure ? '443' : '80';
    return { protocol: kind, address: `${url.hostname}:${stated ?? otherwise}`, secure };
  }
  if (scheme === undefined && stated === undefined) url.port = '4318';
  if (path === 'base' && !url.pathname.endsWith(tracesPath)) {
    url.pathname = `${withoutEnd(url.pathname, '/')}${tracesPath}`;
  }
  return { protocol: kind, address: url.href, secure };
}

function urlOf(text: string, href: string): URL {
  if (!URL.canParse(href)) throw new CollectorAddressInvalid(text, 'it has no host and port');
  const url = new URL(href);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw new CollectorAddressInvalid(text, `the scheme ${url.protocol} is none of OTLP`);
  }
  return url;
}

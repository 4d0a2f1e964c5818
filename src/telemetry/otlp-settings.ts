import type { Proxy } from '../runtime/proxy.ts';

/** How spans reach a collector over OTLP. */
export interface OtlpSettings {
  readonly protocol: 'grpc' | 'http/protobuf' | 'http/json';
  /** gRPC: `host:port`. HTTP: the whole URL. */
  readonly address: string;
  /** Whether the connection is encrypted. */
  readonly secure: boolean;
  /** What leads there over HTTP; default: it is connected to directly. */
  readonly proxy?: Proxy;
  /** Sent with every request. They may be secrets and never go into a log. */
  readonly headers: Readonly<Record<string, string>>;
  /** Certificates of the authorities that are trusted, instead of the well-known ones. PEM file. */
  readonly caFile?: string;
  /** Certificate and key that the client shows. PEM files. */
  readonly certFile?: string;
  readonly keyFile?: string;
  /** How long one request may take. */
  readonly timeoutMs: number;
  /** Attributes of the resource: who sends the spans. */
  readonly resource: Readonly<Record<string, string>>;
}

/** What is needed of those for one connection, files read. */
export interface TlsMaterial {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
}

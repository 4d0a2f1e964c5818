import { request as requestHttp } from 'node:http';
import { request as requestHttps } from 'node:https';

/** One request to a server of the control plane. */
export interface HttpRequest {
  readonly method?: string;
  readonly url: string;
  /** PEM of the authority that signed the server's certificate. */
  readonly ca?: string;
  /** False accepts any certificate. */
  readonly verify?: boolean;
  readonly token?: string;
  readonly contentType?: string;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly timeoutMs?: number;
}

/** The status code and the text of an answer. */
export interface HttpAnswer {
  readonly status: number;
  readonly body: string;
  /** The `Warning` headers (RFC 7234), one by one. */
  readonly warnings: readonly string[];
}

/** Sends one request over a connection of its own; rejects when no answer came, whatever its status is. */
export function send(options: HttpRequest): Promise<HttpAnswer> {
  const { promise, resolve, reject } = Promise.withResolvers<HttpAnswer>();
  const request = options.url.startsWith('https:') ? requestHttps : requestHttp;
  const outgoing = request(
    options.url,
    {
      method: options.method ?? 'GET',
      ...(options.ca === undefined ? {} : { ca: options.ca }),
      rejectUnauthorized: options.verify ?? true,
      agent: false,
      timeout: options.timeoutMs ?? 30_000,
      headers: {
        accept: 'application/json',
        ...(options.token === undefined ? {} : { authorization: `Bearer ${options.token}` }),
        ...(options.body === undefined
          ? {}
          : {
              'content-type': options.contentType ?? 'application/json',
              // For DELETE Node would say nothing about the length, and the server would see no body.
              'content-length': String(Buffer.byteLength(options.body)),
            }),
        ...options.headers,
      },
    },
    (answer) => {
      let body = '';
      answer.setEncoding('utf8');
      answer.on('data', (chunk: string) => (body += chunk));
      const warnings = answer.headersDistinct['warning'] ?? [];
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body, warnings }));
      answer.on('error', reject);
    },
  );
  outgoing.on('timeout', () =>
    outgoing.destroy(new Error(`no answer from ${options.url} in time`)),
  );
  outgoing.on('error', reject);
  outgoing.end(options.body);
  return promise;
}

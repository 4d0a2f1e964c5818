import type { IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as requestSecure } from 'node:https';
import { HttpAgent, httpRequest } from '../runtime/plain-http.ts';
import { type Proxy, shownProxy } from '../runtime/proxy.ts';
import type { OtlpSettings, TlsMaterial } from './otlp-settings.ts';
import { RequestFailed, type Transport } from './otlp-transport.ts';

// OTLP, "Failures": the request itself is wrong or too large. What is refused for another reason may be accepted later.
const finalStatuses: ReadonlySet<number> = new Set([400, 413, 422]);

/**
 * Whether the answer is one of OTLP: its body has the encoding of the request. Others have words of their own for 400: a TLS port that is
 * spoken to in plain HTTP, a proxy, a login page. They say nothing about the spans.
 */
function isOfOtlp(answered: string | undefined, asked: string): boolean {
  const [type = ''] = (answered ?? '').split(';');
  return type.trim().toLowerCase() === asked;
}
// An answer says how many spans were kept out and why; more than this is none.
const mostAnswerBytes = 64 * 1024;

/** OTLP over HTTP, as protobuf or JSON. */
export function httpTransport(settings: OtlpSettings, tls: TlsMaterial): Transport {
  const { address, secure, headers, protocol, proxy, timeoutMs } = settings;
  const way = {
    keepAlive: true,
    maxSockets: 1,
    ...(proxy && { proxyEnv: { HTTP_PROXY: proxy.url.href, HTTPS_PROXY: proxy.url.href } }),
  };
  const agent = secure ? new HttpsAgent({ ...way, ...tls }) : new HttpAgent(way);
  const request = secure ? requestSecure : httpRequest;
  const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  /** What has taken spans is a collector, whatever its refusals look like. */
  let hasAccepted = false;
  return {
    async send(body, signal) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const sent = request(address, {
        method: 'POST',
        agent,
        signal: within,
        // Ends the making of a tunnel that a proxy never answers, which `signal` does not.
        timeout: timeoutMs,
        headers: {
          ...headers,
          'content-type': contentType,
          'content-length': body.length,
          'user-agent': 'sluice',
        },
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.on('response', resolve).on('error', reject).end(body);
        // Node tells a request of an abort only when it has a connection: a proxy may never answer.
        within.addEventListener('abort', () => reject(within.reason), { once: true });
      }).catch((cause: unknown) => {
        throw unreached(cause, within, proxy);
      });
      const answer = await bodyOf(response).catch((cause: unknown) => {
        throw unreached(cause, within, proxy);
      });
      const { statusCode = 0, statusMessage = '' } = response;
      const isOtlp = isOfOtlp(response.headers['content-type'], contentType);
      if (statusCode >= 200 && statusCode <= 299) {
        hasAccepted ||= isOtlp;
        return answer;
      }
      // Also a proxy in front of the collector may say that a request is too large, and then less of it is sent.
      const isAbout = isOtlp || hasAccepted || statusCode === 413;
      throw new RequestFailed(`the collector answered ${statusCode} ${statusMessage}`.trim(), {
        isFinal: isAbout && finalStatuses.has(statusCode),
      });
    },
    close: () => agent.destroy(),
  };
}

async function bodyOf(response: IncomingMessage): Promise<Uint8Array> {
  const parts: Buffer[] = [];
  let bytes = 0;
  for await (const part of response) {
    if (!Buffer.isBuffer(part)) continue;
    bytes += part.length;
    if (bytes <= mostAnswerBytes) parts.push(part);
  }
  return Buffer.concat(parts);
}

function unreached(
  cause: unknown,
  { aborted, reason }: AbortSignal,
  proxy: Proxy | undefined,
): RequestFailed {
  const why = aborted ? reason : cause;
  const words = why instanceof Error ? why.message : String(why);
  const through = proxy === undefined ? '' : ` through ${shownProxy(proxy)}`;
  return new RequestFailed(`the collector was not reached${through}: ${words}`, {
    isFinal: false,
    cause,
  });
}

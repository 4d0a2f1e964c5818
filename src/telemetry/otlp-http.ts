import { Agent as HttpAgent, type IncomingMessage, request as requestPlain } from 'node:http';
import { Agent as HttpsAgent, request as requestSecure } from 'node:https';
import type { OtlpSettings, TlsMaterial } from './otlp-settings.ts';
import { RequestFailed, type Transport } from './otlp-transport.ts';

// OTLP, "Failures": the request itself is wrong or too large. Whoever is refused for another reason may be let in later.
const finalStatuses: ReadonlySet<number> = new Set([400, 413, 422]);
// An answer says how many spans were kept out and why; more than this is none.
const mostAnswerBytes = 64 * 1024;

/** OTLP over HTTP, as protobuf or JSON. */
export function httpTransport(settings: OtlpSettings, tls: TlsMaterial): Transport {
  const { address, secure, headers, protocol, timeoutMs } = settings;
  const agent = secure
    ? new HttpsAgent({ keepAlive: true, maxSockets: 1, ...tls })
    : new HttpAgent({ keepAlive: true, maxSockets: 1 });
  const request = secure ? requestSecure : requestPlain;
  const contentType = protocol === 'http/json' ? 'application/json' : 'application/x-protobuf';
  return {
    async send(body, signal) {
      const within = AbortSignal.any([signal, AbortSignal.timeout(timeoutMs)]);
      const sent = request(address, {
        method: 'POST',
        agent,
        signal: within,
        headers: {
          ...headers,
          'content-type': contentType,
          'content-length': body.length,
          'user-agent': 'sluice',
        },
      });
      const response = await new Promise<IncomingMessage>((resolve, reject) => {
        sent.on('response', resolve).on('error', reject).end(body);
      }).catch((cause: unknown) => {
        throw unreached(cause, within);
      });
      const answer = await bodyOf(response).catch((cause: unknown) => {
        throw unreached(cause, within);
      });
      const { statusCode = 0, statusMessage = '' } = response;
      if (statusCode >= 200 && statusCode <= 299) return answer;
      throw new RequestFailed(`the collector answered ${statusCode} ${statusMessage}`.trim(), {
        isFinal: finalStatuses.has(statusCode),
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

function unreached(cause: unknown, { aborted, reason }: AbortSignal): RequestFailed {
  const why = aborted ? reason : cause;
  const words = why instanceof Error ? why.message : String(why);
  return new RequestFailed(`the collector was not reached: ${words}`, { isFinal: false, cause });
}

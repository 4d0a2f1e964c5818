import type { SpanExporter } from '../ports/span-exporter.ts';
import { readFile } from 'node:fs/promises';
import type { SpanRecord } from '../api/span.ts';
import { SpansRejected } from '../api/span.ts';
import { decoded, encoded, resourceOf } from './otlp-encoding.ts';
import type { OtlpSettings, TlsMaterial } from './otlp-settings.ts';
import { RequestFailed, type Transport } from './otlp-transport.ts';

/** A file that was named for TLS cannot be read. */
class TlsFileUnreadable extends Error {
  constructor(what: string, file: string, cause: unknown) {
    super(`the ${what} for the collector cannot be read from ${file}`, { cause });
    this.name = 'TlsFileUnreadable';
  }
}

/** Sends spans over OTLP. */
export async function openOtlpExporter(settings: OtlpSettings): Promise<SpanExporter> {
  const transport = await openTransport(settings, await tlsMaterial(settings));
  const resource = resourceOf(settings.resource);
  const encoding = settings.protocol === 'http/json' ? 'json' : 'protobuf';
  return {
    async export(spans: readonly SpanRecord[], signal: AbortSignal) {
      try {
        const answer = await transport.send(encoded(spans, resource, encoding), signal);
        return keptOut(answer, encoding);
      } catch (error) {
        if (!(error instanceof RequestFailed) || !error.isFinal) throw error;
        throw new SpansRejected(error.message, { cause: error.cause });
      }
    },
    close() {
      transport.close();
      return Promise.resolve();
    },
  };
}

async function openTransport(settings: OtlpSettings, tls: TlsMaterial): Promise<Transport> {
  if (settings.protocol === 'grpc') {
    const { grpcTransport } = await import('./otlp-grpc.ts');
    return grpcTransport(settings, tls);
  }
  const { httpTransport } = await import('./otlp-http.ts');
  return httpTransport(settings, tls);
}

/** What the collector says of spans that it accepted the others without. They must not be sent again (OTLP, partial success). */
function keptOut(answer: Uint8Array, encoding: 'json' | 'protobuf'): string | undefined {
  const { rejectedSpans = 0, errorMessage = '' } = decoded(answer, encoding);
  return rejectedSpans === 0 && errorMessage === ''
    ? undefined
    : `${rejectedSpans} spans kept out: ${errorMessage}`;
}

async function tlsMaterial(settings: OtlpSettings): Promise<TlsMaterial> {
  const { secure, caFile, certFile, keyFile } = settings;
  if (!secure) return {};
  const ca = await pem('certificate of its authority', caFile);
  const cert = await pem('client certificate', certFile);
  const key = await pem('client key', keyFile);
  return { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

async function pem(what: string, file: string | undefined): Promise<Buffer | undefined> {
  if (file === undefined) return undefined;
  return readFile(file).catch((cause: unknown) => {
    throw new TlsFileUnreadable(what, file, cause);
  });
}

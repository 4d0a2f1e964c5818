import { Client, credentials, Metadata, type ServiceError, status } from '@grpc/grpc-js';
import type { OtlpSettings, TlsMaterial } from './otlp-settings.ts';
import { RequestFailed, type Transport } from './otlp-transport.ts';

/*
 * OpenTelemetry's own exporter loads gRPC in a way that no bundler follows, so that the image would not have it. What is left
 * to do beside its encoding is one unary call.
 */

const method = '/opentelemetry.proto.collector.trace.v1.TraceService/Export';

// OTLP, "Failures": about the request itself. OUT_OF_RANGE and DATA_LOSS are among those that may be sent again.
const finalCodes: ReadonlySet<number> = new Set([status.INVALID_ARGUMENT]);

/** OTLP over gRPC. */
export function grpcTransport(settings: OtlpSettings, tls: TlsMaterial): Transport {
  const { address, secure, headers, timeoutMs } = settings;
  const client = new Client(
    address,
    secure
      ? credentials.createSsl(tls.ca ?? null, tls.key ?? null, tls.cert ?? null)
      : credentials.createInsecure(),
    { 'grpc.primary_user_agent': 'sluice' },
  );
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return {
    send: (body, signal) =>
      new Promise((resolve, reject) => {
        const call = client.makeUnaryRequest(
          method,
          (request: Uint8Array) => Buffer.from(request),
          (answer: Buffer) => answer,
          body,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, answer) => {
            signal.removeEventListener('abort', cancel);
            if (error === null) resolve(answer ?? new Uint8Array());
            else reject(failureOf(error));
          },
        );
        const cancel = (): void => call.cancel();
        signal.addEventListener('abort', cancel, { once: true });
        if (signal.aborted) cancel();
      }),
    close: () => client.close(),
  };
}

/** gRPC's own words for a message that the server's limit does not let in; the code alone may mean a lack that passes. */
const tooLarge = 'larger than max';

function failureOf(error: ServiceError): RequestFailed {
  const isTooLarge = error.code === status.RESOURCE_EXHAUSTED && error.details.includes(tooLarge);
  const isFinal = finalCodes.has(error.code) || isTooLarge;
  return new RequestFailed(error.message, { isFinal, cause: error });
}

import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import { createServer as createSecureServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import {
  type handleUnaryCall,
  Metadata,
  Server as GrpcServer,
  ServerCredentials,
} from '@grpc/grpc-js';
import { type ReceivedSpan, spansInJson, spansInProtobuf } from './received-spans.ts';

/** One request that a collector got. */
export interface ReceivedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly spans: readonly ReceivedSpan[];
  /** Whether it was answered as accepted. */
  readonly isAccepted: boolean;
}

/** How a request is answered: accepted, partly accepted, refused with a status, or never. */
export type Answer =
  | 'accept'
  | 'hang'
  | { readonly keptOut: number; readonly message: string }
  /** `isForeign`: over HTTP, as something answers that is no collector. */
  | { readonly status: number; readonly isForeign?: boolean; readonly details?: string };

export interface ReceiverOptions {
  readonly protocol: 'grpc' | 'http';
  /** 0, unless told: a free one. */
  readonly port?: number;
  /** PEM; `ca` asks clients for a certificate that it signed. */
  readonly tls?: { readonly key: string; readonly cert: string; readonly ca?: string };
}

/** A collector of a test's own: it keeps what it gets, and answers as it is told. */
export interface OtlpReceiver extends AsyncDisposable {
  readonly port: number;
  readonly requests: readonly ReceivedRequest[];
  /** The spans of accepted requests, in the order in which they came. */
  readonly spans: readonly ReceivedSpan[];
  /** Answers are `accept` unless this says otherwise. */
  answer: (spans: readonly ReceivedSpan[]) => Answer;
}

/** Starts a collector on a loopback port. */
export async function receiveOtlp(options: ReceiverOptions): Promise<OtlpReceiver> {
  const requests: ReceivedRequest[] = [];
  const receiver: Pick<OtlpReceiver, 'requests' | 'spans' | 'answer'> = {
    requests,
    get spans() {
      return requests.flatMap((request) => (request.isAccepted ? request.spans : []));
    },
    answer: () => 'accept',
  };
  const take: Take = (headers, spans) => {
    const answer = receiver.answer(spans);
    const isAccepted = answer === 'accept' || (typeof answer === 'object' && 'keptOut' in answer);
    requests.push({ headers, spans, isAccepted });
    return answer;
  };
  const served =
    options.protocol === 'grpc' ? await serveGrpc(options, take) : await serveHttp(options, take);
  return Object.assign(receiver, {
    port: served.port,
    [Symbol.asyncDispose]: () => served.stop(),
  });
}

type Take = (headers: Readonly<Record<string, string>>, spans: readonly ReceivedSpan[]) => Answer;

interface Served {
  readonly port: number;
  stop(): Promise<void>;
}

async function serveHttp({ tls, port = 0 }: ReceiverOptions, take: Take): Promise<Served> {
  const listener: RequestListener = (request, response) => {
    void buffer(request).then((body) => {
      const isJson = request.headers['content-type'] === 'application/json';
      if (request.url !== '/v1/traces' || request.method !== 'POST') {
        response.writeHead(404).end();
        return;
      }
      const spans = isJson ? spansInJson(body) : spansInProtobuf(body);
      const answer = take(headersOf(request.headers), spans);
      const own = { 'content-type': isJson ? 'application/json' : 'application/x-protobuf' };
      if (answer === 'hang') return;
      if (typeof answer === 'object' && 'status' in answer) {
        const { isForeign = false } = answer;
        response
          .writeHead(answer.status, isForeign ? { 'content-type': 'text/plain' } : own)
          .end('no');
        return;
      }
      response.writeHead(200, own).end(isJson ? jsonAnswer(answer) : protobufAnswer(answer));
    });
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ ...tls, ...(tls.ca && { requestCert: true }) }, listener);
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: portOf(server.address()),
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

async function serveGrpc({ tls, port = 0 }: ReceiverOptions, take: Take): Promise<Served> {
  const server = new GrpcServer();
  const unchanged = (bytes: Buffer): Buffer => bytes;
  const handle: handleUnaryCall<Buffer, Buffer> = ({ metadata, request }, respond) => {
    const answer = take(headersOf(metadata.getMap()), spansInProtobuf(request));
    if (answer === 'hang') return;
    if (typeof answer === 'object' && 'status' in answer) {
      respond({ code: answer.status, details: answer.details ?? 'no', metadata: new Metadata() });
      return;
    }
    respond(null, protobufAnswer(answer));
  };
  server.addService(
    {
      Export: {
        path: '/opentelemetry.proto.collector.trace.v1.TraceService/Export',
        requestStream: false,
        responseStream: false,
        requestDeserialize: unchanged,
        requestSerialize: unchanged,
        responseDeserialize: unchanged,
        responseSerialize: unchanged,
      },
    },
    { Export: handle },
  );
  const credentials =
    tls === undefined
      ? ServerCredentials.createInsecure()
      : ServerCredentials.createSsl(
          tls.ca === undefined ? null : Buffer.from(tls.ca),
          [{ private_key: Buffer.from(tls.key), cert_chain: Buffer.from(tls.cert) }],
          tls.ca !== undefined,
        );
  const bound = await new Promise<number>((resolve, reject) => {
    server.bindAsync(`127.0.0.1:${port}`, credentials, (error, chosen) => {
      if (error === null) resolve(chosen);
      else reject(error);
    });
  });
  return {
    port: bound,
    stop() {
      server.forceShutdown();
      return Promise.resolve();
    },
  };
}

type Accepted = Extract<Answer, 'accept' | { keptOut: number }>;

function jsonAnswer(answer: Accepted): string {
  if (answer === 'accept') return '{}';
  const { keptOut: rejectedSpans, message: errorMessage } = answer;
  return JSON.stringify({ partialSuccess: { rejectedSpans, errorMessage } });
}

/** ExportTraceServiceResponse{ 1: partial_success{ 1: rejected_spans, 2: error_message } }; short texts only. */
function protobufAnswer(answer: Accepted): Buffer {
  if (answer === 'accept') return Buffer.alloc(0);
  const message = Buffer.from(answer.message);
  const partial = Buffer.concat([Buffer.from([8, answer.keptOut, 18, message.length]), message]);
  return Buffer.concat([Buffer.from([10, partial.length]), partial]);
}

function headersOf(
  headers: IncomingHttpHeaders | Readonly<Record<string, string | Buffer>>,
): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]));
}

function portOf(address: AddressInfo | string | null): number {
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return address.port;
}

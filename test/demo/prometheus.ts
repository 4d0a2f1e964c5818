import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** Where the endpoint listens and what it answers for queries nothing was set for. */
export interface PrometheusOptions {
  readonly host: string;
  /** 0 for a free one. */
  readonly port: number;
  readonly value: number;
}

/** The address is taken; the message names the flag that chooses another. */
export class MetricsAddressTaken extends Error {
  constructor(address: string, cause: unknown) {
    super(
      `${address} is taken: stop what listens there, or choose another address with --metrics-listen ` +
        '(the KeptnMetricsProvider of the application must name the same one)',
      { cause },
    );
    this.name = 'MetricsAddressTaken';
  }
}

/** A Prometheus-compatible endpoint whose answers are set by hand. */
export interface Prometheus extends AsyncDisposable {
  readonly url: string;
  /** Every query asked so far, in order. */
  readonly queries: readonly string[];
  /** Answers this query, or every query without a value of its own, with this value from now on. */
  answer(value: number, query?: string): void;
  close(): Promise<void>;
}

/**
 * Serves `/api/v1/query` and `/api/v1/query_range` by GET and POST as Prometheus' HTTP API describes them: one series
 * without labels, one value. `PUT /value?query=…` with a number as the body sets what is answered.
 */
export async function servePrometheus(options: PrometheusOptions): Promise<Prometheus> {
  const values = new Map<string, number>();
  const queries: string[] = [];
  let usual = options.value;
  const answer = (value: number, query?: string): void => {
    if (query === undefined) usual = value;
    else values.set(query, value);
  };
  const ask = (query: string): number => {
    queries.push(query);
    return values.get(query) ?? usual;
  };

  const server = createServer((request, response) => {
    void respond({ request, response, ask, answer });
  });
  server.listen(options.port, options.host);
  try {
    await once(server, 'listening');
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE';
    throw taken ? new MetricsAddressTaken(`${options.host}:${options.port}`, error) : error;
  }
  const { port } = server.address() as AddressInfo;
  const close = async (): Promise<void> => {
    server.closeAllConnections();
    server.close();
    await once(server, 'close');
  };
  return {
    url: `http://${options.host}:${port}`,
    queries,
    answer,
    close,
    [Symbol.asyncDispose]: close,
  };
}

interface Exchange {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly ask: (query: string) => number;
  readonly answer: (value: number, query?: string) => void;
}

async function respond({ request, response, ask, answer }: Exchange): Promise<void> {
  const url = new URL(request.url ?? '/', 'http://localhost');
  const send = (status: number, body: unknown): void => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };
  const refuse = (error: string): void =>
    send(400, { status: 'error', errorType: 'bad_data', error });
  const body = await bodyOf(request);

  if (url.pathname === '/-/ready' || url.pathname === '/-/healthy') return send(200, 'ok');
  if (url.pathname === '/value' && request.method === 'PUT') {
    const value = Number(body);
    if (body.trim() === '' || Number.isNaN(value)) return refuse('the body must be a number');
    answer(value, url.searchParams.get('query') ?? undefined);
    return send(200, { status: 'success' });
  }
  // Prometheus takes parameters from the URL and, for POST, from the form as well.
  const parameters = new URLSearchParams([...url.searchParams, ...new URLSearchParams(body)]);
  const query = parameters.get('query');
  const ranged = url.pathname === '/api/v1/query_range';
  if (url.pathname !== '/api/v1/query' && !ranged)
    return send(404, { status: 'error', error: 'not found' });
  if (query === null || query === '')
    return refuse(
      'invalid parameter "query": unknown position: parse error: no expression found in input',
    );
  const times = ranged
    ? timesOf(parameters)
    : [secondsOf(parameters.get('time')) ?? Date.now() / 1000];
  if (times === undefined) return refuse('invalid parameter "start", "end" or "step"');
  const value = String(ask(query));
  const samples = times.map((time) => [time, value] as const);
  const result = ranged ? { metric: {}, values: samples } : { metric: {}, value: samples[0] };
  return send(200, {
    status: 'success',
    data: { resultType: ranged ? 'matrix' : 'vector', result: [result] },
  });
}

async function bodyOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks).toString('utf8');
}

/** The instants of a range query in seconds; undefined when the parameters make no range of at most 11,000 points. */
function timesOf(parameters: URLSearchParams): number[] | undefined {
  const start = secondsOf(parameters.get('start'));
  const end = secondsOf(parameters.get('end'));
  const step = stepOf(parameters.get('step'));
  if (start === undefined || end === undefined || step === undefined || end < start)
    return undefined;
  const points = Math.floor((end - start) / step) + 1;
  // The limit is Prometheus' own.
  return points > 11_000 ? undefined : Array.from({ length: points }, (_, at) => start + at * step);
}

function secondsOf(text: string | null): number | undefined {
  if (text === null || text === '') return undefined;
  const seconds = /^[\d.]+(?:e\d+)?$/u.test(text) ? Number(text) : Date.parse(text) / 1000;
  return Number.isFinite(seconds) ? seconds : undefined;
}

const unitSeconds: Readonly<Record<string, number>> = {
  '': 1,
  ms: 0.001,
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
};

function stepOf(text: string | null): number | undefined {
  const [, amount, unit = ''] = /^([\d.]+)(ms|s|m|h|d)?$/u.exec(text ?? '') ?? [];
  const seconds = Number(amount) * (unitSeconds[unit] ?? Number.NaN);
  return seconds > 0 ? seconds : undefined;
}

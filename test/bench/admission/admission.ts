import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Value } from 'typebox/value';
import { localHosts, writeLocalCertificates } from '../../../src/cli/certs.ts';
import type { Bench, Benchmark } from '../benchmark.ts';
import { atLeastTimes, atMost, atMostTimes, type Measurements } from '../figure.ts';
import { quantile } from '../statistics.ts';
import { Child } from './child.ts';
import { loadAnswer } from './load.ts';
import { podReview } from './pod-review.ts';
import { cpuAnswer, latencyAnswer, serverHello } from './server-measures.ts';

const bare = 'a bare Node HTTPS server that parses the body and answers a constant patch';

/** What a review costs: the admission server as it ships beside a bare one, under the same load. */
export const admission: Benchmark = {
  name: 'admission',
  description: 'what a review of a 7.7 KB Pod costs, TLS kept alive, one process',
  figures: [
    {
      key: 'review-cpu',
      target: 'T1',
      quantity: 'CPU per review',
      unit: 'µs',
      baseline: bare,
      limit: atMostTimes(1.4),
    },
    {
      key: 'reviews-per-second',
      target: 'T2',
      quantity: 'reviews at 8 connections',
      unit: '/s',
      baseline: bare,
      limit: atLeastTimes(0.7),
    },
    ...[8, 200].flatMap((connections) => [
      {
        key: `review-p50-${connections}`,
        target: 'T3',
        quantity: `p50 in the server, ${connections} connections`,
        unit: 'ms' as const,
        baseline: bare,
      },
      {
        key: `review-p99-${connections}`,
        target: 'T3',
        quantity: `p99 in the server, ${connections} connections`,
        unit: 'ms' as const,
        baseline: bare,
        limit: atMost(connections === 8 ? 5 : 25, 'time', 'ms'),
      },
    ]),
  ],
  run: measure,
};

/** A workload in the middle of the caches. */
const subject = 170;

async function measure(bench: Bench): Promise<Measurements> {
  await using stack = new AsyncDisposableStack();
  const directory = await mkdtemp(join(tmpdir(), 'sluice-bench-'));
  stack.defer(() => rm(directory, { recursive: true }));
  const hosts = localHosts('keptn-system');
  const files = await writeLocalCertificates(directory, { hosts, now: Date.now() });
  const servers = { files, stack };
  const floor = await MeasuredServer.start('bare-server.ts', servers);
  const product = await MeasuredServer.start('product-server.ts', servers);
  const [requests, rounds] = bench.isQuick ? [1_000, 2] : [8_000, 4];
  bench.progress(`warming up both servers with ${requests} reviews each`);
  for (const server of [floor, product]) await server.load(8, requests);

  // Turn by turn, so that what else the machine does falls on both alike.
  for (let round = 1; round <= rounds; round += 1) {
    bench.progress(`round ${round} of ${rounds}: ${requests} reviews to each`);
    for (const server of [floor, product]) await server.measureCost(requests);
  }
  for (const connections of [8, 200]) {
    bench.progress(`latency at ${connections} connections`);
    for (const server of [floor, product]) await server.measureLatency(connections, requests);
  }
  const besides = (figure: (server: MeasuredServer) => number) => ({
    value: figure(product),
    baseline: figure(floor),
  });
  return {
    'review-cpu': besides((server) => server.cpuMicrosPerReview),
    'reviews-per-second': besides((server) => server.reviewsPerSecond),
    ...Object.fromEntries(
      [8, 200].flatMap((connections) => [
        [`review-p50-${connections}`, besides((server) => server.latency(connections, 0.5))],
        [`review-p99-${connections}`, besides((server) => server.latency(connections, 0.99))],
      ]),
    ),
  };
}

interface Surroundings {
  readonly files: { readonly caFile: string; readonly certFile: string; readonly keyFile: string };
  readonly stack: AsyncDisposableStack;
}

/** A server in a process of its own, with the load for it in another. */
class MeasuredServer {
  readonly #server: Child;
  readonly #load: Child;
  readonly #latencies = new Map<number, readonly number[]>();
  #cpuMicros = 0;
  #seconds = 0;
  #reviews = 0;

  private constructor(server: Child, load: Child) {
    this.#server = server;
    this.#load = load;
  }

  static async start(script: string, { files, stack }: Surroundings): Promise<MeasuredServer> {
    const { certFile, keyFile, caFile } = files;
    const url = new URL(script, import.meta.url);
    const { child: server, hello } = await Child.start(url, { certFile, keyFile, subject });
    stack.use(server);
    if (!Value.Check(serverHello, hello)) throw new Error(`${script} does not listen`);
    const path = '/mutate-v1-pod';
    const { child: load } = await Child.start(new URL('load.ts', import.meta.url), {
      port: hello.port,
      caFile,
      path,
      body: podReview(subject),
    });
    stack.use(load);
    return new MeasuredServer(server, load);
  }

  /** Sends reviews and answers how many seconds they took. Rejects if one was not answered with a patch. */
  async load(connections: number, requests: number): Promise<number> {
    const answer = await this.#load.ask({ connections, requests });
    if (!Value.Check(loadAnswer, answer)) throw new Error('the load generator failed');
    if (answer.failures > 0) throw new Error(`${answer.failures} reviews were not let in`);
    return answer.seconds;
  }

  async measureCost(requests: number): Promise<void> {
    const before = await this.#cpu();
    this.#seconds += await this.load(8, requests);
    this.#cpuMicros += (await this.#cpu()) - before;
    this.#reviews += requests;
  }

  async measureLatency(connections: number, requests: number): Promise<void> {
    // Handshakes and growing buffers are no part of it.
    await this.load(connections, connections * 5);
    await this.#server.ask('time');
    await this.load(connections, requests);
    const answer = await this.#server.ask('latencies');
    if (!Value.Check(latencyAnswer, answer)) throw new Error('the server timed nothing');
    this.#latencies.set(connections, answer.latencies);
  }

  get cpuMicrosPerReview(): number {
    return this.#cpuMicros / this.#reviews;
  }

  get reviewsPerSecond(): number {
    return this.#reviews / this.#seconds;
  }

  /** Milliseconds that this share of the reviews did not exceed. */
  latency(connections: number, share: number): number {
    return quantile(this.#latencies.get(connections) ?? [], share);
  }

  async #cpu(): Promise<number> {
    const answer = await this.#server.ask('cpu');
    if (!Value.Check(cpuAnswer, answer)) throw new Error('the server does not know its cost');
    return answer.cpuMicros;
  }
}

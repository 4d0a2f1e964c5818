import { readFileSync } from 'node:fs';
import { Pool } from 'undici';
import type { ControlPlane } from '../../control-plane/control-plane.ts';

/** One request and its answer. */
export interface Answered {
  readonly status: number;
  readonly body: string;
  /** From the sending to the end of the answer. */
  readonly ms: number;
}

export interface ApiRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly contentType?: string;
  readonly body?: unknown;
}

/** A client of the API server that keeps its connections, so that what it measures is not the handshake. */
export class ApiClient implements AsyncDisposable {
  readonly #pool: Pool;
  readonly #token: string;

  constructor({ server, caFile, token }: ControlPlane) {
    this.#token = token;
    this.#pool = new Pool(server, {
      connections: 32,
      allowH2: false,
      connect: { ca: readFileSync(caFile, 'utf8') },
    });
  }

  async send({
    method,
    path,
    contentType = 'application/json',
    body,
  }: ApiRequest): Promise<Answered> {
    const text = body === undefined ? null : JSON.stringify(body);
    const sentAt = performance.now();
    const answer = await this.#pool.request({
      method,
      path,
      body: text,
      headers: { ...this.#headers(), 'content-type': contentType },
    });
    const answered = await answer.body.text();
    return { status: answer.statusCode, body: answered, ms: performance.now() - sentAt };
  }

  /** As `send`; anything but a success rejects. */
  async mustSend(request: ApiRequest): Promise<Answered> {
    const answer = await this.send(request);
    if (answer.status < 200 || answer.status >= 300) {
      throw new Error(`${request.method} ${request.path}: ${answer.status} ${answer.body}`);
    }
    return answer;
  }

  /** Follows a watch line by line until the signal is aborted; resolves when the watch has begun. */
  async watch(path: string, onLine: (line: string) => void, signal: AbortSignal): Promise<void> {
    const { statusCode, body } = await this.#pool.request({
      method: 'GET',
      path,
      headers: this.#headers(),
      signal,
    });
    if (statusCode !== 200) throw new Error(`watch of ${path}: ${statusCode} ${await body.text()}`);
    let rest = '';
    body.setEncoding('utf8');
    body.on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      for (const line of lines) onLine(line);
    });
    // Its end by the signal is an error to the stream, and wanted here.
    body.on('error', () => undefined);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#pool.destroy();
  }

  #headers(): Record<string, string> {
    return {
      authorization: `Bearer ${this.#token}`,
      accept: 'application/json',
      'user-agent': 'bench',
    };
  }
}

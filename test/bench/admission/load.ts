import { readFileSync } from 'node:fs';
import { connect, type TLSSocket } from 'node:tls';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { answerParent, argumentOfChild } from './child.ts';

/** What the load comes from: a process of its own, on plain TLS sockets, so that it costs little beside the server. */
export const loadArgument = Type.Object({
  port: Type.Integer(),
  caFile: Type.String(),
  path: Type.String(),
  body: Type.String(),
});

/** How much: every connection sends its next request when the last one is answered. */
export const loadQuestion = Type.Object({
  connections: Type.Integer(),
  requests: Type.Integer(),
});

export const loadAnswer = Type.Object({
  seconds: Type.Number(),
  /** Answers other than 200, or that let nothing in. */
  failures: Type.Integer(),
  /** Milliseconds from the sending of a request to the end of its answer, as its sender sees it. */
  latencies: Type.Array(Type.Number()),
});

if (import.meta.main) {
  const argument = argumentOfChild();
  if (!Value.Check(loadArgument, argument)) throw new Error('this is started by npm run bench');
  const { port, caFile, path, body } = argument;
  const ca = readFileSync(caFile, 'utf8');
  const request = Buffer.from(
    `POST ${path} HTTP/1.1\r\nHost: localhost:${port}\r\nContent-Type: application/json\r\n` +
      `Accept: application/json\r\nContent-Length: ${Buffer.byteLength(body)}\r\n\r\n${body}`,
  );
  const sockets: TLSSocket[] = [];
  answerParent({}, async (question) => {
    if (!Value.Check(loadQuestion, question)) throw new Error('no load');
    while (sockets.length < question.connections) sockets.push(await opened(port, ca));
    const used = sockets.slice(0, question.connections);
    return send(used, { request, requests: question.requests });
  });
}

async function opened(port: number, ca: string): Promise<TLSSocket> {
  const { promise, resolve, reject } = Promise.withResolvers<TLSSocket>();
  const socket = connect({ host: '127.0.0.1', port, ca, servername: 'localhost' }, () =>
    resolve(socket),
  );
  socket.setNoDelay(true);
  socket.once('error', reject);
  return promise;
}

/** Sends so many requests, one at a time on each socket, and resolves when all are answered. */
async function send(
  sockets: readonly TLSSocket[],
  { request, requests }: { readonly request: Buffer; readonly requests: number },
) {
  const latencies: number[] = [];
  let toSend = requests;
  let failures = 0;
  const exchange = async (socket: TLSSocket): Promise<void> => {
    while (toSend > 0) {
      toSend -= 1;
      const sentAt = performance.now();
      socket.write(request);
      const answer = await answerOn(socket);
      latencies.push(performance.now() - sentAt);
      if (!answer.startsWith('HTTP/1.1 200') || !answer.includes('"allowed":true')) failures += 1;
    }
  };
  const startedAt = performance.now();
  await Promise.all(sockets.map(exchange));
  return { seconds: (performance.now() - startedAt) / 1000, failures, latencies };
}

/** The next whole answer; its length is in its headers. */
function answerOn(socket: TLSSocket): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  let text = '';
  const onData = (chunk: Buffer): void => {
    text += chunk.toString('latin1');
    const end = text.indexOf('\r\n\r\n');
    if (end < 0) return;
    const length = /\r\ncontent-length: (\d+)/iu.exec(text.slice(0, end))?.[1];
    if (text.length >= end + 4 + Number(length ?? 0)) done(() => resolve(text));
  };
  const onEnd = (): void => done(() => reject(new Error('the server has closed a connection')));
  const done = (settle: () => void): void => {
    socket.off('data', onData).off('close', onEnd);
    settle();
  };
  socket.on('data', onData).on('close', onEnd);
  return promise;
}

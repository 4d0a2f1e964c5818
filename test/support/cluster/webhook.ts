import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';

/** A webhook of a test's own: it keeps what is posted to it. */
export interface Webhook extends AsyncDisposable {
  readonly url: string;
  /** The bodies, in the order in which they came. */
  readonly posts: readonly unknown[];
}

/** Starts a webhook on a loopback port. */
export async function receivePosts(): Promise<Webhook> {
  const posts: unknown[] = [];
  const server = createServer((request, response) => {
    void json(request).then((body) => {
      posts.push(body);
      response.writeHead(204).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new TypeError('no TCP port');
  return {
    url: `http://127.0.0.1:${address.port}/hook`,
    posts,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}

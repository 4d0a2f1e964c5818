import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/** The ports of a control plane, all on 127.0.0.1. */
export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly server: number;
  readonly controllerManager: number;
  readonly scheduler: number;
  readonly kwok: number;
}

/**
 * Free ports, those wished for where they still are free. They are drawn below the range from which systems give ports
 * to outgoing connections, so that none is taken away before its server listens.
 */
export async function freePorts(wished: Partial<Ports> = {}): Promise<Ports> {
  const taken = new Set<number>();
  const free = async (wish: number | undefined): Promise<number> => {
    let port = wish ?? randomInt(20_000, 32_000);
    while (taken.has(port) || !(await isFree(port))) port = randomInt(20_000, 32_000);
    taken.add(port);
    return port;
  };
  return {
    etcd: await free(wished.etcd),
    etcdPeer: await free(wished.etcdPeer),
    server: await free(wished.server),
    controllerManager: await free(wished.controllerManager),
    scheduler: await free(wished.scheduler),
    kwok: await free(wished.kwok),
  };
}

function isFree(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const server = createServer();
  server.once('error', () => resolve(false));
  server.listen({ port, host: '127.0.0.1', exclusive: true }, () => {
    server.close(() => resolve(true));
  });
  return promise;
}

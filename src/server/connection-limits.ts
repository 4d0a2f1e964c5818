import type { Server } from 'node:http';
import { isIPv6, type Socket } from 'node:net';

/** An API server opens as many connections as it has calls in flight, and keeps 25 of them. */
const mostConnections = 2_000;

/**
 * The most from one address. Generous, because several API servers may stand behind one address (a proxy, address translation),
 * each with up to 600 calls in flight; half of all, so that one address never shuts out all others.
 */
const mostFromOneAddress = mostConnections / 2;

/**
 * Sets how long connections last and how many there may be, in all and from one address.
 *
 * The API server keeps idle connections for 90 s, also ones on which it has never sent anything: Go dials for a call and
 * may find another connection free by then. A server that closes first, while a review is on its way, fails that review;
 * so everything here lasts longer. (Node counts `headersTimeout` from the opening of a connection, and wants
 * `requestTimeout` not to be shorter.)
 */
export function setConnectionLimits(server: Server, most = mostFromOneAddress): void {
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  server.requestTimeout = 125_000;
  server.maxConnections = mostConnections;
  limitAddresses(server, most);
}

function limitAddresses(server: Server, most: number): void {
  const open = new Map<string, number>();
  server.on('connection', (socket: Socket) => {
    const address = originOf(socket.remoteAddress ?? '');
    const count = (open.get(address) ?? 0) + 1;
    if (count > most) {
      socket.destroy();
      return;
    }
    open.set(address, count);
    socket.once('close', () => {
      const left = (open.get(address) ?? 1) - 1;
      if (left > 0) open.set(address, left);
      else open.delete(address);
    });
  });
}

/** What counts as one address: of IPv6 the first 64 bits, within which one host may have any number. */
function originOf(address: string): string {
  if (!isIPv6(address) || address.toLowerCase().startsWith('::ffff:')) return address;
  const { hostname } = new URL(`http://[${address.split('%')[0] ?? ''}]`);
  const [left = '', right] = hostname.slice(1, -1).split('::');
  const groups = left === '' ? [] : left.split(':');
  const missing = right === undefined ? 0 : 8 - groups.length - wordsIn(right);
  return [...groups, ...Array.from({ length: missing }, () => '0')].slice(0, 4).join(':');
}

function wordsIn(text: string): number {
  return text === '' ? 0 : text.split(':').length;
}

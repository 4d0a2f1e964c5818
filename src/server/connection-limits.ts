import type { Server } from 'node:http';

/**
 * Sets how long connections last and how many there may be.
 *
 * The API server keeps idle connections for 90 s, also ones on which it has never sent anything: Go dials for a call and
 * may find another connection free by then. A server that closes first, while a review is on its way, fails that review;
 * so everything here lasts longer. (Node counts `headersTimeout` from the opening of a connection, and wants
 * `requestTimeout` not to be shorter.)
 */
export function setConnectionLimits(server: Server): void {
  server.keepAliveTimeout = 120_000;
  server.headersTimeout = 125_000;
  server.requestTimeout = 125_000;
  // An API server opens as many connections as it has calls in flight, and keeps 25 of them.
  server.maxConnections = 2_000;
}

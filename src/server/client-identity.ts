import type { IncomingMessage } from 'node:http';
import { TLSSocket } from 'node:tls';

/** Who may send reviews: holders of a certificate that the client CA has signed, of these names if any are given. */
export interface ClientRule {
  /** Common names; empty: any. */
  readonly allowedNames: readonly string[];
}

/** Why the sender of a request must not be answered; undefined if it may be. */
export function clientProblem(
  { socket }: Pick<IncomingMessage, 'socket'>,
  { allowedNames }: ClientRule,
): string | undefined {
  if (!(socket instanceof TLSSocket) || !socket.authorized) {
    return 'a review needs a client certificate of the API server';
  }
  const { subject } = socket.getPeerCertificate();
  const names = [subject?.CN ?? []].flat();
  const isAllowed = allowedNames.length === 0 || names.some((name) => allowedNames.includes(name));
  return isAllowed ? undefined : 'the name in the client certificate is not allowed';
}

import { subscribe } from 'node:diagnostics_channel';
import { renameSync, writeFileSync } from 'node:fs';

/**
 * Loaded into Sluice's process before Sluice (`node --import`): counts what its HTTP client does, and writes the counts to
 * the file named in this module's address whenever the process gets SIGUSR2.
 */
const file = new URL(import.meta.url).searchParams.get('file') ?? '';
const counts = { requests: 0, standing: 0, connections: 0 };

subscribe('undici:client:sendHeaders', (message) => {
  counts.requests += 1;
  if (isStanding(message)) counts.standing += 1;
});
subscribe('undici:client:connected', () => void (counts.connections += 1));
process.on('SIGUSR2', () => {
  writeFileSync(`${file}.partial`, JSON.stringify(counts));
  renameSync(`${file}.partial`, file);
});

/** Watches and the Lease are kept up whether anything happens or not. */
function isStanding(message: unknown): boolean {
  const isMessage = typeof message === 'object' && message !== null && 'request' in message;
  const request = isMessage ? message.request : undefined;
  const isRequest = typeof request === 'object' && request !== null && 'path' in request;
  return isRequest && /[?&]watch=|\/leases(\/|$)/u.test(String(request.path));
}

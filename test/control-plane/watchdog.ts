import { rmSync } from 'node:fs';
import { setInterval } from 'node:timers/promises';
import { endComponents } from './components.ts';
import { isAlive } from './processes.ts';
import { readState } from './state.ts';

/**
 * A process of its own that ends a control plane when its owner is gone, however the owner went: `node watchdog.ts
 * OWNER-PID DATA-DIRECTORY keep|remove`.
 */
const [owner, dataDirectory, data] = process.argv.slice(2);
if (owner === undefined || dataDirectory === undefined) {
  throw new Error('usage: watchdog.ts OWNER-PID DATA-DIRECTORY keep|remove');
}
for await (const _ of setInterval(250)) {
  if (!isAlive(Number(owner))) break;
}
await endComponents(readState(dataDirectory)?.components ?? [], dataDirectory, data === 'keep');
if (data !== 'keep') rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 3 });

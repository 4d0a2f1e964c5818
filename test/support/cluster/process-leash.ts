import { setInterval } from 'node:timers/promises';

/**
 * A process of its own that ends Sluice when its owner is gone, however that went: `node process-leash.ts OWNER-PID PID`.
 */
const [owner, leashed] = process.argv.slice(2).map(Number);
if (owner === undefined || leashed === undefined) throw new Error('usage: leash.ts OWNER-PID PID');
for await (const _ of setInterval(500)) {
  if (!isAlive(leashed)) break;
  if (isAlive(owner)) continue;
  process.kill(leashed, 'SIGTERM');
  break;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

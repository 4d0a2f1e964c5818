import type { Socket } from 'node:net';

/** Joins two connections: what one sends the other gets, and when one ends or breaks so does the other. */
export function forward(from: Socket, to: Socket): void {
  from.pipe(to);
  to.pipe(from);
  from.on('error', () => to.destroy());
  to.on('error', () => from.destroy());
  from.on('close', () => to.destroy());
  to.on('close', () => from.destroy());
}

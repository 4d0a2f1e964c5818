import { readFileSync, rmSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { eventually } from '../../support/clock-and-chance/eventually.ts';

const countsSchema = Type.Object({
  requests: Type.Integer(),
  /** Those among them that are watches or about the Lease. */
  standing: Type.Integer(),
  connections: Type.Integer(),
});

/** What a process's HTTP client has done since it started: requests sent, connections opened for them. */
export type RequestCounts = Static<typeof countsSchema>;

/** The arguments for Node with which a process counts its requests for `requestCounts`. */
export function countingArguments(file: string): string[] {
  const counter = new URL('request-counter.ts', import.meta.url);
  counter.searchParams.set('file', file);
  return ['--import', counter.href];
}

/** Asks a process that was started with `countingArguments`. */
export async function requestCounts(pid: number, file: string): Promise<RequestCounts> {
  rmSync(file, { force: true });
  process.kill(pid, 'SIGUSR2');
  return eventually(`process ${pid} tells how many requests it has sent`, () => {
    const counts: unknown = JSON.parse(readFileSync(file, 'utf8'));
    return Value.Check(countsSchema, counts) && counts;
  });
}

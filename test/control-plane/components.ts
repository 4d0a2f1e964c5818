import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { send } from './http.ts';
import { endProcesses, spawnDetached } from './processes.ts';
import type { Component } from './state.ts';

/** What it takes to start one program of a control plane. */
export interface ComponentSpec {
  readonly name: string;
  readonly binary: string;
  readonly arguments: readonly string[];
  readonly health: string;
}

/** A component that has been started: its record, and the promise that it answers. */
export interface StartedComponent {
  readonly component: Component;
  /** Resolves when it is healthy; rejects with the end of its log when it ends before that. */
  readonly healthy: Promise<void>;
}

/** A component ended, or did not become healthy; the message carries the end of its log. */
class ComponentFailed extends Error {
  constructor(failure: { name: string; what: string; logFile: string }, cause?: unknown) {
    const { name, what, logFile } = failure;
    super(`${name} ${what}. The end of its log (${logFile}):\n${tailOf(logFile)}`, { cause });
    this.name = 'ComponentFailed';
  }
}

// A cold start on a loaded machine takes long; a start that hangs must still end.
const healthyWithinMs = 120_000;

/** Starts a component of a data directory. Whoever calls must await or handle `healthy`. */
export function startComponent(spec: ComponentSpec, dataDirectory: string): StartedComponent {
  const { name, binary } = spec;
  const logFile = logFileOf(name, dataDirectory);
  const child = spawnDetached(binary, spec.arguments, logFile);
  const ended = new AbortController();
  child.once('error', (cause) => {
    ended.abort(new ComponentFailed({ name, what: `cannot be run (${binary})`, logFile }, cause));
  });
  child.once('exit', (code, signal) => {
    const what = `ended with ${signal ?? `exit code ${code}`}`;
    ended.abort(new ComponentFailed({ name, what, logFile }));
  });
  if (child.pid === undefined) {
    throw new ComponentFailed({ name, what: `cannot be run (${binary})`, logFile });
  }
  const component = { ...spec, arguments: [...spec.arguments], pid: child.pid };
  return { component, healthy: becomesHealthy(component, logFile, ended.signal) };
}

/** Ends components, all at once; etcd last and with time to close its files if the data is to be kept. */
export async function endComponents(
  components: readonly Component[],
  dataDirectory: string,
  keepData: boolean,
): Promise<void> {
  const pids = (isEtcd: boolean): number[] =>
    components.filter(({ name }) => (name === 'etcd') === isEtcd).map(({ pid }) => pid);
  await endProcesses(pids(false), dataDirectory, 0);
  await endProcesses(pids(true), dataDirectory, keepData ? 10_000 : 0);
}

/** Whether a component answers its health address with 200. */
export async function isHealthy(component: { readonly health: string }): Promise<boolean> {
  try {
    // Health is asked of our own children on loopback: whether the certificate fits is not the question here.
    const answer = await send({ url: component.health, verify: false, timeoutMs: 5_000 });
    return answer.status === 200;
  } catch {
    return false;
  }
}

/** Where a component's output goes. */
function logFileOf(name: string, dataDirectory: string): string {
  return join(dataDirectory, 'logs', `${name}.log`);
}

async function becomesHealthy(
  component: Component,
  logFile: string,
  ended: AbortSignal,
): Promise<void> {
  const deadline = Date.now() + healthyWithinMs;
  while (!(await isHealthy(component))) {
    ended.throwIfAborted();
    if (Date.now() > deadline) {
      const what = `did not become healthy in ${healthyWithinMs / 1000} s`;
      throw new ComponentFailed({ name: component.name, what, logFile });
    }
    await sleep(50);
  }
  // Who answers then is a stranger on its port.
  ended.throwIfAborted();
}

function tailOf(file: string): string {
  try {
    return readFileSync(file, 'utf8').trimEnd().split('\n').slice(-20).join('\n');
  } catch {
    return '(no log)';
  }
}

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { openSync, readFileSync, rmSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { isAlive } from '../control-plane/processes.ts';
import { removeCgroup } from './cgroups.ts';
import { forward } from './forward.ts';
import { worldLayout } from './layout.ts';
import { type Message, receiveMessages, sendMessage, settingsFrom, stay } from './messages.ts';
import { nodePath } from './requirements.ts';
import { writeWorldState } from './world-state.ts';

/**
 * The process outside that keeps a world: `node keeper.ts DATA-DIRECTORY SETTINGS`. It starts the namespaces, forwards the API
 * server's port, and tidies up when the world has ended, however that ended. It ends the world on SIGTERM, and when its input
 * ends without the word that the world is to stay.
 */
const layout = worldLayout(process.argv[2] ?? '');
const settings = settingsFrom(process.argv[3]);
const { dataDirectory, logs } = layout;
const ended = new AbortController();
process.stdout.on('error', () => undefined);
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const)
  process.on(signal, () => ended.abort());

let stays = false;
process.stdin.on('data', (chunk) => (stays ||= String(chunk) === stay));
const { owner } = settings;
if (owner !== null) setInterval(() => isAlive(owner) || ended.abort(), 250);
process.stdin.on('end', () => {
  if (!stays) ended.abort();
});

writeState({ init: null, ready: false });
const server = createServer((from) => forward(from, connect(layout.serverSocket)));
server.listen(settings.serverPort, '127.0.0.1');
await once(server, 'listening');

const namespaces = startNamespaces();
const exited = once(namespaces, 'exit');
void relay(namespaces);
void once(ended.signal, 'abort').then(() => endNamespaces(namespaces));
await exited;
await tidyUp();
process.exit(0);

function startNamespaces(): ChildProcess {
  // A shell is the first process, because it reaps whatever it inherits. Its children in the background have no input: 3 is it.
  const shell = 'exec 3<&0; "$@" <&3 & wait $!';
  const inside = [process.execPath, join(import.meta.dirname, 'inside.ts'), dataDirectory];
  const flags = ['--net', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
  const args = [...flags, '--propagation', 'private', 'sh', '-c', shell, 'sh', ...inside];
  const log = openSync(join(logs, 'inside.log'), 'a');
  return spawn('unshare', [...args, JSON.stringify(settings)], {
    env: { ...process.env, PATH: nodePath() },
    stdio: ['pipe', 'pipe', log],
  });
}

async function relay({ stdout }: ChildProcess): Promise<void> {
  if (stdout === null) return;
  for await (const message of receiveMessages(stdout)) {
    // From its first word on there is an `init`.
    writeState({ init: initOf(namespaces) ?? null, ready: 'ready' in message });
    tell(message);
    if ('failed' in message) ended.abort();
  }
  if (!ended.signal.aborted) tell({ failed: `the world ended; see ${logs}` });
}

function tell(message: Message): void {
  sendMessage(process.stdout, message);
}

/** When the first process of a PID namespace ends, the kernel ends all others. */
function endNamespaces(child: ChildProcess): void {
  const init = initOf(child);
  if (init === undefined) child.kill('SIGKILL');
  else process.kill(init, 'SIGKILL');
}

function initOf({ pid }: ChildProcess): number | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
    return children === '' ? undefined : Number(children.split(' ')[0]);
  } catch {
    return undefined;
  }
}

async function tidyUp(): Promise<void> {
  server.close();
  const deadline = Date.now() + 10_000;
  while (removeCgroup(layout.cgroup).length > 0 && Date.now() < deadline) await sleep(50);
  rmSync(dataDirectory, { recursive: true, force: true, maxRetries: 5 });
}

function writeState(change: { readonly init: number | null; readonly ready: boolean }): void {
  const { serverPort, kubernetes } = settings;
  writeWorldState(dataDirectory, { keeper: process.pid, serverPort, kubernetes, ...change });
}

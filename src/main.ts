#!/usr/bin/env node
import { hostname } from 'node:os';
import { runCommandLine } from './cli/program.ts';
import type { Terminal } from './process/terminal.ts';
import { systemClock } from './runtime/clock.ts';
import { LineOutput } from './runtime/line-output.ts';
import { wantsColor } from './process/wants-color.ts';
import { holdThreadUp, writeNow } from './runtime/write-now.ts';

/** The entry point, and the only file that touches `process`: everything else is handed what it needs. */

// npm runs scripts in the package's folder; paths on the command line are meant from where the user stands.
const { INIT_CWD: userFolder, npm_lifecycle_script: script } = process.env;
if (script?.startsWith('node src/main.ts') === true && userFolder !== undefined) {
  process.chdir(userFolder);
}

const stopping = new AbortController();
for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  process.on(signal, () => {
    // Asked twice: the user does not want to wait for good order.
    if (stopping.signal.aborted) process.exit(130);
    stopping.abort();
  });
}

let tellOfUncaught = (error: unknown): void => {
  process.stderr.write(
    `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
};
// An unhandled rejection comes this way too. What has lost an error cannot be trusted to go on.
process.on('uncaughtException', (error) => {
  tellOfUncaught(error);
  process.exit(1);
});

// The reader has gone (`sluice … | head`): there is nothing left to do.
const readerHasGone = (): never => process.exit(141);
// To touch `process.stdout` also makes a pipe one that does not block, as `writeNow` needs it.
process.stdout.on('error', readerHasGone);

let isEnding = false;
const log = new LineOutput({
  writeNow: (bytes) => writeNow(process.stdout.fd, bytes),
  clock: systemClock,
  holdUp: holdThreadUp,
  // An exit code that is decided stays.
  onClosed: () => void (isEnding || readerHasGone()),
});
/** Far below what the kubelet grants beyond the time that all parts need to stop. */
const lastLinesMs = 500;
process.on('exit', () => {
  isEnding = true;
  log.flush(lastLinesMs);
});

/** A pipe has no width; who reads it may know one, as the pagers and shells that set COLUMNS do. */
function givenColumns(text: string | undefined): number | undefined {
  const columns = Number(text);
  return Number.isInteger(columns) && columns > 0 ? columns : undefined;
}

const terminal: Terminal = {
  env: process.env,
  write: (text) => void process.stdout.write(text),
  log,
  writeError: (text) => void process.stderr.write(text),
  inColor: wantsColor(process.env, process.stdout.isTTY),
  // Read anew each time: a window changes its size.
  get columns() {
    return process.stdout.isTTY ? process.stdout.columns : givenColumns(process.env['COLUMNS']);
  },
  get rows() {
    return process.stdout.isTTY ? process.stdout.rows : undefined;
  },
  stop: stopping.signal,
  processName: `${hostname()}_${process.pid}`,
  nodePath: process.execPath,
  onUncaught: (tell) => (tellOfUncaught = tell),
};

// Timers of our own do not keep the process alive, and idle connections do not either: a command that waits would end here.
const awake = setInterval(() => undefined, 2 ** 30);
process.exitCode = await runCommandLine(process.argv.slice(2), terminal);
clearInterval(awake);

#!/usr/bin/env node
// The program of function Jobs; README.md is its contract.
import { Buffer } from 'node:buffer';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { exitCodes, messageOf, SettingInvalid, type Reason } from './failure.ts';
import { helpText } from './options.ts';
import { run } from './run.ts';
import { type Settings, settingsFrom, statusFileFrom } from './settings.ts';
import { Sink } from './sink.ts';
import { type Report, statusText } from './status.ts';
import { StatusFile } from './status-file.ts';
import { Stop } from './stop.ts';
import { Workspace } from './workspace.ts';

const stdout = new Sink('stdout');
const stderr = new Sink('stderr');
const { argv, env } = process;
const args = argv.slice(2);

process.exit(await exitCode());

async function exitCode(): Promise<number> {
  const code = isHelpAsked() ? help() : await functionRun();
  // The reader may have stopped without closing the pipe.
  await Promise.race([Promise.all([stdout.flushed(), stderr.flushed()]), sleep(2_000)]);
  return code;
}

function isHelpAsked(): boolean {
  const end = args.indexOf('--');
  return (end < 0 ? args : args.slice(0, end)).some((arg) => arg === '--help' || arg === '-h');
}

function help(): number {
  stdout.write(Buffer.from(helpText()));
  return 0;
}

async function functionRun(): Promise<number> {
  const startedAt = Date.now();
  const terminate = new AbortController();
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
    process.on(signal, () => terminate.abort(Stop.terminated(signal)));
  }
  const report = reporter(statusFileFrom(args, env));
  let settings: Settings | undefined;
  let workspace: Workspace | undefined;
  try {
    settings = settingsFrom(args, env);
    for (const name of settings.withoutEffect) {
      say(`--${name} has no effect: the limit is --timeout, counted from the runner's start`);
    }
    workspace = new Workspace();
    const host = {
      env,
      stdout,
      stderr,
      workspace,
      terminate: terminate.signal,
      now: Date.now,
      elapsed: () => performance.now(),
      report,
    };
    return (await run(settings, host)).exitCode;
  } catch (error) {
    const reason = error instanceof SettingInvalid ? 'SettingInvalid' : 'RunnerFailed';
    say(`${reason}: ${messageOf(error)}`);
    const failed = failure(reason, messageOf(error), { startedAt, settings });
    report(failed);
    return failed.exitCode;
  } finally {
    workspace?.remove();
  }
}

/** Writes reports to the status file. Where it cannot be written the function runs all the same: it is not at fault. */
function reporter(path: string): (report: Report) => void {
  try {
    const file = new StatusFile(path);
    return (report) => {
      try {
        file.write(statusText(report));
      } catch (error) {
        say(`the status file ${path} cannot be written: ${messageOf(error)}`);
      }
    };
  } catch (error) {
    say(`there will be no status file: ${messageOf(error)}`);
    return () => {};
  }
}

function failure(
  reason: Reason,
  message: string,
  { startedAt, settings }: { startedAt: number; settings: Settings | undefined },
): Report {
  return {
    reason,
    message,
    exitCode: reason === 'SettingInvalid' ? exitCodes.settingInvalid : exitCodes.nothingToRun,
    isFinal: true,
    now: Date.now(),
    startedAt,
    runtime: settings?.runtime,
    attemptsAllowed: settings?.attempts ?? 0,
    attempts: [],
    result: undefined,
  };
}

function say(text: string): void {
  stderr.write(Buffer.from(`runner: ${text}\n`));
}

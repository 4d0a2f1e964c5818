import { Command, CommanderError } from 'commander';
import { systemClock } from '../runtime/clock.ts';
import { checkCommand } from './check/check-command.ts';
import { certsCommand } from './certs.ts';
import { completeCommand, completionCommand } from './completion/completion-command.ts';
import { convertCommand } from './convert/convert-command.ts';
import { checkGateCommand } from './check-gate-command.ts';
import { emergencyStopCommand } from './emergency-stop-command.ts';
import { explainCommand } from './explain/explain-command.ts';
import { lintCommand } from './lint/lint-command.ts';
import { diffCommand } from './diff/diff-command.ts';
import { getCommand } from './get/get-command.ts';
import { historyCommand } from './history/history-command.ts';
import { reportCommand } from './report/report-command.ts';
import { logsCommand } from './logs/logs-command.ts';
import { installCommand, uninstallCommand } from './install-command.ts';
import { migrateCommand } from './migrate/migrate-command.ts';
import { simulateCommand } from './simulate/simulate-command.ts';
import { runCommand } from './run-command.ts';
import { ConfigInvalid } from '../config/setting.ts';
import { steeringCommands } from './steering/steering-commands.ts';
import { statusCommand } from './status/status-command.ts';
import { taskCommand } from './task/task-command.ts';
import { testCommand } from './gate-test/test-command.ts';
import {
  BadInput,
  type ExitCode,
  exitCodes,
  EndsWith,
  FoundFailed,
  type Terminal,
} from '../process/terminal.ts';
import { waitCommand } from './wait/wait-command.ts';
import { version } from '../process/version.ts';

/** Runs one command line and answers the exit code; everything it has to say goes to the terminal it is given. */
export async function runCommandLine(
  args: readonly string[],
  terminal: Terminal,
): Promise<ExitCode> {
  try {
    await program(terminal).parseAsync(args, { from: 'user' });
    return exitCodes.success;
  } catch (error) {
    // commander has already said what is wrong, or has shown the help that was asked for.
    if (error instanceof CommanderError)
      return error.exitCode === 0 ? exitCodes.success : exitCodes.badInput;
    if (error instanceof FoundFailed) return exitCodes.failure;
    if (error instanceof EndsWith) return error.exitCode;
    terminal.writeError(`${wordsOf(error)}\n`);
    return error instanceof BadInput || error instanceof ConfigInvalid
      ? exitCodes.badInput
      : exitCodes.failure;
  }
}

function program(terminal: Terminal): Command {
  const sluice = new Command('sluice')
    .description(
      'Holds the Pods of a new version until its checks have passed: a Keptn-compatible lifecycle gate for Kubernetes.',
    )
    .version(version, '-V, --version')
    .helpCommand('help [command]', 'show the help of a command')
    .configureOutput({ writeOut: terminal.write, writeErr: terminal.writeError })
    .enablePositionalOptions()
    .showHelpAfterError('(add --help for what there is)')
    .exitOverride();
  const commands = [
    runCommand(terminal),
    explainCommand(terminal),
    lintCommand(terminal),
    statusCommand(terminal),
    getCommand(terminal),
    historyCommand(terminal),
    diffCommand(terminal),
    reportCommand(terminal),
    logsCommand(terminal),
    checkCommand(terminal),
    waitCommand(terminal),
    ...steeringCommands(terminal),
    simulateCommand(terminal),
    testCommand(terminal),
    installCommand(terminal),
    uninstallCommand(terminal),
    migrateCommand(terminal),
    checkGateCommand(terminal),
    emergencyStopCommand(terminal),
    taskCommand(terminal),
    convertCommand(terminal),
    certsCommand({ now: () => systemClock.now(), print: (line) => terminal.write(`${line}\n`) }),
    completionCommand(terminal),
    new Command('version')
      .description('print the version')
      .action(() => terminal.write(`${version}\n`)),
  ];
  sluice.addCommand(
    completeCommand(terminal, () => sluice),
    { hidden: true },
  );
  for (const command of commands) {
    sluice.addCommand(command.copyInheritedSettings(sluice));
    for (const inner of command.commands) inner.copyInheritedSettings(command);
  }
  return sluice;
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

import { Command } from 'commander';
import { tryGate } from '../install/gate-trial.ts';
import { systemClock } from '../runtime/clock.ts';
import { connected, connecting } from './command/command-config.ts';
import { addSettings } from './command/setting-options.ts';
import type { Terminal } from '../process/terminal.ts';

/** `sluice check-gate`: whether an annotated Pod would be held; what `helm test` runs. */
export function checkGateCommand(terminal: Terminal): Command {
  const command = new Command('check-gate').description(
    'ask the API server, by a dry run, whether an annotated Pod would be held; exit code 1 if not',
  );
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
A Namespace sluice-gate-trial is made for it and deleted afterwards. Nothing else is stored.

Examples:
  sluice check-gate && echo 'Pods are held'`,
    )
    .action(async () => {
      await using connection = await connected(command, terminal);
      const tell = (line: string) => terminal.write(`${line}\n`);
      await tryGate({ cluster: connection.client, clock: systemClock, tell });
    });
}

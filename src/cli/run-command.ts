import { Command } from 'commander';
import { settings } from '../config/config.ts';
import { configOf } from './command/command-config.ts';
import { checkComposition, run } from '../process/run.ts';
import { addSettings } from './command/setting-options.ts';
import type { Terminal } from '../process/terminal.ts';

/** `sluice run`: the admission server and the controllers. */
export function runCommand(terminal: Terminal): Command {
  const command = new Command('run')
    .description('run the admission server and the controllers')
    .option(
      '--check',
      'load everything, read the configuration, and end: exit code 0 if all is well',
    );
  return addSettings(command, Object.values(settings))
    .addHelpText(
      'after',
      `
Examples:
  sluice run                                        in a Pod, or with the kubeconfig that kubectl uses
  sluice run --only controllers                     without the admission server
  sluice run --kubeconfig ~/.kube/dev --cert-file certs/tls.crt --key-file certs/tls.key --log-format text
  SLUICE_LOG_LEVEL=debug sluice run                 every setting can be given by flag or variable`,
    )
    .action(async (options: { check?: true }) => {
      const config = configOf(command, terminal);
      await checkComposition(config, terminal);
      if (options.check !== true) await run(config, terminal);
    });
}

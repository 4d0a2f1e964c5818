import { Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import { connecting } from '../command/command-config.ts';
import { outputOption } from '../command/output-option.ts';
import { addSettings } from '../command/setting-options.ts';
import type { SimulateOptions } from './simulate-run.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `sluice simulate`: what would become of workloads, before they are applied. */
export function simulateCommand(terminal: Terminal): Command {
  const command = new Command('simulate')
    .description(
      'say for each workload of manifests what Sluice would do: held or not and why, application, workload, version, the phases with their checks, and the warnings',
    )
    .requiredOption(
      '-f, --filename <path>',
      'file or folder with manifests, or - for standard input; repeatable',
      collect,
    )
    .option(
      '--known <path|cluster>',
      'further objects that may be named: a file, a folder, or "cluster" for those in the cluster; repeatable',
      collect,
    )
    .option('--namespace <name>', 'of objects that name none', 'default')
    .option('--operator-namespace <name>', 'where Sluice runs', 'keptn-system')
    .option(
      '--definitions-namespace <name>',
      'of definitions that all may use; where Sluice runs if not given',
    )
    .addOption(outputOption())
    .option('--patch', 'show what the webhook adds to each Pod');
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice simulate -f deploy/
  kustomize build overlays/prod | sluice simulate -f - --known platform/definitions
  sluice simulate -f deploy/cart.yaml --known cluster --patch

Namespaces are taken to be opted in, unless their manifest is among the files or, with --known cluster, in the cluster.
Exit codes: 0 shown, 1 Pods of a workload would be refused, or an error, 2 bad input`,
    )
    .action(async (options: SimulateOptions) => {
      const { simulateFiles } = await import('./simulate-run.ts');
      await simulateFiles(options, { terminal, command });
    });
}

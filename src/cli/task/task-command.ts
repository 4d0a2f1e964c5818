import { Command, InvalidArgumentError } from 'commander';
import type { TaskRunOptions } from './task-run.ts';
import type { Terminal } from '../../process/terminal.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `sluice task run`: a KeptnTaskDefinition on this machine, without a cluster. */
export function taskCommand(terminal: Terminal): Command {
  const run = new Command('run')
    .description(
      'run the function of a KeptnTaskDefinition on this machine, with its interpreters, and print what KeptnTask.status would be',
    )
    .requiredOption(
      '-f, --filename <path>',
      'file or directory with the definition, what it refers to, ConfigMaps and Secrets; repeatable',
      collect,
    )
    .option('--name <name>', 'which definition, if there are several')
    .option('--context <file>', 'YAML or JSON with fields of KEPTN_CONTEXT; the others are made up')
    .option('--secret <file>', 'lines KEY=value, or a Secret as YAML or JSON; repeatable', collect)
    .option(
      '--parameter <name=value>',
      'a further parameter, or another value for one; repeatable',
      collect,
    )
    .option(
      '--retries <count>',
      "instead of the definition's, or of Keptn's default of 10",
      wholeNumber,
    )
    .option(
      '--allow-host <host>',
      'an address of this machine that httpRef may use; repeatable',
      collect,
    )
    .addHelpText(
      'after',
      `
Examples:
  sluice task run -f check-url.yaml --parameter url=https://shop.example/
  sluice task run -f manifests/samples/tasks --name several-secrets --secret account.env
  sluice task run -f notify.yaml --context context.json | yq .status.result

What the function says goes to standard error, its status to standard output.
Exit codes: 0 the task succeeded, 1 it failed, 2 bad input`,
    )
    .action(async (options: TaskRunOptions) => {
      // What it takes is loaded only where tasks are run.
      const { runTask } = await import('./task-run.ts');
      await runTask(options, terminal);
    });
  return new Command('task').description('try out tasks without a cluster').addCommand(run);
}

function wholeNumber(text: string): number {
  if (/^\d{1,9}$/u.test(text)) return Number(text);
  throw new InvalidArgumentError('expected a whole number');
}

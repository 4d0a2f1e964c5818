import { Command, Option } from 'commander';
import { addSettings } from '../command/setting-options.ts';
import { connecting } from '../command/command-config.ts';
import type { Terminal } from '../../process/terminal.ts';
import { levels } from './finding.ts';
import type { LintOptions } from './lint-run.ts';

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `sluice lint`: the rules of the webhooks over files, before anything is applied. */
export function lintCommand(terminal: Terminal): Command {
  const command = new Command('lint')
    .description(
      'judge manifests by the rules that the webhooks ask: definitions, contexts, metrics, and workloads with their annotations',
    )
    .argument('[path...]', 'files and folders with YAML or JSON; - or nothing for standard input')
    .option(
      '--known <path|cluster>',
      'a file or folder with objects that may be named and are not judged, or "cluster" for those in the cluster; with it, what is named and not there is a warning; repeatable',
      collect,
    )
    .addOption(
      new Option('--format <format>', 'how findings are written')
        .choices(['text', 'json', 'sarif', 'junit', 'github'])
        .default('text'),
    )
    .option('--rule <rule=level>', 'off, note, warning or error for a rule; repeatable', collect)
    .option(
      '--strict',
      'what is doubtful or risky is an error, as with strictValidation in KeptnConfig',
    )
    .addOption(
      new Option('--fail-on <level>', 'from which level on the exit code is 1')
        .choices([...levels, 'never'])
        .default('warning'),
    )
    .option('--config <file>', 'configuration; .sluice-lint.yaml of this folder if there is one')
    .option('--baseline <file>', 'findings that are known and not shown')
    .option(
      '--fix',
      'write what can be mended in one way only into the files; comments and layout stay',
    )
    .option('--dry-run', 'with --fix: show the changes and write nothing')
    .option('--write-baseline', 'write the findings of this run into the baseline')
    .option('--namespace <name>', 'of objects that name none (default: default)')
    .option('--operator-namespace <name>', 'where Sluice runs (default: keptn-system)')
    .option(
      '--definitions-namespace <name>',
      'of definitions that all may use; where Sluice runs if not given',
    )
    .option('--rules', 'list all rules and end');
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice lint deploy/
  kustomize build overlays/prod | sluice lint -
  helm template shop ./chart | sluice lint - --known platform/definitions
  sluice lint deploy/ --fix --dry-run
  sluice lint deploy/ --known cluster --format sarif > findings.sarif
  sluice lint deploy/ --baseline lint-baseline.json --write-baseline

A comment takes a finding back: # sluice-lint: ignore RULE -- why it is right here
Exit codes: 0 nothing found from the level of --fail-on on, 1 something found or an error, 2 bad input`,
    )
    .action(async (paths: readonly string[], options: LintOptions) => {
      // The parsers of all kinds are loaded only where manifests are judged.
      const { lint } = await import('./lint-run.ts');
      await lint(paths, options, { terminal, command });
    });
}

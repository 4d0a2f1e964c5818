import { Command, Option } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import type { TestOptions } from './test-run.ts';

/** `sluice test`: cases that say what is expected of manifests, played without a cluster. */
export function testCommand(terminal: Terminal): Command {
  return new Command('test')
    .description(
      'play manifests through the webhooks and controllers of Sluice, without a cluster, and compare what comes of them with what cases expect',
    )
    .argument(
      '[path...]',
      'files with cases, and folders in which files end in -test.yaml or .test.yaml; the current folder if nothing is given',
    )
    .option('--run <text>', 'only cases with this text in their name')
    .addOption(
      new Option('--format <format>', 'how results are written')
        .choices(['text', 'json', 'junit'])
        .default('text'),
    )
    .addHelpText(
      'after',
      `
Examples:
  sluice test manifests/samples/shop/gates-test.yaml
  sluice test deploy/ --format junit > gates.xml

Exit codes: 0 everything is as expected, 1 something is not, or an error, 2 bad input`,
    )
    .action(async (paths: readonly string[], options: TestOptions) => {
      // Everything that runs in a cluster is loaded only here.
      const { runTests } = await import('./test-run.ts');
      await runTests(paths.length === 0 ? ['.'] : paths, options, terminal);
    });
}

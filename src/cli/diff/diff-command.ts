import { Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { namespaceOption, type ObjectOptions } from '../command/object-options.ts';
import { type OutputFormat, outputOption, structured } from '../command/output-option.ts';
import { addSettings } from '../command/setting-options.ts';
import { lookupOf } from '../command/snapshot.ts';
import { targetOf, targetWords } from '../command/target.ts';
import { comparedChecks, diffText } from './diff.ts';
import { type Asked, comparing, kindsOfDiff, twoVersions } from './two-versions.ts';

/** `sluice diff`: what is different about the checks of two versions. */
export function diffCommand(terminal: Terminal): Command {
  const command = new Command('diff')
    .description(
      'compare the checks of two versions: added, removed, definitions, outcomes, durations',
    )
    .argument('<target...>', `kind/name: ${targetWords(comparing)}`)
    .option('--from <version>', 'the earlier version; the one before the other if not given')
    .option('--to <version>', 'the later version; the current one if not given')
    .addOption(namespaceOption())
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice diff deployment/cart -n shop
  sluice diff keptnapp/shop -n shop --from 1.0.0 --to 1.2.0
  sluice diff kwv/shop-cart-2.0.0 -n shop -o json | jq '.checks[] | select(.changes != [])'

Exit codes: 0 shown, 1 an error or no two versions, 2 bad input`,
    )
    .action(async (words: readonly string[], options: DiffOptions) => {
      const target = targetOf(words, comparing);
      const { output } = options;
      await using connection = await connected(command, terminal);
      const namespace = options.namespace ?? connection.namespace;
      const lookup = await lookupOf(connection.client, kindsOfDiff(target), namespace);
      const { before, after } = twoVersions(target, namespace, { ...options, lookup });
      const checks = comparedChecks(before, after);
      const [from, to] = [before.metadata.name, after.metadata.name];
      if (output === 'json' || output === 'yaml')
        terminal.write(structured({ namespace, from, to, checks }, output));
      else {
        const paper = { before: from, after: to, wide: output === 'wide' };
        terminal.write(`${diffText(checks, { ...paper, now: systemClock.now() })}\n`);
      }
    });
}

interface DiffOptions extends ObjectOptions, Asked {
  readonly output: OutputFormat;
}

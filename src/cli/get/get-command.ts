import { Argument, Command } from 'commander';
import { BadInput, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import {
  allNamespacesOption,
  namespaceOf,
  namespaceOption,
  type ObjectOptions,
  placeText,
  selectorOption,
} from '../command/object-options.ts';
import { type OutputFormat, outputOption, structured } from '../command/output-option.ts';
import { workloadsWith } from '../command/selected-workloads.ts';
import { addSettings } from '../command/setting-options.ts';
import { lookupOf } from '../command/snapshot.ts';
import { lists } from './lists.ts';
import { kindsOfSelection, selected } from './selected.ts';

/** `sluice get`: lists with what matters in columns. */
export function getCommand(terminal: Terminal): Command {
  const command = new Command('get')
    .description('list applications, workloads, versions, tasks or evaluations')
    .addArgument(
      new Argument('<list>', 'what to list').choices(lists.flatMap(({ words }) => words)),
    )
    .argument('[name]', 'of this name alone')
    .addOption(namespaceOption())
    .addOption(allNamespacesOption())
    .addOption(selectorOption('only of workloads'))
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice get apps -n shop
  sluice get tasks -A -o wide
  sluice get versions -n shop -o json | jq '.[] | select(.status == "Failed") | .name'
  sluice get evaluations -n shop -l team=orders

Exit codes: 0 shown, 1 an error or nothing of the name that is given, 2 bad input`,
    )
    .action(async (word: string, name: string | undefined, options: GetOptions) => {
      const list = lists.find(({ words }) => words.includes(word));
      if (list === undefined) throw new BadInput(`"${word}" is no list`);
      const { output, selector } = options;
      await using connection = await connected(command, terminal);
      const namespace = namespaceOf(options, connection);
      const isMeant = await workloadsWith(selector, connection.client, namespace);
      const kinds = new Set([...list.kinds, ...(isMeant === undefined ? [] : kindsOfSelection)]);
      const lookup = await lookupOf(connection.client, [...kinds], namespace);
      const rows = list.rows(selected(lookup, isMeant), { namespace, name });
      if (name !== undefined && rows.items.length === 0)
        throw new Error(`none of the ${word} in ${placeText(namespace)} is named ${name}`);
      if (output === 'json' || output === 'yaml') terminal.write(structured(rows.items, output));
      else if (rows.items.length > 0) {
        const shown = { now: systemClock.now(), wide: output === 'wide' };
        const everywhere = namespace === undefined;
        terminal.write(`${rows.table({ ...shown, everywhere })}\n`);
      } else terminal.write(`there are no ${list.words[0] ?? word} in ${placeText(namespace)}\n`);
    });
}

interface GetOptions extends ObjectOptions {
  readonly output: OutputFormat;
}

import { Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { addSettings } from '../command/setting-options.ts';
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
import { lookupOf } from '../command/snapshot.ts';
import { onlyOf, sceneIn, sceneKinds } from '../status/scene.ts';
import { historyOf, historyTable } from './history.ts';

/** `sluice history`: which versions there were, and how they ended. */
export function historyCommand(terminal: Terminal): Command {
  const command = new Command('history')
    .description(
      'list the versions of applications and workloads, newest first, and how they ended',
    )
    .argument('[app]', 'of one application alone')
    .addOption(namespaceOption())
    .addOption(allNamespacesOption())
    .addOption(selectorOption('only of workloads'))
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice history -n shop
  sluice history shop -n shop -o json | jq '.[] | select(.status == "Failed") | .name'

How much is kept is set in KeptnConfig (retention).`,
    )
    .action(async (app: string | undefined, options: HistoryOptions) => {
      const { output, selector } = options;
      await using connection = await connected(command, terminal);
      const namespace = namespaceOf(options, connection);
      const kinds = sceneKinds.filter(({ kind }) => kind.endsWith('Version'));
      const lookup = await lookupOf(connection.client, kinds, namespace);
      const isMeant = await workloadsWith(selector, connection.client, namespace);
      const versions = historyOf(onlyOf(sceneIn(lookup, namespace), isMeant), app);
      if (output === 'json' || output === 'yaml') terminal.write(structured(versions, output));
      else if (versions.length === 0)
        terminal.write(`there are no versions in ${placeText(namespace)}\n`);
      else
        terminal.write(
          `${historyTable(versions, systemClock.now(), { wide: output === 'wide' })}\n`,
        );
    });
}

interface HistoryOptions extends ObjectOptions {
  readonly output: OutputFormat;
}

import { Command, Option } from 'commander';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { connected, connecting } from '../command/command-config.ts';
import { addSettings } from '../command/setting-options.ts';
import { lookupOver } from '../command/snapshot.ts';
import { sceneIn, sceneKinds } from '../status/scene.ts';
import { historyOf, historyTable } from './history.ts';

/** `sluice history`: which versions there were, and how they ended. */
export function historyCommand(terminal: Terminal): Command {
  const command = new Command('history')
    .description(
      'list the versions of applications and workloads, newest first, and how they ended',
    )
    .argument('[app]', 'of one application alone')
    .option('-n, --namespace <name>', 'namespace; that of the context if not given')
    .addOption(
      new Option('-o, --output <format>', 'how to show it')
        .choices(['text', 'json'])
        .default('text'),
    );
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice history -n shop
  sluice history shop -n shop -o json | jq '.[] | select(.status == "Failed") | .name'

How much is kept is set in KeptnConfig (retention).`,
    )
    .action(
      async (
        app: string | undefined,
        options: { readonly namespace?: string; readonly output: 'text' | 'json' },
      ) => {
        await using connection = await connected(command, terminal);
        const namespace = options.namespace ?? connection.namespace;
        const kinds = sceneKinds.filter(({ kind }) => kind.endsWith('Version'));
        const found = await Promise.all(
          kinds.map((kind) => connection.client.list(kind, namespace, '')),
        );
        const versions = historyOf(sceneIn(lookupOver(found.flat()), namespace), app);
        if (options.output === 'json')
          terminal.write(`${visibleText(JSON.stringify(versions, undefined, 2))}\n`);
        else if (versions.length === 0)
          terminal.write(`there are no versions in namespace ${namespace}\n`);
        else terminal.write(`${historyTable(versions, systemClock.now())}\n`);
      },
    );
}

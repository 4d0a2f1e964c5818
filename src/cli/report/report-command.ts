import { Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { formatDuration } from '../../domain/go/duration.ts';
import { connected, connecting } from '../command/command-config.ts';
import { durationOption } from '../command/duration-option.ts';
import { addSettings } from '../command/setting-options.ts';
import { namespaceOption } from '../command/object-options.ts';
import { type OutputFormat, outputOption, structured } from '../command/output-option.ts';
import { lookupOf } from '../command/snapshot.ts';
import { sceneIn, sceneKinds } from '../status/scene.ts';
import { commandToBlock, reportOn, reportText } from './report.ts';

/** `sluice report`: what would have happened had failed checks blocked. */
export function reportCommand(terminal: Terminal): Command {
  const command = new Command('report')
    .description('say what would have happened in a namespace had failed checks blocked')
    .addOption(namespaceOption())
    .addOption(durationOption('--since', 'versions that began so long ago', { text: '168h' }))
    .addOption(outputOption());
  return addSettings(command, connecting)
    .addHelpText(
      'after',
      `
Examples:
  sluice report -n shop
  sluice report -n shop --since 24h -o json | jq '.versions[] | select(.verdict == "would block") | .name'

It reads the versions that there are; how many are kept is set in KeptnConfig (retention).`,
    )
    .action(async (options: ReportOptions) => {
      await using connection = await connected(command, terminal);
      const { since, output, namespace = connection.namespace } = options;
      const kinds = sceneKinds.filter(({ kind }) => kind.endsWith('Version'));
      const lookup = await lookupOf(connection.client, kinds, namespace);
      const versions = reportOn(sceneIn(lookup, namespace), systemClock.now() - since);
      terminal.write(
        output === 'json' || output === 'yaml'
          ? structured({ versions, turnOn: commandToBlock(namespace) }, output)
          : reportText(versions, {
              namespace,
              since: formatDuration(since),
              wide: output === 'wide',
            }),
      );
    });
}

interface ReportOptions {
  readonly namespace?: string;
  /** In milliseconds. */
  readonly since: number;
  readonly output: OutputFormat;
}

import { styleText } from 'node:util';
import { Command } from 'commander';
import { serviceAccountUser } from '../../admission/sluice-user.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { type Config, settings } from '../../config/config.ts';
import { EndsWith, type Terminal } from '../../process/terminal.ts';
import { systemClock } from '../../runtime/clock.ts';
import { configOf, connected, connecting } from '../command/command-config.ts';
import { durationOption } from '../command/duration-option.ts';
import { type OutputFormat, outputOption, structured } from '../command/output-option.ts';
import { addSettings } from '../command/setting-options.ts';
import { diagnose, diagnoseBeforeInstall } from './diagnosis.ts';
import { exitCodeOf, type Line, type LineStatus } from './line.ts';

interface CheckOptions {
  readonly pre?: true;
  readonly user?: string;
  readonly heldFor: number;
  readonly output: OutputFormat;
}

const icons: Readonly<Record<LineStatus, string>> = {
  ok: '✔',
  warning: '⚠',
  failed: '✖',
  unknown: '?',
};
const colors = { ok: 'green', warning: 'yellow', failed: 'red', unknown: 'magenta' } as const;

/** `sluice check`: whether an installation works, line by line. */
export function checkCommand(terminal: Terminal): Command {
  const command = new Command('check')
    .description('say whether an installation works, line by line, each with its remedy')
    .option('--pre', 'before an installation: whether this cluster will do')
    .option(
      '--user <name>',
      'name by which the API server knows Sluice; its service account if not given',
    )
    .addOption(
      durationOption('--held-for', 'Pods that have been held for longer are named', { text: '1h' }),
    )
    .addOption(outputOption());
  return addSettings(command, [
    ...connecting,
    settings.namespace,
    settings.leaseName,
    settings.leaseNamespace,
  ])
    .addHelpText(
      'after',
      `
Examples:
  sluice check --pre            before an installation
  sluice check                  of the installation in keptn-system
  sluice check -o json | jq '.lines[] | select(.status != "ok")'

Nothing in the cluster is changed. Exit codes: 0 all is well, 1 something could not be looked at, or an error,
2 bad input, 3 something has failed, 4 there are warnings`,
    )
    .action(async (options: CheckOptions) => {
      const { output, heldFor: heldForMs } = options;
      const place = placeOf(configOf(command, terminal), options.user);
      await using connection = await connected(command, terminal);
      const found =
        options.pre === true
          ? diagnoseBeforeInstall(connection)
          : diagnose(connection, { place, now: () => systemClock.now(), heldForMs });
      const lines: Line[] = [];
      for await (const some of found) {
        lines.push(...some);
        if (output === 'text' || output === 'wide')
          for (const line of some) terminal.write(textOf(line, terminal));
      }
      const exitCode = exitCodeOf(lines);
      if (output === 'json' || output === 'yaml')
        terminal.write(structured({ exitCode, lines }, output));
      if (exitCode !== 0) throw new EndsWith(exitCode);
    });
}

function placeOf(
  { namespace, leaseName, leaseNamespace }: Config,
  user = serviceAccountUser(namespace),
) {
  return { namespace, leaseName, leaseNamespace, user };
}

function textOf({ check, status, says, remedy }: Line, { inColor }: Terminal): string {
  const icon = inColor
    ? styleText(colors[status], icons[status], { validateStream: false })
    : icons[status];
  const first = `${icon} ${check}: ${visibleText(says)}\n`;
  return remedy === undefined ? first : `${first}    → ${visibleText(remedy)}\n`;
}

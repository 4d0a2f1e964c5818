import { Command, Option } from 'commander';
import { visibleText } from '../api/text/visible-text.ts';
import { findKeptn } from '../install/migration/found-keptn.ts';
import {
  type Found,
  type MigrationReport,
  migrationReport,
} from '../install/migration/migration-report.ts';
import type { Terminal } from '../process/terminal.ts';
import { connected, connecting } from './command/command-config.ts';
import { addSettings } from './command/setting-options.ts';

/** `sluice migrate`: what of a Keptn is in a cluster, what becomes of it, and how Sluice takes its place. */
export function migrateCommand(terminal: Terminal): Command {
  const command = new Command('migrate')
    .description(
      'say what of a Keptn is in the cluster, what becomes of it, and by which commands Sluice takes its place; changes nothing',
    )
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
  sluice migrate
  sluice migrate --context prod -o json | jq .steps`,
    )
    .action(async ({ output }: { output: 'text' | 'json' }) => {
      await using connection = await connected(command, terminal);
      const report = migrationReport(await findKeptn(connection.client));
      terminal.write(
        output === 'json' ? `${JSON.stringify(report, undefined, 2)}\n` : migrationText(report),
      );
    });
}

/** The report for people. */
export function migrationText(report: MigrationReport): string {
  const section = (title: string, found: readonly Found[]): string =>
    found.length === 0
      ? ''
      : `${title}\n${found.map(({ what, becomes }) => `  ${what}\n    ${becomes}\n`).join('')}\n`;
  const steps = report.steps.map(
    ({ command, why }, index) => `  ${index + 1}. ${command}\n     ${why}\n`,
  );
  const text = [
    report.operators.length === 0 ? 'No operator of Keptn runs here.\n\n' : '',
    section('Operators', report.operators),
    section('Webhooks', report.webhooks),
    section('APIServices', report.apiServices),
    section('Objects', report.kinds),
    section('Versions on their way', report.inFlight),
    section('Configuration', report.configs),
    `To do, in this order\n${steps.join('')}`,
  ].join('');
  return visibleText(text);
}

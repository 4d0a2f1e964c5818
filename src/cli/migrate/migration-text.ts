import { visibleText } from '../../api/text/visible-text.ts';
import type { BackReport } from '../../install/migration/back-report.ts';
import type { Found, MigrationReport } from '../../install/migration/migration-report.ts';

/** The report for people; `valuesText` is the values for Sluice's chart as YAML. */
export function migrationText(report: MigrationReport, valuesText: string): string {
  const text = [
    report.operators.length === 0 ? 'No operator of Keptn runs here.\n\n' : '',
    section('Operators', report.operators),
    section('Named like Keptn', report.ignored),
    section('Webhooks', report.webhooks),
    section('APIServices', report.apiServices),
    section('Objects', report.kinds),
    section('Versions on their way', report.inFlight),
    section('Configuration', report.configs),
    section('Helm', report.releases),
    section('Goes by what Sluice does not have', report.others),
    valuesText === '' ? '' : `Values for the chart of Sluice\n${indented(valuesText)}\n`,
    section(
      'Values of Keptn without a meaning for Sluice',
      report.withoutMeaning.map(({ path, why }) => ({ what: path, becomes: why })),
    ),
    obstacles(report.obstacles),
  ].join('');
  return visibleText(text);
}

/** The report on the way back for people. */
export function backText({
  operators,
  ignored,
  restored,
  lost,
  obstacles: found,
}: BackReport): string {
  return visibleText(
    [
      section('Operators', operators),
      section('Named like Keptn', ignored),
      section('Becomes Keptn’s again', restored),
      section('Says what Keptn cannot read', lost),
      obstacles(found),
    ].join(''),
  );
}

function section(title: string, found: readonly Found[]): string {
  if (found.length === 0) return '';
  return `${title}\n${found.map(({ what, becomes }) => `  ${what}\n    ${becomes}\n`).join('')}\n`;
}

function obstacles(sentences: readonly string[]): string {
  return sentences.length === 0
    ? ''
    : `In the way\n${sentences.map((sentence) => `  ${sentence}\n`).join('')}\n`;
}

function indented(text: string): string {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => `  ${line}\n`)
    .join('');
}

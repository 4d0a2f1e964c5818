import { lifecycleOperatorValues } from '../../install/keptn-values.ts';
import type { DeadValue } from '../../install/keptn-values.ts';
import type { Value } from './value.ts';

/** A page with every value of the chart: its default and what it does, and which of Keptn's do something. */
export function valuesReference(values: readonly Value[], dead: readonly DeadValue[]): string {
  return `${[
    '<!-- Generated from src/generate/chart by "npm run generate". Do not edit. -->',
    '# Values of the Helm chart',
    'A key that is not here is refused by `helm install`, which names it. How the chart is installed: [install.md](../install.md).',
    table(['value', 'default', 'what it does'], values.map(row)),
    '## Values of Keptn’s chart',
    `Those at the top level and under \`global\` keep their names. Of \`lifecycleOperator\`, these count and win over the value of the same name above: ${lifecycleOperatorValues.map((path) => `\`${path}\``).join(', ')}. Those below are accepted and do nothing; each that is set is named after \`helm install\` and \`helm upgrade\`.`,
    table(
      ['value of Keptn', 'why it does nothing'],
      dead.map(({ path, why }) => [`\`${path}\``, why]),
    ),
  ].join('\n\n')}\n`;
}

function row({ path, otherwise, says }: Value): readonly string[] {
  return [`\`${path}\``, `\`${JSON.stringify(otherwise)}\``, says];
}

function table(heads: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(heads), line(heads.map(() => '---')), ...rows.map(line)].join('\n');
}

import { Command } from 'commander';
import type { Terminal } from '../../process/terminal.ts';

/** What `sluice convert` is given. */
export interface ConvertOptions {
  readonly filename: readonly string[];
  readonly provider?: string;
  readonly providerNamespace?: string;
  readonly name?: string;
  readonly templateNamespace?: string;
}

const collect = (value: string, before: readonly string[] = []): readonly string[] => [
  ...before,
  value,
];

/** `sluice convert`: files of older Keptns as one would write them today. */
export function convertCommand(terminal: Terminal): Command {
  return new Command('convert')
    .description(
      'write files of older Keptns as they are written today; reads files, and no cluster',
    )
    .requiredOption('-f, --filename <path>', 'file or directory; repeatable', collect)
    .option(
      '--provider <name>',
      'for an SLI file: the KeptnMetricsProvider that answers its queries',
    )
    .option('--provider-namespace <name>', 'its namespace, if it is another one')
    .option('--name <name>', 'for an SLO file: the name of the AnalysisDefinition')
    .option('--template-namespace <name>', 'for an SLO file: where its AnalysisValueTemplates are')
    .addHelpText(
      'after',
      `
SLI files of Keptn v1 become AnalysisValueTemplates, SLO files an AnalysisDefinition; objects in old versions are written in
the present one, the checks of a KeptnApp as a KeptnAppContext, a KeptnEvaluationProvider as a KeptnMetricsProvider.

Examples:
  sluice convert -f slo.yaml --name shop > analysis-definition.yaml
  sluice convert -f sli.yaml --provider prometheus | kubectl apply -f -
  sluice convert -f manifests/

The objects go to standard output, what could not be carried over to standard error.
Exit codes: 0 converted, 2 bad input`,
    )
    .action(async (options: ConvertOptions) => {
      // It reads YAML, which no other command has to load.
      const { convertFiles } = await import('./convert-files.ts');
      await convertFiles(options, terminal);
    });
}

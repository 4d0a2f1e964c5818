import { defined, isJsonObject, type JsonObject } from '../../api/json.ts';
import { BadInput } from '../../process/terminal.ts';
import { analysisName } from './analysis-name.ts';
import type { Conversion } from './slo.ts';

export interface SliSettings {
  /** Name of the KeptnMetricsProvider that answers the queries. */
  readonly provider: string;
  /** Its namespace; that of the AnalysisDefinition if not given. */
  readonly providerNamespace?: string;
}

/**
 * The SLI file of a Keptn v1 as AnalysisValueTemplates, in the order of the file. `$SERVICE` in a query becomes `{{.service}}`.
 * Throws `BadInput` where two indicators would get one name, of which Keptn's converter keeps either.
 */
export function convertSli({ indicators }: JsonObject, settings: SliSettings): Conversion {
  if (!isJsonObject(indicators)) throw new BadInput('indicators: is no object');
  const { provider, providerNamespace: namespace } = settings;
  const names = new Map<string, string>();
  const objects = Object.entries(indicators).map(([indicator, query]) => {
    if (typeof query !== 'string') throw new BadInput(`indicators.${indicator}: is no text`);
    const name = analysisName(indicator);
    const other = names.get(name);
    if (other !== undefined) {
      throw new BadInput(
        `indicators.${indicator} and indicators.${other} both become ${name}; rename one of them`,
      );
    }
    names.set(name, indicator);
    return {
      apiVersion: 'metrics.keptn.sh/v1',
      kind: 'AnalysisValueTemplate',
      metadata: { name },
      spec: {
        provider: { name: provider, ...defined({ namespace }) },
        query: query.replaceAll(
          /\$([A-Z][A-Z0-9_]*)\b/gu,
          (_whole, variable: string) => `{{.${variable.toLowerCase()}}}`,
        ),
      },
    };
  });
  return { objects, lost: [] };
}

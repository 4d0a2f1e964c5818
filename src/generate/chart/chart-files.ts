import { stopTimes } from '../../process/stop-times.ts';
import { chartYaml } from './chart-yaml.ts';
import { deadValues } from '../../install/keptn-values.ts';
import { chartTemplates } from './templates.ts';
import type { DeadValue } from '../../install/keptn-values.ts';
import { values } from './values.ts';
import { valuesReference } from './values-reference.ts';
import { valuesSchema } from './values-schema.ts';
import { valuesYaml } from './values-yaml.ts';

/** A file of the chart: its path in it, and all of its content. */
interface ChartFile {
  readonly file: string;
  readonly content: string;
}

/** All files of the chart that are generated. */
export function chartFiles(version: string): readonly ChartFile[] {
  return [
    { file: 'Chart.yaml', content: chartYaml(version) },
    { file: 'values.yaml', content: valuesYaml(values) },
    { file: 'values.schema.json', content: valuesSchema(values, deadValues) },
    { file: 'templates/_facts.tpl', content: facts() },
    ...chartTemplates().map(({ file, content }) => ({ file: `templates/${file}`, content })),
  ];
}

/** The page with all values of the chart. */
export function chartReference(): string {
  return valuesReference(values, deadValues);
}

/** What the templates written by hand have to know of the program. */
function facts(): string {
  const { serverMs, controllersMs, eventsMs, cachesMs, connectionMs } = stopTimes;
  const seconds = (ms: number) => Math.ceil(ms / 1_000);
  const working = seconds(controllersMs + eventsMs);
  const rest = seconds(cachesMs + connectionMs);
  const globals = values.flatMap(({ path }) => {
    const [first, key] = path.split('.');
    return first === 'global' && key !== undefined ? [key] : [];
  });
  return [
    '{{- /* Generated from src/generate/chart by "npm run generate". Do not edit. */ -}}',
    '',
    '{{- /* In seconds, for a drain of so many: see src/process/stop-times.ts. */ -}}',
    '{{- define "sluice.gracePeriod" -}}',
    `{{- max 30 (add (max (add . ${seconds(serverMs)}) ${working}) ${rest} 5) -}}`,
    '{{- end -}}',
    '',
    '{{- define "sluice.globalKeys" -}}',
    JSON.stringify([...new Set([...globals, 'certManager'])]),
    '{{- end -}}',
    '',
    '{{- define "sluice.deadValues" -}}',
    ...deadValues.map((dead) => `- ${JSON.stringify(withoutOthers(dead))}`),
    '{{- end -}}',
    '',
  ].join('\n');
}

/** `certManager.*` with the keys that have entries of their own. */
function withoutOthers(dead: DeadValue) {
  if (!dead.path.endsWith('.*')) return dead;
  const prefix = dead.path.slice(0, -1);
  const but = deadValues.flatMap(({ path }) =>
    path.startsWith(prefix) && path !== dead.path ? [path.slice(prefix.length)] : [],
  );
  return { ...dead, but };
}

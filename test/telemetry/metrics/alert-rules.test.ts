import { readFile, readdir } from 'node:fs/promises';
import { describe, expect, test } from 'vitest';
import { alertGroups, alertRules } from '../../../src/generate/alert-rules.ts';
import { allSeries } from '../../../src/telemetry/metrics/all-series.ts';

/** What the API server serves, which alerts read as well. */
const ofApiServer = [
  'apiserver_admission_webhook_rejection_count',
  'apiserver_admission_webhook_fail_open_count',
];
const suffixes = { counter: [''], gauge: [''], histogram: ['_bucket', '_sum', '_count'] } as const;
const served = new Map(
  allSeries.flatMap((series) =>
    suffixes[series.type].map((suffix) => [`${series.name}${suffix}`, series] as const),
  ),
);
const words = new Set(
  'max min sum by or and unless without rate increase vector time histogram_quantile'.split(' '),
);

/** The names of metrics in an expression, each with the labels that are asked for in braces. */
function namesIn(expr: string): readonly { readonly name: string; readonly labels: string[] }[] {
  const bare = expr.replaceAll(/by \([^)]*\)/gu, '').replaceAll(/\[\w+\]/gu, '');
  return [...bare.matchAll(/\b([a-z_][a-z0-9_]*)(\{[^}]*\})?/gu)]
    .filter(([, name = '', braces]) => !words.has(name) && isOutsideQuotes(bare, braces, name))
    .map(([, name = '', braces = '']) => ({
      name,
      labels: [...braces.matchAll(/(\w+)\s*(?:=~|!~|!=|=)"/gu)].map(([, label = '']) => label),
    }));
}

function isOutsideQuotes(expr: string, braces: string | undefined, name: string): boolean {
  if (braces !== undefined) return true;
  return expr.replaceAll(/\{[^}]*\}/gu, '').includes(name);
}

describe('the alerts', () => {
  test.each(alertRules.map((rule) => [rule.name, rule] as const))(
    '%s reads series that are served, by labels that they have',
    (_name, { expr }) => {
      const names = namesIn(expr);
      expect(names.length).toBeGreaterThan(0);
      for (const { name, labels } of names) {
        if (ofApiServer.includes(name)) continue;
        const series = served.get(name);
        expect(series, `${name} in ${expr}`).toBeDefined();
        expect(labels.filter((label) => series?.labels.includes(label) !== true)).toEqual([]);
      }
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/gu)].flatMap(([, list = '']) =>
        list.split(/,\s*/u),
      );
      const known = new Set([
        ...names.flatMap(({ name }) => served.get(name)?.labels ?? ['name']),
        'le',
      ]);
      expect(grouped.filter((label) => !known.has(label))).toEqual([]);
    },
  );

  test('brackets and quotes are balanced', () => {
    for (const { expr, name } of alertRules) {
      for (const [open = '', close = ''] of ['()', '{}', '[]']) {
        expect(expr.split(open).length, `${open} in ${name}`).toBe(expr.split(close).length);
      }
      expect(expr.split('"').length % 2, `quotes in ${name}`).toBe(1);
    }
  });

  test('labels that the texts repeat are labels of the result', () => {
    for (const { name, summary, description, expr } of alertRules) {
      const used = [...`${summary}${description}`.matchAll(/\$labels\.(\w+)/gu)];
      const grouped = [...expr.matchAll(/by \(([^)]*)\)/gu)].flatMap(([, list = '']) =>
        list.split(/,\s*/u),
      );
      expect(
        used.map(([, label = '']) => label).filter((label) => !grouped.includes(label)),
        name,
      ).toEqual([]);
    }
  });

  test('each has a runbook with the same name, and there is no other', async () => {
    const folder = new URL('../../../docs/runbooks/', import.meta.url);
    const files = (await readdir(folder)).toSorted();
    expect(files).toEqual(alertRules.map(({ name }) => `${name}.md`).toSorted());
    for (const file of files) {
      const page = await readFile(new URL(file, folder), 'utf8');
      for (const part of ['**Meaning.**', '**Consequence.**', '## Look', '## Mend'])
        expect(page, file).toContain(part);
    }
    const [group] = alertGroups().groups;
    for (const { alert, annotations } of group?.rules ?? [])
      expect(annotations.runbook_url.endsWith(`/docs/runbooks/${alert}.md`)).toBe(true);
  });
});

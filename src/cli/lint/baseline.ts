import { readFile } from 'node:fs/promises';
import { isJsonObject } from '../../api/json.ts';
import { BadInput } from '../../process/terminal.ts';
import type { Finding } from './finding.ts';

/**
 * Findings that were there when a team began with the rules: they are not shown, so that new ones are. Lines are not part of an
 * entry, because they move; how many there are of the same is.
 */
export interface Baseline {
  readonly entries: ReadonlyMap<string, number>;
}

/** The baseline of a file. Throws `BadInput`. */
export async function readBaseline(file: string): Promise<Baseline> {
  let value: unknown;
  try {
    value = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new BadInput(`${file} is no baseline: ${why}; --write-baseline makes one`, { cause });
  }
  const findings = isJsonObject(value) ? value['findings'] : undefined;
  if (!isJsonObject(findings))
    throw new BadInput(`${file} is no baseline: it has no "findings"; --write-baseline makes one`);
  const entries = Object.entries(findings).filter(
    (entry): entry is [string, number] => typeof entry[1] === 'number',
  );
  return { entries: new Map(entries) };
}

/** The text of a baseline of these findings. */
export function baselineOf(findings: readonly Finding[]): string {
  const counts: Record<string, number> = {};
  for (const finding of findings) counts[keyOf(finding)] = (counts[keyOf(finding)] ?? 0) + 1;
  const sorted = Object.fromEntries(
    Object.entries(counts).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  );
  return `${JSON.stringify({ version: 1, findings: sorted }, undefined, 2)}\n`;
}

/** The findings that are not in the baseline, and a note for each entry that nothing matches any more. */
export function withoutKnown(
  findings: readonly Finding[],
  { entries }: Baseline,
  file: string,
): { readonly findings: readonly Finding[]; readonly known: number } {
  const left = new Map(entries);
  const news = findings.filter((finding) => {
    const open = left.get(keyOf(finding)) ?? 0;
    if (open > 0) left.set(keyOf(finding), open - 1);
    return open === 0;
  });
  const stale = [...left]
    .filter(([, open]) => open > 0)
    .map(([key]): Finding => ({
      rule: 'baseline-stale',
      level: 'note',
      file,
      line: 1,
      column: 1,
      object: '',
      path: '',
      message: `nothing matches "${key}" any more; --write-baseline takes it out`,
    }));
  return { findings: [...news, ...stale], known: findings.length - news.length };
}

function keyOf({ file, rule, object, path }: Finding): string {
  return [file.replaceAll('\\', '/'), object, path, rule].join(' | ');
}

import { readFile } from 'node:fs/promises';
import { parse } from 'yaml';
import { defined, isJsonObject, type JsonObject } from '../../api/json.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { rules } from '../../lint/rules.ts';
import { BadInput } from '../../process/terminal.ts';
import { type Level, levels } from './finding.ts';

/** What a rule's findings count, or `off`. */
export type LevelOrOff = Level | 'off';

/** What `.sluice-lint.yaml` says. */
export interface LintConfig {
  readonly rules: Readonly<Record<string, LevelOrOff>>;
  readonly known: readonly string[];
  readonly baseline?: string;
  readonly namespace?: string;
  readonly operatorNamespace?: string;
  readonly definitionsNamespace?: string;
  readonly strict?: boolean;
}

const defaultConfigFile = '.sluice-lint.yaml';

/** Rules about the files themselves, beside those about objects. */
export const fileRules = [
  'not-yaml',
  'not-as-declared',
  'suppression-unreadable',
  'suppression-without-reason',
  'suppression-unused',
  'baseline-stale',
] as const;

/**
 * The configuration in this file; without a name that of the current folder, if there is one. Throws `BadInput` that names
 * each wrong field and what may stand there.
 */
export async function lintConfig(file: string | undefined): Promise<LintConfig> {
  const path = file ?? defaultConfigFile;
  const text = await readFile(path, 'utf8').catch((cause: unknown) => {
    if (file === undefined) return undefined;
    throw new BadInput(
      `${path} cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
      { cause },
    );
  });
  if (text === undefined) return { rules: {}, known: [] };
  let value: unknown;
  try {
    value = parse(text);
  } catch (cause) {
    throw new BadInput(`${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
    });
  }
  if (value === null || value === undefined) return { rules: {}, known: [] };
  if (!isJsonObject(value)) throw new BadInput(`${path}: expected fields, for example rules:`);
  return readConfig(value, path);
}

/** A level for a rule as written on the command line: `image-tag=off`. Throws `BadInput`. */
export function ruleLevel(text: string): readonly [rule: string, level: LevelOrOff] {
  const [rule = '', level = '', ...more] = text.split('=');
  if (more.length > 0 || level === '')
    throw new BadInput(`--rule ${text}: write RULE=off, note, warning or error`);
  checkRule(rule, `--rule ${text}`);
  return [rule, levelIn(level, `--rule ${text}`)];
}

const fields = [
  'rules',
  'known',
  'baseline',
  'namespace',
  'operatorNamespace',
  'definitionsNamespace',
  'strict',
];

function readConfig(value: JsonObject, path: string): LintConfig {
  for (const field of Object.keys(value)) {
    if (fields.includes(field)) continue;
    throw new BadInput(
      `${path}: ${field}: there is no such field${meant(field, fields)}; there are ${fields.join(', ')}`,
    );
  }
  const text = (field: string): Record<string, string> => {
    const one = value[field];
    if (one === undefined) return {};
    if (typeof one !== 'string') throw new BadInput(`${path}: ${field}: expected a text`);
    return { [field]: one };
  };
  const { strict, known = [], rules: levelsOfRules = {} } = value;
  if (strict !== undefined && typeof strict !== 'boolean')
    throw new BadInput(`${path}: strict: expected true or false`);
  if (!Array.isArray(known) || !known.every((one): one is string => typeof one === 'string'))
    throw new BadInput(`${path}: known: expected a list of folders and files`);
  if (!isJsonObject(levelsOfRules))
    throw new BadInput(`${path}: rules: expected RULE: off, note, warning or error`);
  const read = Object.entries(levelsOfRules).map(([rule, level]): [string, LevelOrOff] => {
    checkRule(rule, `${path}: rules.${rule}`);
    // YAML 1.1 readers make a boolean of `off`.
    return [rule, levelIn(level === false ? 'off' : String(level), `${path}: rules.${rule}`)];
  });
  return {
    rules: Object.fromEntries(read),
    known,
    ...defined({ strict }),
    ...text('baseline'),
    ...text('namespace'),
    ...text('operatorNamespace'),
    ...text('definitionsNamespace'),
  };
}

function checkRule(rule: string, place: string): void {
  const ids = [...rules.map(({ id }) => id), ...fileRules];
  if (ids.includes(rule)) return;
  throw new BadInput(
    `${place}: there is no rule ${rule}${meant(rule, ids)}; sluice lint --rules lists them`,
  );
}

function levelIn(text: string, place: string): LevelOrOff {
  const found = [...levels, 'off' as const].find((level) => level === text);
  if (found === undefined)
    throw new BadInput(`${place}: expected off, note, warning or error, not ${text}`);
  return found;
}

function meant(name: string, known: readonly string[]): string {
  const nearest = nearestName(name, known);
  return nearest === undefined ? '' : `; did you mean ${nearest}?`;
}

import { Option } from 'commander';
import { stringify } from 'yaml';
import { visibleText } from '../../api/text/visible-text.ts';

/** How a command shows what it has found: for people, and for programs. */
export type OutputFormat = 'text' | 'wide' | 'json' | 'yaml';

/** `-o`: text as it fits, `wide` with every column and nothing cut or wrapped, and the formats for programs. */
export function outputOption(): Option {
  const formats: readonly OutputFormat[] = ['text', 'wide', 'json', 'yaml'];
  return new Option('-o, --output <format>', 'how to show it').choices(formats).default('text');
}

/** A value for programs, with a line break at its end. Characters that a terminal would obey are written out. */
export function structured(value: unknown, format: 'json' | 'yaml'): string {
  if (format === 'json') return `${visibleText(JSON.stringify(value, undefined, 2))}\n`;
  // What JSON leaves out (undefined) must not become a field of YAML.
  const plain: unknown = JSON.parse(JSON.stringify(value));
  return visibleText(stringify(plain, { lineWidth: 0, aliasDuplicateObjects: false }));
}

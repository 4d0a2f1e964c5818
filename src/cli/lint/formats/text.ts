import { visibleText } from '../../../api/text/visible-text.ts';
import type { Judgement } from '../judge-files.ts';
import type { Finding, Level } from '../finding.ts';
import type { NamedText } from '../../manifests/manifest-files.ts';

const colours: Readonly<Record<Level, string>> = { error: '31', warning: '33', note: '36' };

/** For people: each finding with its line, and a count at the end. */
export function asText(
  judgement: Judgement,
  files: readonly NamedText[],
  { inColor, known = 0 }: { readonly inColor: boolean; readonly known?: number },
): string {
  const texts = new Map(files.map(({ name, text }) => [name, text.split('\n')]));
  const paint = (text: string, code: string) =>
    inColor ? `\u{1b}[${code}m${text}\u{1b}[0m` : text;
  const blocks = judgement.findings.map((finding) => {
    const { file, line, column, level, rule, object, path, message } = finding;
    const head = `${file}:${line}:${column}: ${paint(level, colours[level])} ${rule}`;
    const subject = [object, path].filter((part) => part !== '').join(' ');
    const said = subject === '' ? message : `${subject}: ${message}`;
    return [head, `  ${visibleText(said)}`, ...excerpt(finding, texts.get(file))].join('\n');
  });
  return `${[...blocks, summary(judgement, known)].join('\n\n')}\n`;
}

function excerpt(
  { line, column }: Finding,
  lines: readonly string[] | undefined,
): readonly string[] {
  const shown = lines?.[line - 1];
  if (shown === undefined || shown.trim() === '') return [];
  const number = String(line);
  const text = visibleText(shown.replaceAll('\t', ' ').slice(0, 160));
  return [
    `  ${number} | ${text}`,
    `  ${' '.repeat(number.length)} | ${' '.repeat(Math.min(column - 1, 160))}^`,
  ];
}

function summary(
  { findings, files, objects, others, suppressed }: Judgement,
  known: number,
): string {
  const of = (level: Level) => findings.filter((finding) => finding.level === level).length;
  const counts = [
    plural(of('error'), 'error'),
    plural(of('warning'), 'warning'),
    plural(of('note'), 'note'),
  ];
  const found =
    findings.length === 0
      ? 'nothing found'
      : counts.filter((one) => !one.startsWith('0 ')).join(', ');
  const passed = others === 0 ? '' : `; ${plural(others, 'object')} of other kinds passed over`;
  const back = [
    ...(suppressed > 0 ? [`${suppressed} suppressed by comments`] : []),
    ...(known > 0 ? [`${known} in the baseline`] : []),
  ];
  const aside = back.length === 0 ? '' : `; ${back.join(', ')}`;
  return `${found} in ${plural(objects, 'object')} of ${plural(files, 'file')}${passed}${aside}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}

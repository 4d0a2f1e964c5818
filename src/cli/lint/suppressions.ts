import { nearestName } from '../../domain/nearest-name.ts';
import { rules as objectRules } from '../../lint/rules.ts';
import type { Finding } from './finding.ts';
import { fileRules } from './lint-config.ts';

/** A comment that takes back findings: `# sluice-lint: ignore image-tag -- built from this repository a minute before`. */
export interface Suppression {
  readonly line: number;
  readonly rules: readonly string[];
  readonly reason: string;
  /** First and last line of what it is about. */
  readonly covers: readonly [first: number, last: number];
}

/** What is left of the findings of one file, with findings of their own for comments that do nothing or give no reason. */
export interface Suppressed {
  readonly findings: readonly Finding[];
  readonly suppressed: number;
}

const mark = /#\s*sluice-lint:\s*(.*)$/u;
const form = /^ignore\s+([\w-]+(?:\s*,\s*[\w-]+)*)\s*(?:--\s*(.*))?$/u;

/**
 * Applies the comments of a file. One behind a value is about that line; one on a line of its own is about the field below it
 * with all that is in it, and before the first field of a document about the whole document.
 */
export function withSuppressions(
  findings: readonly Finding[],
  { name, text }: { readonly name: string; readonly text: string },
): Suppressed {
  if (!text.includes('sluice-lint:')) return { findings, suppressed: 0 };
  const lines = text.split('\n');
  const complaints: Finding[] = [];
  const complain = (line: number, rule: string, message: string): void =>
    void complaints.push({
      rule,
      level: 'warning',
      file: name,
      line,
      column: 1,
      object: '',
      path: '',
      message,
    });
  const suppressions: Suppression[] = [];
  for (const [index, content] of lines.entries()) {
    const [, order] = mark.exec(content) ?? [];
    if (order === undefined) continue;
    const [, rules, reason = ''] = form.exec(order.trim()) ?? [];
    const line = index + 1;
    if (rules === undefined) {
      complain(
        line,
        'suppression-unreadable',
        'cannot be read; write "# sluice-lint: ignore RULE -- reason"',
      );
    } else if (reason.trim() === '') {
      complain(
        line,
        'suppression-without-reason',
        'gives no reason and does nothing; write "-- " and why behind the rule',
      );
    } else {
      const names = rules.split(',').map((rule) => rule.trim());
      suppressions.push({ line, rules: names, reason, covers: covered(lines, index) });
    }
  }
  const used = new Set<Suppression>();
  const left = findings.filter((finding) => {
    const by = suppressions.find(
      ({ rules, covers: [first, last] }) =>
        rules.includes(finding.rule) && finding.line >= first && finding.line <= last,
    );
    if (by !== undefined) used.add(by);
    return by === undefined;
  });
  for (const { line, rules } of suppressions.filter((one) => !used.has(one))) {
    const unknown = rules.find((rule) => !ruleIds.includes(rule));
    const why =
      unknown === undefined
        ? `takes back nothing; remove it (${rules.join(', ')})`
        : noSuchRule(unknown);
    complain(line, 'suppression-unused', why);
  }
  return { findings: [...left, ...complaints], suppressed: findings.length - left.length };
}

const ruleIds: readonly string[] = [...objectRules.map(({ id }) => id), ...fileRules];

function noSuchRule(rule: string): string {
  const meant = nearestName(rule, ruleIds);
  const hint = meant === undefined ? 'sluice lint --rules lists them' : `did you mean ${meant}?`;
  return `there is no rule ${rule}; ${hint}`;
}

/** The lines, from 1, that a comment at this index is about. */
function covered(lines: readonly string[], index: number): readonly [number, number] {
  const own = lines[index] ?? '';
  if (!/^\s*#/u.test(own)) return [index + 1, index + 1];
  const next = contentAfter(lines, index);
  if (isFirstOfDocument(lines, next)) return [next + 1, endOfDocument(lines, next)];
  const indent = indentOf(lines[next] ?? '');
  let last = next;
  for (let at = next + 1; at < lines.length && !isEnd(lines[at]); at += 1) {
    if (isContent(lines[at]) && indentOf(lines[at] ?? '') <= indent) break;
    last = at;
  }
  return [next + 1, last + 1];
}

function contentAfter(lines: readonly string[], index: number): number {
  let at = index + 1;
  while (at < lines.length && !isContent(lines[at])) at += 1;
  return at;
}

function isFirstOfDocument(lines: readonly string[], index: number): boolean {
  for (let at = index - 1; at >= 0 && !isEnd(lines[at]); at -= 1) {
    if (isContent(lines[at])) return false;
  }
  return true;
}

function endOfDocument(lines: readonly string[], index: number): number {
  let at = index;
  while (at < lines.length && !isEnd(lines[at])) at += 1;
  return at;
}

function isEnd(line: string | undefined): boolean {
  return line !== undefined && /^(?:---|\.\.\.)(?:\s|$)/u.test(line);
}

function isContent(line: string | undefined): boolean {
  return line !== undefined && !/^\s*(?:#|$)/u.test(line) && !isEnd(line);
}

function indentOf(line: string): number {
  return line.search(/[^\s-]/u);
}

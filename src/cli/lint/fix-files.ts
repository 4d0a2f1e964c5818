import { writeFile } from 'node:fs/promises';
import type { NamedText } from '../manifests/manifest-files.ts';
import type { Finding, TextEdit } from './finding.ts';

/** A file with its edits made, and how many there were. */
export interface FixedFile {
  readonly name: string;
  readonly before: string;
  readonly after: string;
  readonly edits: number;
}

/** The text with these edits made. Of two that overlap the first one counts: the next run finds the other. */
function edited(text: string, edits: readonly TextEdit[]): { text: string; made: number } {
  const inOrder = edits.toSorted((one, other) => one.start - other.start);
  const parts: string[] = [];
  let at = 0;
  let made = 0;
  for (const { start, end, text: replacement } of inOrder) {
    if (start < at) continue;
    parts.push(text.slice(at, start), replacement);
    at = end;
    made += 1;
  }
  return { text: [...parts, text.slice(at)].join(''), made };
}

/** A file with what its findings mend. */
export function fixedFile(file: NamedText, findings: readonly Finding[]): FixedFile {
  const edits = findings.flatMap((one) => (one.file === file.name ? (one.edit ?? []) : []));
  const { text, made } = edited(file.text, edits);
  return { name: file.name, before: file.text, after: text, edits: made };
}

/** Writes the files that have changed. */
export async function writeFixed(files: readonly FixedFile[]): Promise<void> {
  for (const { name, after, before } of files) if (after !== before) await writeFile(name, after);
}

/** What the edits change, in the form of `diff -u` with one line around each change. */
export function diffOf({ name, before, after }: FixedFile): string {
  const [old, now] = [before.split('\n'), after.split('\n')];
  const hunks: string[] = [];
  let [left, right] = [0, 0];
  while (left < old.length || right < now.length) {
    if (old[left] === now[right]) {
      left += 1;
      right += 1;
      continue;
    }
    const [toLeft, toRight] = nextEqual(old, now, [left, right]);
    const above = left > 0 ? [` ${old[left - 1] ?? ''}`] : [];
    const gone = old.slice(left, toLeft).map((line) => `-${line}`);
    const come = now.slice(right, toRight).map((line) => `+${line}`);
    const below = toLeft < old.length ? [` ${old[toLeft] ?? ''}`] : [];
    const around = above.length + below.length;
    const head = `@@ -${left + 1 - above.length},${gone.length + around} +${right + 1 - above.length},${come.length + around} @@`;
    hunks.push([head, ...above, ...gone, ...come, ...below].join('\n'));
    [left, right] = [toLeft, toRight];
  }
  return hunks.length === 0 ? '' : `--- ${name}\n+++ ${name}\n${hunks.join('\n')}\n`;
}

/** Edits are small: the nearest line from which on both texts go on alike. */
function nextEqual(
  old: readonly string[],
  now: readonly string[],
  [left, right]: readonly [number, number],
): readonly [number, number] {
  for (let distance = 1; distance <= old.length - left + now.length - right; distance += 1) {
    for (let skipped = 0; skipped <= distance; skipped += 1) {
      const [toLeft, toRight] = [left + skipped, right + distance - skipped];
      if (toLeft > old.length || toRight > now.length) continue;
      if (old[toLeft] === now[toRight]) return [toLeft, toRight];
    }
  }
  return [old.length, now.length];
}

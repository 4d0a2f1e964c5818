import { stripVTControlCharacters, styleText } from 'node:util';
import { visibleText } from '../../api/text/visible-text.ts';
import type { Finding, Mark } from '../../domain/explain/finding.ts';
import { factLines } from './fact-lines.ts';

/** The icon of a mark, in the manner of `kubectl argo rollouts get`. */
const icons: Readonly<Record<Mark, string>> = {
  done: '✔',
  failed: '✖',
  waiting: '◌',
  warning: '⚠',
};

const colors = { done: 'green', failed: 'red', waiting: 'cyan', warning: 'yellow' } as const;

/** The icon in its colour. */
export function icon(mark: Mark, inColor: boolean): string {
  // The caller has decided about colours: NO_COLOR and the terminal are its concern.
  return inColor ? styleText(colors[mark], icons[mark], { validateStream: false }) : icons[mark];
}

/** How a finding is put on paper. */
export interface FindingPaper {
  readonly inColor: boolean;
  /** Width in characters; undefined for as wide as it gets. */
  readonly columns?: number | undefined;
  /** Milliseconds since the Unix epoch, for ages. */
  readonly now: number;
}

/** A line of the tree: what stands before its first row, before its further rows, and its words. */
interface Line {
  readonly first: string;
  readonly further: string;
  readonly words: string;
}

/** A finding and its causes as an indented tree, one object per paragraph, without a line break at the end. */
export function findingText(finding: Finding, paper: FindingPaper): string {
  return lines(finding, paper)
    .flatMap((line) => rows(line, paper.columns))
    .join('\n');
}

function lines(finding: Finding, paper: FindingPaper): Line[] {
  const { kind, name, mark, says, facts, because } = finding;
  const causes = because.map((cause) => lines(cause, paper));
  const indent = `${causes.length > 0 ? '│' : ' '}   `;
  return [
    {
      first: '',
      further: indent,
      words: `${icon(mark, paper.inColor)} ${kind} ${visibleText(name)}`,
    },
    ...[says, ...factLines(facts, paper.now)]
      .flatMap((fact) => visibleText(fact).split('\n'))
      .map((words) => ({ first: indent, further: indent, words })),
    ...causes.flatMap((cause, at) => branch(cause, at === causes.length - 1)),
  ];
}

function branch(cause: readonly Line[], isLast: boolean): Line[] {
  const below = isLast ? '   ' : '│  ';
  const [head, ...rest] = cause.map(({ first, further, words }) => ({
    first: below + first,
    further: below + further,
    words,
  }));
  return head === undefined ? [] : [{ ...head, first: isLast ? '└─ ' : '├─ ' }, ...rest];
}

/** Beyond this depth the tree itself fills the terminal; words then stand outside rather than one letter below the other. */
const narrowest = 8;

function rows({ first, further, words }: Line, columns: number | undefined): string[] {
  if (columns === undefined) return [first + words];
  const room = Math.max(narrowest, columns - Math.max(first.length, further.length));
  return wrapped(words, room).map((row, at) => (at === 0 ? first : further) + row);
}

/** The words in rows of at most so many characters; a word that is longer is broken. Escape sequences take no room. */
function wrapped(words: string, room: number): string[] {
  const finished: string[] = [];
  let row = '';
  for (const word of words.split(' ').flatMap((one) => broken(one, room))) {
    const longer = row === '' ? word : `${row} ${word}`;
    if (row !== '' && widthOf(longer) > room) {
      finished.push(row);
      row = word;
    } else row = longer;
  }
  return [...finished, row];
}

function broken(word: string, room: number): string[] {
  if (widthOf(word) <= room) return [word];
  const characters = charactersOf(word);
  return Array.from({ length: Math.ceil(characters.length / room) }, (_, at) =>
    characters.slice(at * room, (at + 1) * room).join(''),
  );
}

function widthOf(text: string): number {
  return charactersOf(stripVTControlCharacters(text)).length;
}

const segmenter = new Intl.Segmenter();

/** What people see as one character each. */
function charactersOf(text: string): string[] {
  return Array.from(segmenter.segment(text), ({ segment }) => segment);
}

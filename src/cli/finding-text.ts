import { styleText } from 'node:util';
import type { Finding, Mark } from '../domain/explain/finding.ts';

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

/** A finding and its causes as an indented tree, one object per paragraph, without a line break at the end. */
export function findingText(finding: Finding, inColor: boolean): string {
  return lines(finding, inColor).join('\n');
}

function lines(finding: Finding, inColor: boolean): string[] {
  const { kind, name, mark, says, facts, because } = finding;
  const causes = because.map((cause) => lines(cause, inColor));
  return [
    `${icon(mark, inColor)} ${kind} ${name}`,
    ...[says, ...facts]
      .flatMap((fact) => fact.split('\n'))
      .map((fact) => `${causes.length > 0 ? '│' : ' '}   ${fact}`),
    ...causes.flatMap((cause, at) => branch(cause, at === causes.length - 1)),
  ];
}

function branch([head = '', ...rest]: readonly string[], isLast: boolean): string[] {
  return [
    `${isLast ? '└─' : '├─'} ${head}`,
    ...rest.map((line) => `${isLast ? '  ' : '│ '} ${line}`),
  ];
}

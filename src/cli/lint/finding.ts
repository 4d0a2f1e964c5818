import type { Severity } from '../../lint/base/rule.ts';

/** How much a finding counts, in the words of editors and CI systems. */
export const levels = ['error', 'warning', 'note'] as const;
export type Level = (typeof levels)[number];

/** One place in a file that breaks a rule. */
export interface Finding {
  /** Id of the rule. */
  readonly rule: string;
  readonly level: Level;
  /** As it was given on the command line, or found below it. */
  readonly file: string;
  /** From 1. */
  readonly line: number;
  /** From 1, in characters. */
  readonly column: number;
  /** The object, `KeptnTaskDefinition check`; empty where the file is no YAML. */
  readonly object: string;
  /** `spec.deno.inline.code`; empty for the object or the file as a whole. */
  readonly path: string;
  readonly message: string;
  /** What `--fix` changes in the file. */
  readonly edit?: TextEdit;
}

/** A part of a file, in characters from its start, and what takes its place. */
export interface TextEdit {
  readonly start: number;
  /** Not part of it. */
  readonly end: number;
  readonly text: string;
}

/** The level of a rule of this severity unless a configuration says otherwise. */
export function levelOf(severity: Severity): Level {
  if (severity === 'error') return 'error';
  return severity === 'advice' ? 'note' : 'warning';
}

/** Findings in the order in which a reader goes through files. */
export function inReadingOrder(findings: readonly Finding[]): readonly Finding[] {
  return findings.toSorted(
    (one, other) =>
      compared(one.file, other.file) ||
      one.line - other.line ||
      one.column - other.column ||
      levels.indexOf(one.level) - levels.indexOf(other.level) ||
      compared(one.rule, other.rule),
  );
}

function compared(one: string, other: string): number {
  if (one === other) return 0;
  return one < other ? -1 : 1;
}

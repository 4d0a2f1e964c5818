import { type Trigger, triggers } from '../../api/keptn/follow-up.ts';
import { isLegalName } from '../names.ts';

/** The fields of a spec that name follow-up tasks. Whatever stands in them: the API server takes anything under the KEP's. */
export interface FollowUpFields {
  readonly onSuccess?: unknown;
  readonly onFailure?: unknown;
  readonly 'on-success'?: unknown;
  readonly 'on-failure'?: unknown;
}

/** Each trigger as KEP 93 spells it: a field of a definition, and the `checkType` of the tasks it starts. */
export const spellingInProposal = {
  onSuccess: 'on-success',
  onFailure: 'on-failure',
} as const satisfies Record<Trigger, string>;

/** Each is a task, and each task has follow-ups of its own: more of them at one end are a mistake, or worse. */
export const mostFollowUps = 32;

/** Why the follow-ups of one trigger cannot be read. None of that trigger is run then. */
export interface FollowUpProblem {
  /** Field path, for example `spec.on-success` or `spec.onFailure[1]`. */
  readonly path: string;
  readonly reason: 'BothSpellings' | 'WrongShape' | 'IllegalName' | 'TooMany';
  /** What is wrong and what to write instead, without the path. */
  readonly message: string;
}

/** The names of the definitions that follow one end. With a problem there are no names. */
export interface FollowUpList {
  readonly names: readonly string[];
  readonly problems: readonly FollowUpProblem[];
}

/**
 * The follow-ups that a spec names for this trigger, each once, in the order written. Both spellings take one name or a list
 * of names; a field that is null counts as not set.
 */
export function followUpList(spec: FollowUpFields, trigger: Trigger): FollowUpList {
  const proposed = spellingInProposal[trigger];
  const canonical = read(`spec.${trigger}`, spec[trigger]);
  const inProposal = read(`spec.${proposed}`, spec[proposed]);
  if (canonical !== undefined && inProposal !== undefined) {
    const message = `${trigger} is set as well, and both mean the same; keep one of them, preferably ${trigger}`;
    return failed([{ path: `spec.${proposed}`, reason: 'BothSpellings', message }]);
  }
  return canonical ?? inProposal ?? { names: [], problems: [] };
}

/** Everything that is wrong with the follow-ups of a spec. */
export function followUpProblems(spec: FollowUpFields): readonly FollowUpProblem[] {
  return triggers.flatMap((trigger) => followUpList(spec, trigger).problems);
}

function read(path: string, value: unknown): FollowUpList | undefined {
  if (value === undefined || value === null) return undefined;
  const entries: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (entries.length > mostFollowUps) {
    const message = `names ${entries.length} definitions; at most ${mostFollowUps} may follow one end`;
    return failed([{ path, reason: 'TooMany', message }]);
  }
  const places = entries.map((entry, index) => ({
    entry,
    path: Array.isArray(value) ? `${path}[${index}]` : path,
  }));
  const problems = places.flatMap(({ entry, path: place }) => problemsOf(place, entry));
  if (problems.length > 0) return failed(problems);
  return { names: [...new Set(entries.filter((entry) => typeof entry === 'string'))], problems };
}

function problemsOf(path: string, entry: unknown): readonly FollowUpProblem[] {
  const fix = 'write the name of a KeptnTaskDefinition, or a list of such names';
  if (typeof entry !== 'string') {
    return [{ path, reason: 'WrongShape', message: `is ${kindOf(entry)}; ${fix}` }];
  }
  if (entry === '') return [{ path, reason: 'WrongShape', message: `is empty; ${fix}` }];
  if (isLegalName(entry)) return [];
  // Names of objects are short; of a longer text only the beginning is shown.
  const shown = JSON.stringify(entry.slice(0, 80));
  return [
    { path, reason: 'IllegalName', message: `${shown} cannot be the name of anything; ${fix}` },
  ];
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list in a list';
  return typeof value === 'object' ? 'an object' : `a ${typeof value}`;
}

function failed(problems: readonly FollowUpProblem[]): FollowUpList {
  return { names: [], problems };
}

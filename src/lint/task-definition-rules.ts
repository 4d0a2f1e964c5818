import { runnerMessages } from '../api/keptn/task-definition.ts';
import type { FieldError } from '../api/parse.ts';

/** The runners of a definition, of which exactly one is set. An empty one counts, as in Keptn. */
export interface RunnersSet {
  readonly container?: unknown;
  readonly deno?: unknown;
  readonly python?: unknown;
  readonly bash?: unknown;
}

/** What is wrong with the choice of the runner (Keptn's rule and words, compatibility reference §3.1). */
export function runnerErrors(spec: RunnersSet): readonly FieldError[] {
  const { container, deno, python, bash } = spec;
  const runners = [container, deno, python, bash].filter(
    (one) => one !== undefined && one !== null,
  );
  if (runners.length === 1) return [];
  const message = runners.length === 0 ? runnerMessages.none : runnerMessages.several;
  return [{ path: 'spec', message }];
}

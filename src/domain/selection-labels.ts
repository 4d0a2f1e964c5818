import { selectionKeys } from '../api/keptn/annotations.ts';
import { suffix, suffixLength } from './hash.ts';

/** What an object that Sluice makes stands for; what does not apply is left out or empty. */
export interface Selected {
  readonly app?: string | undefined;
  /** With the name of the application in front, as in a KeptnWorkload's name. */
  readonly workload?: string | undefined;
  /** Of the workload or, for what is the application's, of the application. */
  readonly version?: string | undefined;
  /** `pre`, `pre-eval`, `post`, `post-eval`, `promotion`, `on-success` or `on-failure`. */
  readonly phase?: string | undefined;
  readonly definition?: string | undefined;
  /** The name of the object it was made for: a version or, for a follow-up, what it follows. */
  readonly parent?: string | undefined;
}

/** The labels by which versions, tasks, evaluations and Jobs are selected: `kubectl get keptntasks -l sluice.keptn.sh/app=shop`. */
export function selectionLabels(selected: Selected): Record<string, string> {
  const { app, workload, version, phase, definition, parent } = selected;
  const stated: readonly (readonly [string, string | undefined])[] = [
    [selectionKeys.app, app],
    [selectionKeys.workload, workload],
    [selectionKeys.version, version],
    [selectionKeys.phase, phase],
    [selectionKeys.definition, definition],
    [selectionKeys.parent, parent],
  ];
  return Object.fromEntries(
    stated.flatMap(([key, text = '']) => (text === '' ? [] : [[key, labelValue(text)]])),
  );
}

const longest = 63;
const legal = /^[A-Za-z0-9](?:[-A-Za-z0-9_.]*[A-Za-z0-9])?$/;

/**
 * The text as the value of a label. One that may be none has other characters replaced and ends in a hash of all of it, so that
 * two texts never share a value.
 */
export function labelValue(text: string): string {
  if (text.length <= longest && legal.test(text)) return text;
  const start = text
    .slice(0, longest - suffixLength - 1)
    .replaceAll(/[^-A-Za-z0-9_.]/g, '-')
    .replace(/^[^A-Za-z0-9]/, 'x');
  return `${start}-${suffix([text])}`;
}

import {
  enabledLabel,
  enabledValue,
  keptnAnnotations,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import type { Metadata } from '../identity/metadata-value.ts';
import { isOptedIn } from '../opt-in-state.ts';
import { editDistance } from '../nearest-name.ts';
import { shortened } from '../shortened.ts';

/** The key that Keptn's first releases read; none does today. */
const olderKey = 'keptn.sh/lifecycle-controller';
/** What people write who mean that a Namespace is not to be Sluice's concern. */
const optOuts: ReadonlySet<string> = new Set(['', 'disabled', 'false', 'no', 'off']);
/** With more slips of the finger it is another key. */
const mostSlips = 3;
/** No key that is longer is compared letter by letter. */
const longestKey = keptnAnnotations.lifecycleToolkit.length + mostSlips;
const longestWarning = 400;
const mostNamed = 3;

/**
 * What a Namespace says that was probably meant to opt it in and does not, in one sentence with the remedy: another value, a
 * label in place of the annotation, an older or a misspelt key. Undefined if there is nothing of the kind, or if the
 * Namespace is opted in all the same.
 */
export function optInSlip(name: string, metadata: Metadata): string | undefined {
  const slips = optInSlips(metadata);
  if (slips.length === 0) return undefined;
  const named = slips.slice(0, mostNamed).join(', ');
  return shortened(
    `Namespace ${name} is not opted in, and nothing in it is checked: ${named}. Write annotation ${keptnAnnotations.lifecycleToolkit}: ${enabledValue} (kubectl annotate namespace ${name} --overwrite ${keptnAnnotations.lifecycleToolkit}=${enabledValue})`,
    longestWarning,
  );
}

/** The same as clauses, one for each annotation or label; none where the Namespace is opted in. */
export function optInSlips(metadata: Metadata): readonly string[] {
  if (isOptedIn(metadata)) return [];
  return [
    ...Object.entries(metadata.annotations ?? {}).flatMap((entry) => inAnnotation(entry) ?? []),
    ...Object.entries(metadata.labels ?? {}).flatMap((entry) => inLabel(entry) ?? []),
  ];
}

type Entry = readonly [key: string, value: string];

function inAnnotation([key, value]: Entry): string | undefined {
  if (optOuts.has(value.toLowerCase())) return undefined;
  if (key === keptnAnnotations.lifecycleToolkit) {
    return `annotation ${key} is "${shortened(value, 20)}" and not "${enabledValue}"`;
  }
  return isMeant(key) ? `annotation ${key} is not read` : undefined;
}

function inLabel([key, value]: Entry): string | undefined {
  if (optOuts.has(value.toLowerCase())) return undefined;
  if (key === keptnAnnotations.lifecycleToolkit) return `label ${key} does not count`;
  if (key === sluiceKeys.enabled && value === enabledLabel.withdrawn) return undefined;
  if (key === sluiceKeys.enabled) return `label ${key} is set by Sluice alone`;
  return isMeant(key) ? `label ${key} is not read` : undefined;
}

function isMeant(key: string): boolean {
  if (key === olderKey) return true;
  if (key.length > longestKey) return false;
  const [, name = key] = key.split('/');
  const [, meant = ''] = keptnAnnotations.lifecycleToolkit.split('/');
  return (
    name.toLowerCase() === meant ||
    editDistance(key.toLowerCase(), keptnAnnotations.lifecycleToolkit) <= mostSlips
  );
}

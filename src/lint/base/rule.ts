import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Settings } from '../../domain/settings/keptn-config.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { StatedReference } from './references.ts';

/**
 * What becomes of an object with such a problem:
 * - `error`: it could never work. Admission refuses it.
 * - `doubtful`: Keptn took it, and it hardly does what is meant. A warning; refused in strict mode.
 * - `risky`: it works, and somebody may be sorry for it. A warning; refused in strict mode.
 * - `advice`: it works, and Kubernetes makes it work in a way that somebody should know. A warning; never refused.
 * - `missing`: what it names is not there, yet. A warning and a condition; never refused, objects may arrive in any order.
 */
export type Severity = 'error' | 'doubtful' | 'risky' | 'advice' | 'missing';

/** One rule: what `sluice lint`, the webhooks and the controllers judge by. */
export interface Rule<T extends KubernetesObject = KubernetesObject> {
  /** Lower-case words with dashes; never changed once it has been released. */
  readonly id: string;
  /** What is wrong, in a few words. */
  readonly title: string;
  /** What comes of it. */
  readonly why: string;
  /** What to do about it. */
  readonly fix: string;
  readonly severity: Severity;
  /** It is accepted with a warning, and nothing can come of it: conditions say so as they do of an error. */
  readonly hinders?: boolean;
  readonly kinds: readonly Kind<T>[];
  /** Pure and total on objects that their schema accepts. The object under review is what `context.lookup` finds under its name. */
  check(object: T, context: RuleContext): readonly Found[];
}

/** One place that breaks a rule. */
export interface Found {
  /** As the API server writes it: `spec.objectives[0].evaluationTarget`. */
  readonly path: string;
  /** What is wrong here and what to do, the important first: kubectl may cut it off at 256 characters. Without the path. */
  readonly message: string;
  /** What it names and is not there. */
  readonly reference?: StatedReference;
  /** A change of the text that mends it and can mean nothing else. `sluice lint --fix` makes it. */
  readonly mend?: Mend;
  /** What to say instead while other objects may still arrive, as at admission. Said once, wherever it is named. */
  readonly pending?: string;
}

/** A change at the path of a finding: another key, another value, or nothing in its place. */
export type Mend =
  | { readonly type: 'rename'; readonly to: string }
  | { readonly type: 'set'; readonly to: string }
  | { readonly type: 'remove' };

/** A broken rule. */
export interface Problem extends Found {
  readonly rule: Rule;
}

/** What rules may know beside the object. */
export interface RuleContext {
  /** The other objects: caches, or the files that are judged together. */
  readonly lookup: Pick<Lookup, 'get' | 'list'>;
  /** Whether all there is of this kind is in the lookup; if not, nothing is claimed to be missing. */
  isComplete(kind: Kind): boolean;
  /** Whether an object was let in a moment ago and may not be in the lookup yet. */
  isExpected?(kind: Kind, namespace: string, name: string): boolean;
  /** Where Sluice runs: its KeptnConfig rules, and metrics are looked for there after the own namespace. */
  readonly operatorNamespace: string;
  /** Where definitions are looked for after the own namespace. */
  readonly definitionsNamespace: string;
  /** Whether a KeptnConfig of another namespace than the operator's may rule. */
  readonly configsAnywhere?: boolean;
  readonly settings: Settings;
}

/** A rule whose `check` is typed by its kinds. */
export function rule<T extends KubernetesObject>(definition: Rule<T>): Rule<T> {
  return definition;
}

import type { Namespace } from '../api/builtin.ts';
import {
  enabledLabel,
  enabledValue,
  keptnAnnotations,
  sluiceKeys,
} from '../api/keptn/annotations.ts';
import type { ObjectMeta } from '../api/object.ts';
import type { Progress } from './conditions.ts';

/**
 * Whether the workloads of a Namespace are followed and checked.
 *
 * - `excluded`: it is opted in, and the installation leaves it out by name.
 * - `recording`: it is opted in, and what runs in it is being put on record as Released. Until that is done nothing of its
 *   workloads is decided: what runs would be checked and its replacements held.
 * - `yes`: it is opted in, and what ran then is on record.
 */
export type OptInState = 'no' | 'excluded' | 'recording' | 'yes';

/** Whether nothing of the Namespace is checked. */
export function isLeftOut(optIn: OptInState): boolean {
  return optIn === 'no' || optIn === 'excluded';
}

/** Whether a Namespace opts in. Only the annotation says so; a label of that key does not count, as in Keptn. */
export function isOptedIn({ annotations }: Pick<ObjectMeta, 'annotations'>): boolean {
  return annotations?.[keptnAnnotations.lifecycleToolkit] === enabledValue;
}

/** Whether what ran when the Namespace opted in is on record; an annotation that was copied from another Namespace says nothing. */
function isRecorded({ annotations, uid }: ObjectMeta): boolean {
  return uid !== undefined && annotations?.[sluiceKeys.optInRecorded] === uid;
}

/** The state of a Namespace; `yes` for one that the cache does not have yet: checks that are not known to be unwanted are run. */
export function optInOf(namespace: Namespace | undefined): OptInState {
  if (namespace === undefined) return 'yes';
  const { metadata } = namespace;
  if (!isOptedIn(metadata)) return 'no';
  if (metadata.labels?.[sluiceKeys.enabled] === enabledLabel.excluded) return 'excluded';
  return isRecorded(metadata) ? 'yes' : 'recording';
}

/** The reason that everything gives which is left alone because its Namespace is not opted in. */
export const notOptedInReason = 'NamespaceDisabled';

/** What an object in a Namespace that is left out says of itself: `consequence` is what follows from it, as half a sentence. */
export function notOptedIn(
  kind: Progress['kind'],
  { metadata: { namespace = '' } }: { readonly metadata: ObjectMeta },
  { optIn, consequence }: { readonly optIn: OptInState; readonly consequence: string },
): Progress {
  const key = keptnAnnotations.lifecycleToolkit;
  const message =
    optIn === 'excluded'
      ? `Namespace ${namespace} is left out by this installation of Sluice (allowedNamespaces, deniedNamespaces): ${consequence}, until who installed it allows that Namespace`
      : `Namespace ${namespace} is not opted in: ${consequence}, until kubectl annotate namespace ${namespace} --overwrite ${key}=${enabledValue}`;
  return { kind, reason: notOptedInReason, message };
}

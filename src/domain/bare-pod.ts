import type { Pod } from '../api/builtin.ts';
import type { EventNote } from './plan.ts';

/** What is said of an annotated Pod that nothing owns, to whoever applies it and in an Event. */
export const nothingChecked =
  'nothing is checked for a Pod that no Deployment, StatefulSet, DaemonSet or Rollout owns: its annotations keptn.sh/… have no effect; let one of these make it';

/** The Event on such a Pod: one that was made by hand, or restored from a backup without its owners. */
export function bareNote(pod: Pod): EventNote {
  return { about: pod, type: 'Warning', reason: 'NothingChecked', message: nothingChecked };
}

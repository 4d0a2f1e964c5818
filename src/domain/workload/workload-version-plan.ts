import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { Advanced } from '../phase/advance.ts';
import { workloadPhases } from '../phase/phases.ts';
import { type EventNote, type Plan, storing } from '../plan.ts';
import { isReleased, withRevisions } from '../gate/release.ts';
import { withFollowUpsOfChecks } from '../follow-up/version-follow-ups.ts';
import { carriersOf } from './wanted-version.ts';
import { followedIn } from './workload-version-context.ts';
import type { WorkloadVersionSeen } from './workload-version-run.ts';
import { planOfVersion, type VersionChange } from '../follow-up/version-plan.ts';

/** What became of the phases of a workload version, as a plan: its warnings become Events of its owners as well. */
export function planOf(
  seen: WorkloadVersionSeen,
  done: Advanced<KeptnWorkloadVersionStatus>,
): Plan {
  const warnings = done.events.filter(({ type }) => type === 'Warning');
  // Of an end the first says it all; the others repeat it for phase and version.
  const forOwners = done.end === 'failed' ? warnings.slice(0, 1) : warnings;
  const events = [...done.events, ...forOwners.flatMap((note) => onOwners(seen, note))];
  const status = withNoted(done.status, seen.revisions);
  return planOfVersion({ ...done, status, events }, followedIn(seen.version, status), {
    ...seen,
    isLetGo: isReleased(seen.version.status),
    write: (change) => write(seen, change),
  });
}

/** The plan that stores a status with the follow-ups of its checks. */
export function write(
  seen: WorkloadVersionSeen,
  change: VersionChange<KeptnWorkloadVersionStatus>,
): Pick<Plan, 'status' | 'events'> {
  const status = withFollowUpsOfChecks(change.status, workloadPhases, seen);
  return { ...storing(KeptnWorkloadVersion, seen.version, status), events: change.events };
}

/** The status with these revisions among those that may start; the same one if they are already, or must not. */
export function withNoted(
  status: KeptnWorkloadVersionStatus,
  revisions: readonly string[],
): KeptnWorkloadVersionStatus {
  const known = status.releasedRevisions ?? [];
  const isKnown = revisions.every((revision) => known.includes(revision));
  if (isKnown || !isReleased(status)) return status;
  return { ...status, releasedRevisions: withRevisions(known, revisions) };
}

/** The same Event on what people look at first: the objects they applied. */
export function onOwners(
  { version, owners }: WorkloadVersionSeen,
  note: EventNote,
): readonly EventNote[] {
  return carriersOf(version, owners).map(({ owner }) => ({ ...note, about: owner.object }));
}

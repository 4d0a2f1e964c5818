import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { stateOf } from '../../api/keptn/states.ts';
import { isReleased } from './release.ts';
import { troubleOf } from '../trouble.ts';

/** Why Pods are held, in the few words that metrics count by. */
export const heldReasons = [
  'VersionUnknown',
  'ChecksRunning',
  'NeedsHelp',
  'ChecksFailed',
  'Superseded',
  'Releasing',
] as const;

export type HeldReason = (typeof heldReasons)[number];

/** Why the Pods of a version are held; without a version, because it is not on record which one they stand for. */
export function heldReason(version: Pick<KeptnWorkloadVersion, 'status'> | undefined): HeldReason {
  if (version === undefined) return 'VersionUnknown';
  if (isReleased(version.status)) return 'Releasing';
  const state = stateOf(version.status?.status);
  if (state === 'Failed') return 'ChecksFailed';
  if (state === 'Deprecated') return 'Superseded';
  return troubleOf(version.status && { status: version.status }) === undefined
    ? 'ChecksRunning'
    : 'NeedsHelp';
}

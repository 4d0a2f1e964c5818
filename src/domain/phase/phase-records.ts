import type { ItemStatus, PhaseRecord } from '../../api/keptn/item-status.ts';
import { isCompleted, type KeptnState } from '../../api/keptn/states.ts';
import { isPassed, type Phase } from './phases.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { defined } from '../../api/json.ts';

/** The phases an attempt went through by their short names, as the status of a version keeps them. */
export type PhaseRecords = Record<string, PhaseRecord>;

/** What a decision found of a phase. */
interface Found {
  readonly state: KeptnState;
  /** Whether the phase had begun before this decision. */
  readonly begun: boolean;
  /** Why it is in this state, as one word. */
  readonly reason: string;
  /** Its checks of this attempt: they are created before the phase is recorded. */
  readonly checks: readonly ItemStatus[];
  readonly now: number;
}

/**
 * The records with a phase as it was just found. A time is taken down once and never moved; a phase that does not run
 * (Deprecated) leaves no record. One that began before there were records has no start.
 */
export function withPhaseFound(
  records: PhaseRecords | undefined,
  { short }: Phase,
  found: Found,
): PhaseRecords {
  const { state, begun, now } = found;
  const known = records ?? {};
  if (state === 'Deprecated') return known;
  const record = known[short] ?? (begun ? {} : { startTime: beginning(found) });
  if (!isCompleted(state)) return { ...known, [short]: record };
  const failed = !isPassed(state) && { reason: found.reason };
  return { ...known, [short]: { ...record, endTime: rfc3339(now), status: state, ...failed } };
}

function beginning({ checks, now }: Found): string {
  const starts = checks.flatMap(({ startTime }) => parseTime(startTime) ?? []);
  return rfc3339(Math.min(now, ...starts));
}

/** The records of a phase that goes on although it was over: it keeps its start. */
export function withPhaseReopened(
  records: PhaseRecords | undefined,
  { short }: Phase,
): PhaseRecords | undefined {
  const record = records?.[short];
  if (record === undefined) return records;
  const { startTime } = record;
  return { ...records, [short]: { ...defined({ startTime }) } };
}

/** The records at an early end of the attempt: the phase that ran is Deprecated. */
export function withPhasesCut(
  records: PhaseRecords | undefined,
  { reason, now }: Pick<Found, 'reason' | 'now'>,
): PhaseRecords | undefined {
  if (records === undefined) return undefined;
  const cut = { endTime: rfc3339(now), status: 'Deprecated', reason } as const;
  return Object.fromEntries(
    Object.entries(records).map(([short, record]) => [
      short,
      record.endTime === undefined ? { ...record, ...cut } : record,
    ]),
  );
}

import type { Mode } from '../../api/keptn/mode.ts';
import type { PhaseOutcome } from '../phase/advance.ts';
import { standingDefinition } from '../standing/check-item.ts';
import { type CheckModes, modeOf } from './check-modes.ts';
import {
  lookAgainMs,
  mostStandingChecks,
  type StandingSeen,
  verdictOf,
} from './standing-checks.ts';

const blocks: Mode = 'block';

/**
 * What holds a release although its checks have passed: a freeze window that has closed since, while the version was paused or
 * waited for its application. Undefined where all are open, or do not block.
 */
export function frozenAtRelease(
  names: readonly string[],
  seen: {
    readonly standing?: StandingSeen | undefined;
    readonly modes: CheckModes;
    readonly now: number;
  },
): PhaseOutcome | undefined {
  const { standing, modes, now } = seen;
  const labels = standing?.namespaceLabels ?? {};
  const closed = names.slice(0, mostStandingChecks).flatMap((item) => {
    const name = standingDefinition(item) ?? '';
    const definition = standing?.definitions.get(name);
    if (definition === undefined || modeOf(definition, modes) !== blocks) return [];
    const verdict = verdictOf(definition, { now, labels });
    return verdict.type === 'waits' ? [{ item, verdict }] : [];
  });
  const [first] = closed;
  if (first === undefined) return undefined;
  const wakes = closed.flatMap(({ verdict }) => verdict.untilMs ?? []);
  const { reason, message } = first.verdict;
  return {
    state: 'Pending',
    progress: { kind: 'waiting', reason, message: `waiting for ${first.item}: ${message}` },
    eventful: true,
    ...(wakes.length > 0 && { wakeAfterMs: lookAgainMs(Math.min(...wakes) - now) }),
  };
}

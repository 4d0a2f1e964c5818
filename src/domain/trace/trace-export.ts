import { KeptnAppVersion, type KeptnAppVersionStatus } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import {
  KeptnWorkloadVersion,
  type KeptnWorkloadVersionStatus,
} from '../../api/keptn/workload-version.ts';
import type { Condition, Kind, KubernetesObject } from '../../api/object.ts';
import type { SpanRecord } from '../../api/span.ts';
import { conditionOf, conditionTypes, type ConditionChange, withCondition } from '../conditions.ts';
import type { Lookup } from '../lookup.ts';
import { checkSpanRecord } from './trace-check.ts';
import type { OwningVersion, TracedCheck } from './trace-context.ts';
import { versionSpans } from './trace-version.ts';
import { attemptOf } from '../phase/version-status.ts';
import { defined } from '../../api/json.ts';

/**
 * Which spans are still to be exported, as the objects themselves say. The condition Exported is written False with the end of
 * an object, if tracing is on then, and True when the collector has accepted its spans. What ended while tracing was off has no
 * such condition and is never exported, so that switching it on in a cluster with a long history sends nothing of it; and no
 * restart forgets or repeats anything but what was under way.
 */

/** The condition of what has just ended. */
export const exportPending: ConditionChange = {
  type: conditionTypes.exported,
  status: 'False',
  reason: 'Pending',
  message: 'its spans are to be sent to the collector',
};

/** What came of sending: accepted, or refused for good with the collector's own words. */
export type Delivery =
  | { readonly type: 'accepted' }
  | { readonly type: 'rejected'; readonly message: string };

/** What came of it, and when. */
export interface Delivered {
  readonly delivery: Delivery;
  readonly now: number;
}

/** One kind whose objects have spans. */
export interface Exportable<T extends KubernetesObject = KubernetesObject> {
  readonly kind: Kind<T>;
  /** Whether spans of it are still to be sent. */
  isPending(object: T): boolean;
  /** Those spans; undefined while something they hang on is not in the caches. */
  spans(object: T, lookup: Lookup): readonly SpanRecord[] | undefined;
  /** Its status when the spans of `sent`, an earlier state of the same object, were delivered. */
  delivered(object: T, sent: T, delivered: Delivered): unknown;
}

/** Everything that has spans, in the order of the hierarchy. */
export const exportables: readonly Exportable[] = [
  versions(KeptnAppVersion, (version) => ({ type: 'app', version })),
  versions(KeptnWorkloadVersion, (version) => ({ type: 'workload', version })),
  checks(KeptnEvaluation),
  checks(KeptnTask),
];

function checks<T extends TracedCheck>(kind: Kind<T>): Exportable<T> {
  return {
    kind,
    isPending: isMarked,
    spans(check, lookup) {
      const span = checkSpanRecord(check, lookup);
      return span && [span];
    },
    delivered: ({ status }, _sent, delivered) => ({
      ...status,
      conditions: withDelivery(status?.conditions, delivered),
    }),
  };
}

type VersionKind = KeptnAppVersion | KeptnWorkloadVersion;

function versions<T extends VersionKind>(
  kind: Kind<T>,
  owning: (version: T) => OwningVersion,
): Exportable<T> {
  return {
    kind,
    isPending: (version) => pendingAttempts(version).length > 0,
    spans: (version) =>
      pendingAttempts(version).flatMap((attempt) => versionSpans(owning(version), attempt)),
    delivered: (version, sent, delivered) =>
      versionDelivered(version, pendingAttempts(sent), delivered),
  };
}

/** The attempts whose spans are to be sent: earlier ones that could not be before the next began, and the one that is over. */
function pendingAttempts(version: VersionKind): readonly number[] {
  const earlier = (version.status?.attempts ?? [])
    .filter(({ exported }) => exported === false)
    .map(({ attempt }) => attempt);
  return isMarked(version) ? [...earlier, attemptOf(version.status)] : earlier;
}

/** A further attempt may have begun, and even ended, since the spans were sent: it is none of those. */
function versionDelivered(
  version: VersionKind,
  sent: readonly number[],
  delivered: Delivered,
): KeptnAppVersionStatus | KeptnWorkloadVersionStatus {
  const { status = {} } = version;
  const attempts = status.attempts?.map((over) => {
    if (over.exported !== false || !sent.includes(over.attempt)) return over;
    const { exported: _pending, ...rest } = over;
    return delivered.delivery.type === 'accepted' ? { ...rest, exported: true } : rest;
  });
  const isCurrent = isMarked(version) && sent.includes(attemptOf(status));
  return {
    ...status,
    ...defined({ attempts }),
    ...(isCurrent && { conditions: withDelivery(status.conditions, delivered) }),
  };
}

function isMarked(object: { status?: { conditions?: readonly Condition[] } }): boolean {
  const condition = conditionOf(object, conditionTypes.exported);
  return condition?.status === 'False' && condition.reason === exportPending.reason;
}

function withDelivery(
  conditions: Condition[] | undefined,
  { delivery, now }: Delivered,
): Condition[] {
  const { type } = exportPending;
  const change: ConditionChange =
    delivery.type === 'accepted'
      ? {
          type,
          status: 'True',
          reason: 'Accepted',
          message: 'its spans have been accepted by the collector',
        }
      : {
          type,
          status: 'False',
          reason: 'Rejected',
          message: `the collector refuses its spans, and they are not sent again: ${delivery.message}`,
        };
  return withCondition(conditions, change, now);
}

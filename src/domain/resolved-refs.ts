import type { Condition, Kind, KubernetesObject, ObjectRef } from '../api/object.ts';
import {
  type ConditionChange,
  conditionOf,
  conditionTypes,
  observed,
  progressConditions,
  withConditions,
  withoutCondition,
} from './conditions.ts';
import { amending, nothing, type Plan } from './plan.ts';

/** A definition or setting that names other objects. */
export interface Referrer extends KubernetesObject {
  status?: { conditions?: Condition[]; observedGeneration?: number };
}

/** One thing that is wrong with an object, and why nothing can be done with it until it is put right. */
export interface Flaw {
  /** Field path. */
  readonly path: string;
  /** What is wrong and what to do. */
  readonly message: string;
  /** CamelCase. */
  readonly reason: string;
  /** It is about what the object names, not about the object by itself. */
  readonly isOfReference: boolean;
  /** What is named is not there, and may come; anything else stays wrong until the object is changed. */
  readonly mayPass: boolean;
}

/** Everything the decision on a referrer may know. */
export interface ReferrerObservation {
  readonly now: number;
  readonly kind: Kind<Referrer>;
  readonly object: Referrer;
  /** Those that stay as they are first. */
  readonly flaws: readonly Flaw[];
  /** Whether it is worth saying that everything the object names is there. */
  readonly saysResolved: boolean;
  /** Places of which only a cache said that what is named is not there. */
  readonly unread: readonly ObjectRef[];
  /** Whether this condition also says that an object of this kind is ready, because no other controller does. */
  readonly saysReady: boolean;
  /** It counts for the application of its own name, and there is none. */
  readonly lacksApp?: boolean;
}

/**
 * Says on an object whether what it names is there (`ResolvedRefs`, the name that the Gateway API made known), and on the
 * kinds without a controller of their own whether it is fit for use (`Ready`). An Event tells when something becomes wrong; that it
 * is put right, the condition says.
 */
export function decideReferrer(observation: ReferrerObservation): Plan {
  const { object, unread, kind, flaws } = observation;
  if (object.metadata.deletionTimestamp !== undefined) return nothing;
  if (unread.length > 0) return { look: unread };
  const to = statusOf(observation);
  if (to === undefined) return nothing;
  const stored = amending(kind, object, to);
  const [first] = flaws;
  if (first === undefined || wasFlawed(observation)) return stored;
  const { reason } = first;
  return {
    ...stored,
    events: [
      { about: object, type: 'Warning', reason, action: 'Validate', message: textOf(flaws) },
    ],
  };
}

/** Undefined when there is nothing to be said about the object, and nothing has been. */
function statusOf(observation: ReferrerObservation): Referrer['status'] {
  const { now, object, saysResolved, saysReady } = observation;
  const { status = {}, metadata } = object;
  const stated = (changes: readonly Omit<ConditionChange, 'observedGeneration'>[]) =>
    changes.map((change) => ({ ...change, ...observed(object) }));
  const known = observation.lacksApp
    ? withConditions(status.conditions, stated([appMissing(metadata.name)]), now)
    : withoutCondition(status.conditions, conditionTypes.appMissing);
  const others = saysResolved
    ? withConditions(known, stated([resolvedRefs(observation)]), now)
    : withoutCondition(known, conditionTypes.resolvedRefs);
  if (!saysReady) {
    return others.length === 0 && object.status === undefined
      ? undefined
      : { ...status, conditions: others };
  }
  const conditions = withConditions(others, stated(readiness(observation)), now);
  return { ...status, ...observed(object), conditions };
}

function appMissing(name: string): Omit<ConditionChange, 'observedGeneration'> {
  return {
    type: conditionTypes.appMissing,
    status: 'True',
    reason: 'AppNotFound',
    message: `There is no application ${name} here yet, neither a KeptnApp nor a workload that names it; a context counts for the application of its own name.`,
  };
}

function resolvedRefs({ flaws }: ReferrerObservation): Omit<ConditionChange, 'observedGeneration'> {
  const type = conditionTypes.resolvedRefs;
  const ofReferences = flaws.filter(({ isOfReference }) => isOfReference);
  const [first] = ofReferences;
  if (first === undefined) {
    return { type, status: 'True', reason: 'Resolved', message: 'Everything it names is there.' };
  }
  return { type, status: 'False', reason: first.reason, message: textOf(ofReferences) };
}

function readiness({ flaws }: ReferrerObservation) {
  const [first] = flaws;
  const progress =
    first === undefined
      ? ({ kind: 'succeeded', reason: 'Valid', message: 'Nothing is wrong with it.' } as const)
      : ({
          kind: flaws.every(({ mayPass }) => mayPass) ? 'waiting' : 'stalled',
          reason: first.reason,
          message: textOf(flaws),
        } as const);
  return progressConditions(progress, 'Ready');
}

function wasFlawed({ object, saysReady }: ReferrerObservation): boolean {
  const types = [conditionTypes.resolvedRefs, ...(saysReady ? [conditionTypes.ready] : [])];
  return types.some((type) => conditionOf(object, type)?.status === 'False');
}

const mostTold = 5;

function textOf(flaws: readonly Flaw[]): string {
  const told = flaws
    .slice(0, mostTold)
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const more = flaws.length - told.length;
  return [...told, ...(more > 0 ? [`and ${more} more`] : [])].join('; ');
}

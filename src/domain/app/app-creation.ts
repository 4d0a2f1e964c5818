import { type Answers, isUnread, refusalOf, unreadOf } from '../answers.ts';
import { onThisClock } from '../clock-steps.ts';
import { keptnAnnotations, singleServiceAppType } from '../../api/keptn/annotations.ts';
import { KeptnAppCreationRequest } from '../../api/keptn/app-creation-request.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { ObjectRef } from '../../api/object.ts';
import { type Progress, withProgress } from '../conditions.ts';
import { appListing } from './discovered-app.ts';
import { isGenerated } from './generated-app.ts';
import {
  promotionFirst,
  promotionFirstReason,
  type PromotionFirstSeen,
} from './promotion-first.ts';
import { workloadName } from '../names.ts';
import { deleting, type Effect, type Look, type Plan, type Refusal, storing } from '../plan.ts';
import { isLeftOut, type OptInState } from '../opt-in-state.ts';
import { parseTime, rfc3339 } from '../time.ts';
import { remainingMs } from '../remaining.ts';
import { isRetired } from '../owner/retired-workload.ts';

/**
 * The life of a KeptnAppCreationRequest (docs/compatibility.md §4.2): it waits until the discovery window closes, then
 * everything is read live, the KeptnApp is made or brought up to date, and the request goes. A workload that
 * the app does not list afterwards asks anew (`workload.ts`), so that no workload is forgotten (B17).
 */
export interface AppCreationObservation
  extends Omit<PromotionFirstSeen, 'app'>, Pick<Answers, 'live' | 'refusals'> {
  readonly request: KeptnAppCreationRequest;
  readonly optIn: OptInState;
  readonly app: KeptnApp | undefined;
  /** The workloads of the namespace that name this app. */
  readonly workloads: readonly KeptnWorkload[];
  /** Whether those are all there are, according to the API server. */
  readonly listed: boolean;
  /** The discovery window of the settings. */
  readonly windowMs: number;
}

/** What happens next to a request for an app. */
export function decideAppCreation(seen: AppCreationObservation): Plan {
  const { request, app, now } = seen;
  if (request.metadata.deletionTimestamp !== undefined || seen.optIn === 'recording') return {};
  // When the Namespace opts in, workloads that the app does not list ask anew.
  if (isLeftOut(seen.optIn)) return { effects: [removal(request)] };
  const closesAt = windowEnd(seen);
  const isUsers = app !== undefined && !isGenerated(app);
  if (!isUsers && now < closesAt) return wait(seen, closesAt);

  const unread = stillUnread(seen, isUsers);
  if (unread.length > 0) return { look: unread };
  const workloads = seen.workloads.filter(
    (one) => one.metadata.deletionTimestamp === undefined && !isRetired(one),
  );
  // An app of the users' own wins, and an app without workloads would be checked for nothing.
  const change =
    isUsers || workloads.length === 0
      ? undefined
      : appListing(workloads, { ...request.metadata, name: request.spec.appName, app });
  if (change === undefined) {
    // A change holds for the app as it was seen: it is a creation, or a patch that tests its version. That there is nothing to change
    // would be concluded from the cache alone.
    const ref = appRef(request);
    const isRead = !isUnread(ref, seen);
    return isRead ? { effects: [removal(request)], isBookkeeping: true } : { look: [ref] };
  }
  const first = app && promotionFirst({ ...seen, app });
  if (first !== undefined) return heldBack(seen, first);
  const refusal = refusalOf(appRef(request), seen);
  return refusal === undefined
    ? { effects: [change] }
    : { effects: [change], ...write(seen, refusedProgress(refusal)) };
}

function appRef({ metadata, spec }: KeptnAppCreationRequest): ObjectRef {
  return { kind: KeptnApp, namespace: metadata.namespace ?? '', name: spec.appName };
}

function isSingleService({ metadata }: KeptnAppCreationRequest): boolean {
  return metadata.annotations?.[keptnAnnotations.appType] === singleServiceAppType;
}

/** When the discovery window closes; a single service has nothing to wait for. */
function windowEnd(seen: AppCreationObservation): number {
  const { request, windowMs, now } = seen;
  if (windowMs <= 0 || isSingleService(request)) return now;
  const createdAtMs = parseTime(request.metadata.creationTimestamp) ?? now;
  return now + remainingMs(onThisClock(createdAtMs, seen), windowMs, now);
}

function wait(seen: AppCreationObservation, closesAt: number): Plan {
  const progress = {
    kind: 'waiting',
    reason: 'DiscoveryWindow',
    message: `Workloads of application ${seen.request.spec.appName} are gathered until ${rfc3339(closesAt)}.`,
  } as const;
  return { ...write(seen, progress), wakeAfterMs: closesAt - seen.now };
}

/** The change waits for the promotion of the present version: so many before it were superseded (`promotion-first.ts`). */
function heldBack(
  seen: AppCreationObservation,
  first: NonNullable<ReturnType<typeof promotionFirst>>,
): Plan {
  const { metadata, status, spec } = first.version;
  const progress = {
    kind: 'waiting',
    reason: promotionFirstReason,
    message: `KeptnAppVersion ${metadata.name} comes to its promotion first, because the ${status?.supersessions ?? 0} versions of application ${spec.appName} before it were superseded (KeptnConfig spec.promotionAfterSupersessions); at the latest ${rfc3339(seen.now + first.remainingMs)} the next version is made`,
  } as const;
  return { ...write(seen, progress), wakeAfterMs: first.remainingMs };
}

/**
 * What has to be read live before anything is decided for good. Of a single service it is the one workload that asked:
 * listing the namespace for each of a thousand of them would not scale.
 */
function stillUnread(seen: AppCreationObservation, isUsers: boolean): readonly Look[] {
  const { request, workloads, listed } = seen;
  const namespace = request.metadata.namespace ?? '';
  const single = singleWorkload(request);
  const app = appRef(request);
  const unreadApp = unreadOf([app], seen);
  if (isUsers || listed) return unreadApp;
  if (!isSingleService(request)) return [...unreadApp, workloadsOf(namespace)];
  if (isUnread(single, seen)) return [single];
  return workloads.length === 0 ? [...unreadApp, workloadsOf(namespace)] : [];
}

/** The one workload of an application that is a single service. */
export function singleWorkload({ metadata, spec }: KeptnAppCreationRequest): ObjectRef {
  const name = workloadName(spec.appName, spec.appName);
  return { kind: KeptnWorkload, namespace: metadata.namespace ?? '', name };
}

/** The live list that discovery decides on: labels say nothing about the app, so it is all of the namespace. */
export function workloadsOf(namespace: string): Extract<Look, { labelSelector: string }> {
  return { kind: KeptnWorkload, namespace, labelSelector: '' };
}

function removal(request: KeptnAppCreationRequest): Effect {
  return deleting(KeptnAppCreationRequest, request);
}

function refusedProgress({ reason, message }: Refusal): Progress {
  return { kind: 'waiting', reason, message: `The KeptnApp could not be written: ${message}` };
}

function write({ request, now }: AppCreationObservation, progress: Progress): Pick<Plan, 'status'> {
  const conditions = withProgress(request.status?.conditions, progress, { now, of: request });
  return storing(KeptnAppCreationRequest, request, { ...request.status, conditions });
}

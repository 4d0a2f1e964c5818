import { keptnAnnotations, singleServiceAppType } from '../../api/keptn/annotations.ts';
import type { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../../api/keptn/app-creation-request.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { isGenerated } from '../app/generated-app.ts';
import { appName, workloadName } from '../names.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { isSuperseded } from '../phase/superseded.ts';
import { appListing, type AppChange } from '../app/discovered-app.ts';
import { promotionFirst, type PromotionFirstSeen } from '../app/promotion-first.ts';
import { isRetired } from '../owner/retired-workload.ts';
import type { Effect } from '../plan.ts';
import { parseTime } from '../time.ts';
import { type Claim, distinctVersions } from './workload-claim.ts';

/** The app that a workload names in its spec, the request for it and what else concerns it, as far as the cache has them. */
export interface WantedAppSeen extends Omit<PromotionFirstSeen, 'app' | 'promotionTasksEnabled'> {
  /** The workloads of the Namespace that name this app, this one among them. */
  readonly ofSameApp: readonly KeptnWorkload[];
  readonly app: KeptnApp | undefined;
  readonly request: KeptnAppCreationRequest | undefined;
}

/**
 * What makes the app list the versions that are current; undefined when it does, or when its users keep it themselves. The app of
 * a single workload is written at once, as there is nothing to gather; for any other one is asked.
 */
export function appFor(
  workload: KeptnWorkload,
  claims: readonly Claim[],
  seen: WantedAppSeen,
): AppChange | undefined {
  const { app } = seen;
  const isUsers = app !== undefined && !isGenerated(app);
  if (isUsers || listsAll(app, workload, claims) || seen.request !== undefined) return undefined;
  const versions = distinctVersions(claims).length;
  if (versions === 1 && isOnItsOwn(workload, claims, { seen, app })) {
    return ownApp(workload, app);
  }
  // Discovery reads the versions of several owners in the status, so that has to be there first.
  const { observedGeneration } = workload.status ?? {};
  const isStated = observedGeneration === workload.metadata.generation;
  return versions > 1 && !isStated ? undefined : requestFor(workload, claims);
}

function requestFor({ metadata, spec }: KeptnWorkload, claims: readonly Claim[]): Creation {
  const name = appName(spec.app);
  const object: KeptnAppCreationRequest = {
    apiVersion: KeptnAppCreationRequest.apiVersion,
    kind: KeptnAppCreationRequest.kind,
    metadata: {
      name,
      namespace: metadata.namespace ?? '',
      ...(claims[0]?.identity.singleService === true && singleService),
    },
    spec: { appName: name },
  };
  return { type: 'create', kind: KeptnAppCreationRequest, object };
}

type Creation = Extract<Effect, { type: 'create' }>;

const singleService = { annotations: { [keptnAnnotations.appType]: singleServiceAppType } };

/**
 * Whether the app consists of this workload alone and may be changed now. If the cache does not have another workload of it yet,
 * that one finds later that the app does not list it, and asks.
 */
function isOnItsOwn(
  { metadata, spec }: KeptnWorkload,
  claims: readonly Claim[],
  { seen, app }: { readonly seen: WantedAppSeen; readonly app: KeptnApp | undefined },
): boolean {
  const others = seen.ofSameApp.filter(
    (one) =>
      one.metadata.name !== metadata.name &&
      one.metadata.deletionTimestamp === undefined &&
      !isRetired(one),
  );
  return (
    metadata.name === workloadName(spec.app, spec.app) &&
    others.length === 0 &&
    claims.every(({ identity }) => identity.singleService) &&
    // Only a request waits for the promotion of the version before.
    (app === undefined ||
      promotionFirst({ ...seen, app, promotionTasksEnabled: true }) === undefined)
  );
}

function ownApp(workload: KeptnWorkload, app: KeptnApp | undefined): AppChange | undefined {
  const { metadata, spec } = workload;
  // Its status may still name the versions of owners that carry others by now.
  const { status: _status, ...current } = workload;
  const { namespace = '' } = metadata;
  return appListing([current], { name: appName(spec.app), namespace, ...singleService, app });
}

/** Whether the app lists the workload in exactly its versions: those of further owners as far as its status names them. */
function listsAll(
  app: KeptnApp | undefined,
  workload: KeptnWorkload,
  claims: readonly Claim[],
): boolean {
  const { spec, status } = workload;
  const claimed = new Set(claims.map(({ identity }) => identity.version));
  const named = (status?.owners ?? []).flatMap(({ version = '' }) =>
    claimed.has(version) ? [version] : [],
  );
  const wanted = new Set([spec.version, ...named]);
  const listed = versionsListed(app, workload);
  return listed.length === wanted.size && listed.every((version) => wanted.has(version));
}

/**
 * Whether the app lists a version of the workload that is not among these, which are current, and waits for it: one that was
 * made after them, so that they are what it was rolled back to, or one that has not come to an end of its own. Its app
 * version would wait for ever.
 */
export function waitsForOther(
  app: KeptnApp | undefined,
  workload: KeptnWorkload,
  of: {
    readonly current: readonly KeptnWorkloadVersion[];
    readonly versions: readonly KeptnWorkloadVersion[];
  },
): boolean {
  if (of.current.length === 0) return false;
  const listed = versionsListed(app, workload);
  const madeAt = ({ metadata }: KeptnWorkloadVersion): number =>
    parseTime(metadata.creationTimestamp) ?? 0;
  const lastMadeAt = Math.max(...of.current.map(madeAt));
  const isOpen = ({ status }: KeptnWorkloadVersion): boolean =>
    !isCompleted(status?.status) || isSuperseded(status);
  return of.versions.some(
    (version) =>
      !of.current.includes(version) &&
      listed.includes(version.spec.version) &&
      (madeAt(version) >= lastMadeAt || isOpen(version)),
  );
}

function versionsListed(
  app: KeptnApp | undefined,
  { metadata, spec }: KeptnWorkload,
): readonly string[] {
  return (app?.spec.workloads ?? [])
    .filter((entry) => isNameOf(metadata.name, spec.app, entry.name))
    .map(({ version }) => version);
}

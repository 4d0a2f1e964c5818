import { keptnAnnotations, singleServiceAppType } from '../../api/keptn/annotations.ts';
import type { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppCreationRequest } from '../../api/keptn/app-creation-request.ts';
import type { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { isCompleted } from '../../api/keptn/states.ts';
import { isGenerated } from '../app/generated-app.ts';
import { appName } from '../names.ts';
import { isNameOf } from '../phase/newest-app-version.ts';
import { isSuperseded } from '../phase/superseded.ts';
import type { Effect } from '../plan.ts';
import { parseTime } from '../time.ts';
import { type Claim, distinctVersions } from './workload-claim.ts';

/** The app that a workload belongs to, and the request for it, as far as the cache has them. */
export interface AppsSeen {
  app(name: string): KeptnApp | undefined;
  request(name: string): KeptnAppCreationRequest | undefined;
}

/** Asks for the app when the one there is does not list these versions, unless its users keep it themselves. */
export function requestFor(
  workload: KeptnWorkload,
  claims: readonly Claim[],
  seen: AppsSeen,
): Extract<Effect, { type: 'create' }> | undefined {
  const name = appName(workload.spec.app);
  const app = seen.app(name);
  const isUsers = app !== undefined && !isGenerated(app);
  if (isUsers || listsAll(app, workload, claims) || seen.request(name) !== undefined)
    return undefined;
  // Discovery reads the versions of several owners in the status, so that has to be there first.
  const { observedGeneration } = workload.status ?? {};
  const isStated = observedGeneration === workload.metadata.generation;
  if (distinctVersions(claims).length > 1 && !isStated) return undefined;
  const object: KeptnAppCreationRequest = {
    apiVersion: KeptnAppCreationRequest.apiVersion,
    kind: KeptnAppCreationRequest.kind,
    metadata: {
      name,
      namespace: workload.metadata.namespace ?? '',
      ...(claims[0]?.identity.singleService === true && {
        annotations: { [keptnAnnotations.appType]: singleServiceAppType },
      }),
    },
    spec: { appName: name },
  };
  return { type: 'create', kind: KeptnAppCreationRequest, object };
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

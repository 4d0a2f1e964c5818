import type { PodMaker } from '../../domain/identity/next-pod-identity.ts';
import { identityOfWorkload } from '../../domain/identity/next-pod-identity.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { workloadName } from '../../domain/names.ts';
import { appChecks, isNameOf, lists } from '../../domain/phase/newest-app-version.ts';
import { isReleased } from '../../domain/gate/release.ts';
import { troubleOf } from '../../domain/trouble.ts';
import type { VersionStatus } from '../../domain/phase/version-status.ts';
import type { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { stateOf } from '../../api/keptn/states.ts';

/** What is waited for: that the checks before the deployment have passed, so that Pods start; or that everything is over and good. */
export type Goal = 'passed' | 'completed';

/** How far it has come. `failed`: it will not be reached by waiting. */
export interface Progress {
  readonly state: 'reached' | 'waiting' | 'failed';
  /** One sentence without a full stop. */
  readonly says: string;
}

const waiting = (says: string): Progress => ({ state: 'waiting', says });
const reached = (says: string): Progress => ({ state: 'reached', says });
const failed = (says: string): Progress => ({ state: 'failed', says });

/** How far a workload version has come. */
export function awaitedWorkload(version: KeptnWorkloadVersion, goal: Goal): Progress {
  const { metadata, status } = version;
  if (goal === 'passed' && isReleased(status))
    return reached(`${metadata.name}: its checks have passed, its Pods may start`);
  return end(metadata.name, status) ?? under(metadata.name, version);
}

/** How far an application version has come. Its checks have passed when those of its workloads have, too. */
export function awaitedApp(version: KeptnAppVersion, goal: Goal, lookup: Lookup): Progress {
  const { metadata, status } = version;
  const workloads = lookup
    .list(KeptnWorkloadVersion, metadata.namespace)
    .filter((one) => lists(version, one));
  const open = openWorkloads(version, workloads);
  const hasPassed = ['passed', 'warned'].includes(appChecks(version)) && open.length === 0;
  if (goal === 'passed' && hasPassed)
    return reached(`${metadata.name}: all checks before the deployment have passed`);
  const over = end(metadata.name, status);
  if (over !== undefined) return over;
  const held = workloads.filter((one) => !isReleased(one.status));
  const bad = held.map((one) => awaitedWorkload(one, goal)).find(({ state }) => state === 'failed');
  if (bad !== undefined) return bad;
  const rest = open.length === 0 ? '' : `; the checks of ${open.join(', ')} have not passed yet`;
  const { state, says } = under(metadata.name, version);
  return { state, says: `${says}${rest}` };
}

/** The workloads of an application version whose Pods may not start yet. */
function openWorkloads(
  { spec }: KeptnAppVersion,
  versions: readonly KeptnWorkloadVersion[],
): readonly string[] {
  return (spec.workloads ?? [])
    .filter(
      (entry) =>
        !versions.some(
          (one) =>
            isNameOf(one.spec.workloadName, spec.appName, entry.name) && isReleased(one.status),
        ),
    )
    .map(({ name }) => name);
}

/** How far an application has come: by the newest version that was made for what its spec says. */
export function awaitedNewestApp(app: KeptnApp, goal: Goal, lookup: Lookup): Progress {
  const { name, namespace } = app.metadata;
  const newest = newestOf(
    lookup
      .list(KeptnAppVersion, namespace)
      .filter(({ spec }) => spec.appName === name && spec.version === app.spec.version),
  );
  return newest === undefined
    ? waiting(`KeptnApp ${name}: version ${app.spec.version} has no KeptnAppVersion yet`)
    : awaitedApp(newest, goal, lookup);
}

/** How far the version has come that the next Pods of a Deployment, StatefulSet, DaemonSet or Rollout will have. */
export function awaitedOwner(
  owner: PodMaker & { readonly kind: string },
  goal: Goal,
  lookup: Lookup,
): Progress {
  const { name, namespace } = owner.metadata;
  const identity = identityOfWorkload(owner, {});
  const what = `${owner.kind} ${name}`;
  if (identity.type !== 'annotated')
    return failed(
      `${what} does not ask for checks: neither it nor its Pods carry keptn.sh/workload or app.kubernetes.io/name`,
    );
  const { app, workload, version, versionSource } = identity;
  const newest = newestOf(
    lookup
      .list(KeptnWorkloadVersion, namespace)
      .filter(({ spec }) => spec.app === app && spec.workloadName === workloadName(app, workload))
      .filter(({ spec }) => isVersion(spec.version, version, versionSource)),
  );
  return newest === undefined
    ? waiting(`${what}: version ${version ?? '(computed)'} is not on record yet`)
    : awaitedWorkload(newest, goal);
}

/** A computed version may carry the hash of its template behind it. */
function isVersion(stored: string, wanted: string | undefined, source: string): boolean {
  if (wanted === undefined) return true;
  return stored === wanted || (source === 'computed' && stored.startsWith(`${wanted}-`));
}

/** What has ended, well or badly. */
function end(name: string, status: VersionStatus | undefined): Progress | undefined {
  switch (stateOf(status?.status)) {
    case 'Succeeded':
      return reached(`${name} has completed`);
    case 'Warning':
      return reached(`${name} has completed with a warning`);
    case 'Failed':
      return failed(`${name} has failed in ${status?.currentPhase ?? 'its checks'}`);
    case 'Deprecated':
      return failed(`${name} was overtaken by another version`);
    case 'Pending':
    case 'Progressing':
    case 'Unknown':
      return undefined;
  }
}

function under(
  name: string,
  { status }: { readonly status?: KeptnWorkloadVersion['status'] | KeptnAppVersion['status'] },
): Progress {
  const trouble = troubleOf(status && { status });
  const phase = status?.currentPhase ?? 'Pending';
  return waiting(`${name}: ${phase}${trouble === undefined ? '' : `: ${trouble.message}`}`);
}

function newestOf<T extends KeptnAppVersion | KeptnWorkloadVersion>(
  versions: readonly T[],
): T | undefined {
  const at = ({ metadata }: T): string => metadata.creationTimestamp ?? '';
  return versions.toSorted((a, b) => (at(a) < at(b) ? -1 : 1)).at(-1);
}

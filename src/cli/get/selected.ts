import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { lists } from '../../domain/phase/newest-app-version.ts';
import type { IsMeant } from '../command/selected-workloads.ts';
import { lookupOver } from '../command/snapshot.ts';

/** What has to be read to know which objects belong to a workload. */
export const kindsOfSelection: readonly Kind[] = [
  KeptnApp,
  KeptnWorkload,
  KeptnAppVersion,
  KeptnWorkloadVersion,
  KeptnTask,
];

/**
 * Of all that was read what belongs to the workloads that are meant: their versions, the checks of those with what follows them,
 * and the applications whose versions list them.
 */
export function selected(lookup: Lookup, isMeant: IsMeant | undefined): Lookup {
  if (isMeant === undefined) return lookup;
  const versions = lookup.list(KeptnWorkloadVersion).filter(isMeant);
  const workloads = new Set(versions.map((one) => addressOf(one, one.spec.workloadName)));
  const appVersions = lookup
    .list(KeptnAppVersion)
    .filter((app) => versions.some((version) => isOf(app, version)));
  const apps = new Set(appVersions.map((one) => addressOf(one, one.spec.appName)));
  const roots = new Set([...versions, ...appVersions].map(({ metadata }) => metadata.uid));
  const tasks = lookup.list(KeptnTask);
  const evaluations = lookup.list(KeptnEvaluation).filter((one) => isOwned(one, roots));
  // A follow-up is owned by what it follows, and that may be a follow-up.
  const owners = new Set([...roots, ...evaluations.map(({ metadata }) => metadata.uid)]);
  for (let before = -1; before < owners.size;) {
    before = owners.size;
    for (const task of tasks) if (isOwned(task, owners)) owners.add(task.metadata.uid);
  }
  return lookupOver([
    ...versions,
    ...appVersions,
    ...lookup.list(KeptnWorkload).filter((one) => workloads.has(addressOf(one))),
    ...lookup.list(KeptnApp).filter((one) => apps.has(addressOf(one))),
    ...evaluations,
    ...tasks.filter(({ metadata }) => owners.has(metadata.uid)),
  ]);
}

function isOf(app: KeptnAppVersion, version: KeptnWorkloadVersion): boolean {
  return app.metadata.namespace === version.metadata.namespace && lists(app, version);
}

function isOwned({ metadata }: KubernetesObject, owners: ReadonlySet<string | undefined>): boolean {
  return metadata.ownerReferences?.some(({ uid }) => owners.has(uid)) === true;
}

function addressOf({ metadata }: KubernetesObject, name = metadata.name): string {
  return `${metadata.namespace ?? ''}/${name}`;
}

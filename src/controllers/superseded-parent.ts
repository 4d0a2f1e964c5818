import { KeptnAppVersion } from '../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../api/object.ts';
import { type Lookup, ownerIndex } from '../domain/lookup.ts';
import { isSuperseded } from '../domain/superseded.ts';
import type { VersionStatus } from '../domain/version-status.ts';
import { type Key, watch, type Watch } from './controller.ts';

/** Whether the version that a task or evaluation was made for has been superseded; false for one made by hand. */
export function isParentSuperseded(child: KubernetesObject, lookup: Lookup): boolean {
  const owner = controllerOf(child);
  if (owner === undefined) return false;
  const { namespace } = child.metadata;
  const parent = [KeptnWorkloadVersion, KeptnAppVersion]
    .filter(({ kind }) => kind === owner.kind)
    .map((kind) =>
      lookup.get<KubernetesObject & { status?: VersionStatus }>(kind, namespace, owner.name),
    )
    .find((version) => version?.metadata.uid === owner.uid);
  return isSuperseded(parent?.status);
}

/** Wakes the children, of this kind, of a version that was superseded. */
export function supersededParentWatches(child: Kind): readonly Watch[] {
  const keys = (
    version: KubernetesObject & { status?: VersionStatus },
    lookup: Lookup,
  ): readonly Key[] =>
    isSuperseded(version.status)
      ? lookup
          .byIndex(child, ownerIndex, version.metadata.uid ?? '')
          .map(({ metadata }) => metadata)
      : [];
  return [watch(KeptnWorkloadVersion, keys), watch(KeptnAppVersion, keys)];
}

import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import { type Lookup } from '../../domain/lookup.ts';
import { isSuperseded } from '../../domain/phase/superseded.ts';
import { attemptOf, type VersionStatus } from '../../domain/phase/version-status.ts';
import { type Key, watch, type Watch } from '../engine/controller.ts';
import { isAborted } from '../../domain/phase/aborted.ts';

/** A task or evaluation. */
type Child = KubernetesObject & { spec: { attempt?: number; parent?: unknown } };
/** An app version or workload version. */
type Version = KubernetesObject & { status?: VersionStatus };

/**
 * Whether the attempt of the version that a task or evaluation was made for came to its end because another version became
 * current (B11). A later attempt is none of that, also where the version's status does not tell of it yet. Nor is a
 * follow-up: it belongs to an end that was final, of a check or of the version, and is run whatever came later.
 */
export function isParentSuperseded(child: Child, lookup: Lookup): boolean {
  if (child.spec.parent !== undefined) return false;
  const status = parentOf(child, lookup)?.status;
  const { attempt = 1 } = child.spec;
  return isSuperseded(status) ? attempt <= attemptOf(status) : attempt < attemptOf(status);
}

/** Whether the attempt of the version that a task or evaluation was made for was aborted; of a follow-up it never was. */
export function isParentAborted(child: Child, lookup: Lookup): boolean {
  if (child.spec.parent !== undefined) return false;
  const status = parentOf(child, lookup)?.status;
  const { attempt = 1 } = child.spec;
  return isAborted(status) && attempt <= attemptOf(status);
}

function parentOf(child: Child, lookup: Lookup): Version | undefined {
  const owner = controllerOf(child);
  if (owner === undefined) return undefined;
  const { namespace } = child.metadata;
  return [KeptnWorkloadVersion, KeptnAppVersion]
    .filter(({ kind }) => kind === owner.kind)
    .map((kind) => lookup.get<Version>(kind, namespace, owner.name))
    .find((version) => version?.metadata.uid === owner.uid);
}

/** Wakes the children, of this kind, of a version that was superseded or aborted. */
export function supersededParentWatches(child: Kind): readonly Watch[] {
  const keys = (version: Version, lookup: Lookup): readonly Key[] => {
    const { status, metadata } = version;
    const hasEndedAttempt = isSuperseded(status) || isAborted(status) || attemptOf(status) > 1;
    if (!hasEndedAttempt) return [];
    return lookup.byOwner(child, metadata.uid ?? '').map((one) => one.metadata);
  };
  return [watch(KeptnWorkloadVersion, keys), watch(KeptnAppVersion, keys)];
}

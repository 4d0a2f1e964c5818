import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import { type Lookup } from '../../domain/lookup.ts';

/** The version that an object stands for. */
export interface VersionBehind {
  readonly kind: Kind;
  readonly object: KubernetesObject;
}

/**
 * The version that is meant by an object: a version itself, that of a task or evaluation, and of an application or workload
 * (a Deployment, too) the current one. Undefined where there is none (yet).
 */
export function versionBehind(object: KubernetesObject, lookup: Lookup): VersionBehind | undefined {
  const { namespace, name } = object.metadata;
  switch (object.kind) {
    case KeptnWorkloadVersion.kind:
      return { kind: KeptnWorkloadVersion, object };
    case KeptnAppVersion.kind:
      return { kind: KeptnAppVersion, object };
    case KeptnTask.kind:
    case KeptnEvaluation.kind:
      return parentVersion(object, lookup);
    case KeptnApp.kind: {
      const uid = lookup.get(KeptnApp, namespace, name)?.status?.appVersionUID;
      const version = lookup
        .list(KeptnAppVersion, namespace)
        .find(({ metadata }) => metadata.uid === uid);
      return version && { kind: KeptnAppVersion, object: version };
    }
    default: {
      const workload = workloadBehind(object, lookup);
      const version = lookup
        .list(KeptnWorkloadVersion, namespace)
        .find(
          ({ spec }) =>
            spec.workloadName === workload?.metadata.name && spec.version === workload.spec.version,
        );
      return version && { kind: KeptnWorkloadVersion, object: version };
    }
  }
}

function parentVersion(child: KubernetesObject, lookup: Lookup): VersionBehind | undefined {
  const owner = controllerOf(child);
  const kind = [KeptnWorkloadVersion, KeptnAppVersion].find((one) => one.kind === owner?.kind);
  if (kind === undefined || owner === undefined) return undefined;
  const object = lookup.get<KubernetesObject>(kind, child.metadata.namespace, owner.name);
  return object && { kind, object };
}

/** The workload that an object is, or is an owner or version of. */
export function workloadBehind(
  object: KubernetesObject,
  lookup: Lookup,
): KeptnWorkload | undefined {
  const { namespace, name, uid = '' } = object.metadata;
  if (object.kind === KeptnWorkload.kind) return lookup.get(KeptnWorkload, namespace, name);
  if (object.kind === KeptnWorkloadVersion.kind) {
    const version = lookup.get(KeptnWorkloadVersion, namespace, name);
    return version && lookup.get(KeptnWorkload, namespace, version.spec.workloadName);
  }
  return lookup.byOwner(KeptnWorkload, uid)[0];
}

import { NamespaceKind } from '../../api/builtin.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type KubernetesObject } from '../../api/object.ts';
import type { Deadlines, StatedDeadlines } from '../../domain/deadline.ts';
import { deadlinesOn } from '../../domain/identity/stated-deadlines.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { deadlinesFrom } from '../../domain/settings/deadlines.ts';

/** The limits of a workload version: its own, those of its Namespace, then those of the cluster. */
export function deadlinesOfWorkload(
  { spec, metadata: { namespace = '' } }: KeptnWorkloadVersion,
  lookup: Lookup,
  ofCluster: Deadlines,
): Deadlines {
  return deadlinesFrom([spec.deadlines, ofNamespace(namespace, lookup)], ofCluster);
}

/** The limits of an application version: those of its KeptnAppContext, its Namespace, then those of the cluster. */
export function deadlinesOfApp(
  version: KeptnAppVersion,
  lookup: Lookup,
  ofCluster: Deadlines,
): Deadlines {
  const { namespace = '' } = version.metadata;
  return deadlinesFrom([ofContext(version, lookup), ofNamespace(namespace, lookup)], ofCluster);
}

/** The limits of a task or evaluation: those of its definition, of the version that it checks, then as for that. */
export function deadlinesOfCheck(
  check: KubernetesObject,
  definition: KubernetesObject | undefined,
  { lookup, ofCluster }: { readonly lookup: Lookup; readonly ofCluster: Deadlines },
): Deadlines {
  const { namespace = '' } = check.metadata;
  const stated = [
    deadlinesOn(definition),
    ofVersion(check, lookup),
    ofNamespace(namespace, lookup),
  ];
  return deadlinesFrom(stated, ofCluster);
}

function ofVersion(check: KubernetesObject, lookup: Lookup): StatedDeadlines | undefined {
  const owner = controllerOf(check);
  const { namespace } = check.metadata;
  if (owner?.kind === KeptnWorkloadVersion.kind) {
    return lookup.get(KeptnWorkloadVersion, namespace, owner.name)?.spec.deadlines;
  }
  if (owner?.kind !== KeptnAppVersion.kind) return undefined;
  const version = lookup.get(KeptnAppVersion, namespace, owner.name);
  return version && ofContext(version, lookup);
}

function ofContext({ spec, metadata }: KeptnAppVersion, lookup: Lookup): StatedDeadlines {
  return deadlinesOn(lookup.get(KeptnAppContext, metadata.namespace, spec.appName));
}

function ofNamespace(namespace: string, lookup: Lookup): StatedDeadlines {
  return deadlinesOn(lookup.get(NamespaceKind, undefined, namespace));
}

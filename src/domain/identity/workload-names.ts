import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { KubernetesObject, ObjectMeta } from '../../api/object.ts';
import { type AnnotatedIdentity, identityOf } from './identity.ts';
import type { Lookup } from '../lookup.ts';
import { namesOf } from './carried-identity.ts';
import { hashedName, workloadName } from '../names.ts';

/**
 * The name of the KeptnWorkload of an identity. Two workloads whose names come out the same are told apart by their app:
 * the second one gets a hash appended (B3).
 */
export function workloadNameFor(
  identity: Pick<AnnotatedIdentity, 'app' | 'workload'>,
  namespace: string,
  lookup: Lookup,
): string {
  const { app, workload } = identity;
  const name = workloadName(app, workload);
  const holder = lookup.get(KeptnWorkload, namespace, name);
  return holder === undefined || holder.spec.app === app ? name : hashedName(name, [app, workload]);
}

/** The names under which a Pod's KeptnWorkload may be found, from the Pod's own metadata; none if it names no workload. */
export function possibleWorkloadNames(pod: { metadata: ObjectMeta }): readonly string[] {
  const identity = ownIdentity(pod);
  return identity === undefined ? [] : namesOf(identity);
}

/** What the Pod says of itself, without looking at its owner. */
function ownIdentity(pod: { metadata: ObjectMeta }): AnnotatedIdentity | undefined {
  const identity = identityOf(pod, { type: 'unowned' });
  return identity.type === 'annotated' ? identity : undefined;
}

/** The workload of a version as a Pod names it; undefined where it cannot be read back from the version. */
export function workloadIn({
  app,
  workloadName: name,
}: {
  readonly app: string;
  readonly workloadName: string;
}): string | undefined {
  const workload = name.startsWith(`${app}-`) ? name.slice(app.length + 1) : '';
  return workloadName(app, workload) === name ? workload : undefined;
}

/** The uid of an object that came from the API server. */
export function uidOf(object: KubernetesObject): string {
  return object.metadata.uid ?? '';
}

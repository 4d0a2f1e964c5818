import { type ProjectedTemplate, PodKind, ReplicaSetKind } from '../../api/builtin.ts';
import type { ObjectMeta, OwnerReference } from '../../api/object.ts';
import { type Identity, identityOf } from './identity.ts';
import type { IdentityOptions } from './pod-version.ts';
import { defined } from '../../api/json.ts';

/** An object that people apply and that makes Pods: Deployment, StatefulSet, DaemonSet or Rollout. */
export interface PodMaker {
  readonly metadata: ObjectMeta;
  readonly template: ProjectedTemplate;
}

/** No Pod is there yet, nor what would own it. */
const reference: OwnerReference = {
  apiVersion: ReplicaSetKind.apiVersion,
  kind: ReplicaSetKind.kind,
  name: '',
  uid: '',
  controller: true,
};

/**
 * The identity that the next Pods of a workload will have, found as that of a Pod is: of all that a Pod and its owners are,
 * only the Pod's metadata, the top owner's metadata and the template count. The Pods of every kind of workload are therefore
 * looked at as those of a Deployment.
 */
export function identityOfWorkload(
  { metadata, template }: PodMaker,
  options: IdentityOptions,
): Identity {
  const { labels, annotations } = template;
  const { namespace } = metadata;
  const pod: { metadata: ObjectMeta } = {
    metadata: {
      name: '',
      ...defined({ namespace }),
      ...(labels && { labels }),
      ...(annotations && { annotations }),
      ownerReferences: [reference],
    },
  };
  const type = { apiVersion: PodKind.apiVersion, kind: '' };
  const replicaSet = { ...type, metadata: { name: '' }, spec: {}, template };
  const deployment = { ...type, metadata, spec: {}, template };
  const parent = { kind: 'Deployment', object: deployment } as const;
  return identityOf(
    pod,
    { type: 'known', reference, owner: { kind: 'ReplicaSet', object: replicaSet, parent } },
    options,
  );
}

import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Deployment } from '../../../src/api/builtin.ts';
import { keptnAnnotations, recommendedLabels } from '../../../src/api/keptn/annotations.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { identityOf } from '../../../src/domain/identity/identity.ts';
import { identityOfWorkload } from '../../../src/domain/identity/next-pod-identity.ts';
import { ownerChainOf } from '../../../src/domain/owner/owner-chain.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDaemonSet,
  aDeployment,
  aPod,
  aReplicaSet,
  aRollout,
  aStatefulSet,
  type Described,
  ownedBy,
} from '../../support/builders/workloads.ts';

const keys = [...Object.values(keptnAnnotations), ...Object.values(recommendedLabels)];
const values = ['', 'a', 'b', 'cart', 'a,b', 'x=1'];
const entries = fc.dictionary(fc.constantFrom(...keys), fc.constantFrom(...values), { maxKeys: 5 });
const metadata = fc.record({ labels: entries, annotations: entries });

/** A workload of each kind with the first Pod it makes, and what is cached then. */
const workloads: Readonly<
  Record<
    string,
    (of: Described) => Pick<Deployment, 'metadata' | 'template'> & {
      world: KubernetesObject[];
      owner: KubernetesObject;
      labels: Record<string, string>;
    }
  >
> = {
  Deployment: (of) => {
    const object = aDeployment(of);
    const replicaSet = aReplicaSet({ owners: [ownedBy(object)], template: object.template });
    return { ...object, world: [object, replicaSet], owner: replicaSet, labels: {} };
  },
  Rollout: (of) => {
    const object = aRollout(of);
    const replicaSet = aReplicaSet({ owners: [ownedBy(object)], template: object.template });
    return { ...object, world: [object, replicaSet], owner: replicaSet, labels: {} };
  },
  StatefulSet: (of) => {
    const object = aStatefulSet(of);
    return {
      ...object,
      world: [object],
      owner: object,
      labels: { 'controller-revision-hash': 'rev-1' },
    };
  },
  DaemonSet: (of) => {
    const object = aDaemonSet(of);
    return {
      ...object,
      world: [object],
      owner: object,
      labels: { 'pod-template-generation': '1' },
    };
  },
};

test.each(Object.keys(workloads))(
  'what a %s will make is what its first Pod turns out to be',
  (kind) => {
    fc.assert(
      fc.property(metadata, metadata, fc.boolean(), (object, template, versionFromImageTag) => {
        const made = workloads[kind]?.({ ...object, template });
        if (made === undefined) throw new Error(kind);
        const { world, owner } = made;
        const pod = aPod({
          ...template,
          labels: { ...template.labels, ...made.labels },
          owners: [ownedBy(owner)],
        });
        const chain = ownerChainOf(pod, fixedLookup(world));
        expect(identityOfWorkload(made, { versionFromImageTag })).toEqual(
          identityOf(pod, chain, { versionFromImageTag }),
        );
      }),
      { numRuns: 300 },
    );
  },
);

import { describe, expect, test } from 'vitest';

import type { KubernetesObject } from '../../../src/api/object.ts';
import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { identityIn } from '../../../src/domain/identity/identity-in.ts';
import { aWorkload, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDeployment,
  aPod,
  aReplicaSet,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const annotations = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart' };
/** What Keptn computes for this container, whatever else the template says. */
const containers = [{ name: 'ciao', image: 'peppetest12' }];
const computed = '1253120182';
const template = (digest: string) => ({ containers, digest });

const deployment = aDeployment({ template: template('two') });
const setOf = (digest: string, name = `cart-${digest}`) =>
  aReplicaSet({ name, owners: [ownedBy(deployment)], template: template(digest) });
const podOf = (set: ReturnType<typeof setOf>, more: Record<string, string> = {}) =>
  aPod({ annotations: { ...annotations, ...more }, owners: [ownedBy(set)] });

const workload = aWorkload({ metadata: { name: 'shop-cart', namespace, uid: 'uid-of-shop-cart' } });
const owner = { apiVersion: 'lifecycle.keptn.sh/v1', kind: 'KeptnWorkload', name: 'shop-cart' };

function aVersion(
  version: string,
  given: { templateDigest?: string; status?: Partial<KeptnWorkloadVersionStatus> } = {},
) {
  const { templateDigest, status } = given;
  return aWorkloadVersion({
    metadata: {
      name: `shop-cart-${version}`,
      namespace,
      ownerReferences: [{ ...owner, uid: 'uid-of-shop-cart', controller: true }],
    },
    spec: { version, ...(templateDigest !== undefined && { templateDigest }) },
    ...(status && { status }),
  });
}

/** The version of a Pod in this world, in which the Deployment and the workload are. */
function versionIn(world: readonly KubernetesObject[], pod: ReturnType<typeof aPod>) {
  const identity = identityIn(fixedLookup([deployment, workload, ...world]), pod);
  return identity.type === 'annotated' ? identity.version : identity.type;
}

const one = setOf('one');
const two = setOf('two');
const own = expect.stringMatching(new RegExp(`^${computed}-[a-z2-7]{10}$`));

describe('a computed version', () => {
  test('is Keptn’s for the first template that has it', () => {
    expect(versionIn([one], podOf(one))).toBe(computed);
    expect(versionIn([one, aVersion(computed, { templateDigest: 'one' })], podOf(one))).toBe(
      computed,
    );
  });

  test('is another one for every other template, always the same', () => {
    const first = aVersion(computed, { templateDigest: 'one' });
    const other = versionIn([two, first], podOf(two));
    expect(other).toEqual(own);
    expect(versionIn([setOf('three'), first], podOf(setOf('three')))).not.toBe(other);
    // Also when the record of the first one is gone.
    expect(versionIn([two, aVersion(String(other), { templateDigest: 'two' })], podOf(two))).toBe(
      other,
    );
  });

  test('is the same after a restart alone', () => {
    const restarted = aReplicaSet({
      name: 'cart-again',
      owners: [ownedBy(deployment)],
      template: { ...template('one, restarted'), unrestartedDigest: 'one' },
    });
    const first = aVersion(computed, { templateDigest: 'one' });
    expect(versionIn([restarted, first], podOf(restarted))).toBe(computed);
  });

  test('that is written on a Pod is still a computed one, also without its owner', () => {
    const first = aVersion(computed, { templateDigest: 'one' });
    const written = { 'keptn.sh/version': computed };
    expect(versionIn([two, first], podOf(two, written))).toEqual(own);
    const digest = { ...written, 'sluice.keptn.sh/template-digest': 'two' };
    const orphan = aPod({ annotations: { ...annotations, ...digest } });
    expect(versionIn([first], orphan)).toEqual(own);
  });

  test('is compared neither where it is given in the template, nor by its owner', () => {
    const given = aReplicaSet({
      name: 'cart-given',
      owners: [ownedBy(deployment)],
      template: { ...template('two'), annotations: { 'keptn.sh/version': computed } },
    });
    const first = aVersion(computed, { templateDigest: 'one' });
    expect(versionIn([given, first], podOf(given, { 'keptn.sh/version': computed }))).toBe(
      computed,
    );
  });

  test('counts for a revision on record whatever its digest is by now', () => {
    const first = aVersion(computed, {
      templateDigest: 'before the API server was upgraded',
      status: { releasedRevisions: ['uid-of-cart-one'] },
    });
    expect(versionIn([one, first], podOf(one))).toBe(computed);
    // And for what has the template of a revision on record: a restart after that upgrade.
    const again = setOf('one', 'cart-again');
    expect(versionIn([one, again, first], podOf(again))).toBe(computed);
    expect(versionIn([one, two, first], podOf(two))).toEqual(own);
  });

  test('that Keptn or an earlier Sluice has released stands for the templates of its revisions', () => {
    const earlier = aVersion(computed, { status: { releasedRevisions: ['uid-of-cart-one'] } });
    expect(versionIn([one, earlier], podOf(one))).toBe(computed);
    expect(versionIn([one, two, earlier], podOf(two))).toEqual(own);
    expect(versionIn([two, earlier], podOf(two))).toEqual(own);
    // A StatefulSet that Keptn has released has no revision on record.
    expect(versionIn([two, aVersion(computed)], podOf(two))).toBe(computed);
  });
});

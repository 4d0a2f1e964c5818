import { describe, expect, test } from 'vitest';
import { keptnAnnotations } from '../../../src/api/keptn/annotations.ts';
import { hashedName } from '../../../src/domain/names.ts';
import {
  possibleWorkloadNames,
  workloadNameFor,
} from '../../../src/domain/identity/workload-names.ts';
import { aWorkload } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { aPod, aReplicaSet, ownedBy } from '../../support/builders/workloads.ts';

describe('the name of a workload', () => {
  const identity = { app: 'shop', workload: 'c-art' };
  const hashed = hashedName('shop-c-art', ['shop', 'c-art']);

  test('is app and workload, also while there is none yet', () => {
    expect(workloadNameFor(identity, 'shop', fixedLookup([]))).toBe('shop-c-art');
    const own = aWorkload({ metadata: { name: 'shop-c-art' }, spec: { app: 'shop' } });
    expect(workloadNameFor(identity, 'shop', fixedLookup([own]))).toBe('shop-c-art');
  });

  test('B3: gets a hash where that name belongs to another application', () => {
    const theirs = aWorkload({ metadata: { name: 'shop-c-art' }, spec: { app: 'shop-c' } });
    expect(workloadNameFor(identity, 'shop', fixedLookup([theirs]))).toBe(hashed);
    expect(workloadNameFor(identity, 'elsewhere', fixedLookup([theirs]))).toBe('shop-c-art');
  });

  test('can be told from a Pod alone, but for which of the two it is', () => {
    const annotations = { [keptnAnnotations.app]: 'shop', [keptnAnnotations.workload]: 'c-art' };
    const owners = [ownedBy(aReplicaSet())];
    expect(possibleWorkloadNames(aPod({ annotations, owners }))).toEqual(['shop-c-art', hashed]);
    expect(possibleWorkloadNames(aPod({ owners }))).toEqual([]);
    expect(possibleWorkloadNames(aPod({ annotations }))).toEqual(
      possibleWorkloadNames(aPod({ annotations, owners })),
    );
  });
});

import { describe, expect, test } from 'vitest';

import type { KeptnWorkloadVersionStatus } from '../../../src/api/keptn/workload-version.ts';
import { isParentSuperseded } from '../../../src/controllers/gathering/superseded-parent.ts';
import { aTask, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { controllerReference, nowText } from '../../support/observed/lifecycle-seen.ts';

const superseded: KeptnWorkloadVersionStatus = {
  status: 'Deprecated',
  conditions: [
    {
      type: 'Succeeded',
      status: 'False',
      reason: 'Superseded',
      message: '',
      lastTransitionTime: nowText,
    },
  ],
};

function isOver(attempt: number, status: KeptnWorkloadVersionStatus, uid?: string): boolean {
  const version = aWorkloadVersion({ status, ...(uid !== undefined && { metadata: { uid } }) });
  const owner = controllerReference(aWorkloadVersion());
  const task = aTask({ metadata: { ownerReferences: [owner] }, spec: { attempt } });
  return isParentSuperseded(task, fixedLookup([version]));
}

describe('B11: a task of a version that was superseded', () => {
  test('is over with the attempt it was made for', () => {
    expect(isOver(1, superseded)).toBe(true);
    expect(isOver(1, { status: 'Progressing' })).toBe(false);
    expect(isOver(1, { status: 'Deprecated' })).toBe(false);
  });

  test('is not over when it belongs to the next attempt, which the version does not tell of yet', () => {
    expect(isOver(2, superseded)).toBe(false);
  });

  test('stays over when the version has come to its next attempt', () => {
    expect(isOver(1, { status: 'Progressing', attempt: 2 })).toBe(true);
    expect(isOver(2, { status: 'Progressing', attempt: 2 })).toBe(false);
    expect(isOver(2, { ...superseded, attempt: 2 })).toBe(true);
  });

  test('is not over by what became of another version of the same name', () => {
    expect(isOver(1, superseded, 'another')).toBe(false);
  });

  test('is not over when it follows an end of that version, which stays an end', () => {
    const version = aWorkloadVersion({ status: superseded });
    const metadata = { ownerReferences: [controllerReference(version)] };
    const parent = {
      kind: version.kind,
      name: version.metadata.name,
      trigger: 'onFailure',
      depth: 1,
    } as const;
    const task = aTask({ metadata, spec: { attempt: 1, parent } });
    expect(isParentSuperseded(task, fixedLookup([version]))).toBe(false);
  });
});

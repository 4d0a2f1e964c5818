import { describe, expect, test } from 'vitest';
import { followOptIn } from '../../src/admission/namespace-opt-in.ts';
import { aWorkloadVersion } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { admitted, patchOf, requestFor } from '../support/builders/reviews.ts';

const label = 'sluice.keptn.sh/enabled';
const nothing = fixedLookup([]);
const scope = { operatorNamespace: 'keptn-system' };
const optedIn = { 'keptn.sh/lifecycle-toolkit': 'enabled' };

function aNamespace(metadata: {
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
}) {
  return { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'shop-team', ...metadata } };
}

function labelsAfter(
  metadata: Parameters<typeof aNamespace>[0],
): Record<string, string> | undefined {
  const object = aNamespace(metadata);
  const entered = admitted(object, followOptIn(requestFor(object), nothing, scope));
  expect(patchOf(followOptIn(requestFor(entered), nothing, scope))).toEqual([]);
  return entered.metadata.labels;
}

describe('the label of a Namespace follows its annotation', () => {
  test('set with it', () => {
    expect(labelsAfter({ annotations: optedIn })).toEqual({ [label]: 'true' });
    expect(labelsAfter({ annotations: optedIn, labels: { team: 'a' } })).toEqual({
      team: 'a',
      [label]: 'true',
    });
  });

  test('corrected when it has another value', () => {
    expect(labelsAfter({ annotations: optedIn, labels: { [label]: 'false' } })).toEqual({
      [label]: 'true',
    });
  });

  test('removed with it, and when the annotation says something else', () => {
    expect(labelsAfter({ labels: { [label]: 'true', team: 'a' } })).toEqual({ team: 'a' });
    const disabled = { 'keptn.sh/lifecycle-toolkit': 'disabled' };
    expect(labelsAfter({ annotations: disabled, labels: { [label]: 'true' } })).toEqual({});
  });

  test('left alone when there is neither, and a label of Keptn’s key does not count', () => {
    expect(labelsAfter({})).toBeUndefined();
    expect(labelsAfter({ labels: optedIn })).toEqual(optedIn);
  });
});

describe('the label of a Namespace that withdraws its opt-in', () => {
  const holdsFailed = fixedLookup([
    aWorkloadVersion({ metadata: { namespace: 'shop-team' }, status: { status: 'Failed' } }),
  ]);
  const after = (labels: Record<string, string>, lookup: typeof nothing, annotations = {}) => {
    const object = aNamespace({ labels, annotations });
    return admitted(object, followOptIn(requestFor(object), lookup, scope)).metadata.labels;
  };
  const withdrawn = { [label]: 'withdrawn' };

  test('stays with another value while it holds versions that have failed', () => {
    expect(after({ [label]: 'true' }, holdsFailed)).toEqual(withdrawn);
    expect(after({ [label]: 'true' }, nothing)).toEqual({});
  });

  test('is left to the controller from then on, whose cache may know more', () => {
    expect(after(withdrawn, nothing)).toEqual(withdrawn);
  });

  test('goes with sluice.keptn.sh/release-held: "true", and is as before when opted in again', () => {
    expect(after(withdrawn, holdsFailed, { 'sluice.keptn.sh/release-held': 'true' })).toEqual({});
    expect(after(withdrawn, holdsFailed, optedIn)).toEqual({ [label]: 'true' });
  });

  test('is no opt-in that was written wrongly', () => {
    const object = aNamespace({ labels: withdrawn });
    expect(followOptIn(requestFor(object), nothing, scope)).toMatchObject({ warnings: [] });
  });
});

describe('whoever applies a Namespace', () => {
  const warningsOf = (annotations: Record<string, string>) => {
    const verdict = followOptIn(requestFor(aNamespace({ annotations })), nothing, scope);
    return verdict.type === 'allowed' ? verdict.warnings : [];
  };

  test('is warned when the opt-in does not count as it is written, and not otherwise', () => {
    expect(warningsOf({ 'keptn.sh/lifecycle-toolkit': 'true' })).toEqual([
      expect.stringContaining('Namespace shop-team is not opted in'),
    ]);
    expect(warningsOf(optedIn)).toEqual([]);
    expect(warningsOf({})).toEqual([]);
  });

  test('is not warned of the label that Sluice has set when the opt-in is withdrawn', () => {
    const labels = { [label]: 'true' };
    const request = {
      ...requestFor(aNamespace({ labels })),
      oldObject: aNamespace({ labels, annotations: optedIn }),
    };
    expect(followOptIn(request, nothing, scope)).toMatchObject({
      warnings: [],
      patch: [{ op: 'remove' }],
    });
    expect(followOptIn(requestFor(aNamespace({ labels })), nothing, scope)).toMatchObject({
      warnings: [expect.stringContaining('set by Sluice alone')],
    });
  });
});

describe('a Namespace that the installation leaves out', () => {
  const object = {
    ...aNamespace({ annotations: optedIn }),
    metadata: { name: 'monitoring', annotations: optedIn },
  };

  test.each([
    ['denied by name', { operatorNamespace: 'keptn-system', deniedNamespaces: ['monitoring'] }],
    ['not among those allowed', { operatorNamespace: 'keptn-system', allowedNamespaces: ['shop'] }],
    ['that of Sluice itself', { operatorNamespace: 'monitoring' }],
  ])('%s: is not labelled as held, and its user is told', (_, given) => {
    const verdict = followOptIn(requestFor(object), nothing, given);
    expect(admitted(object, verdict).metadata).toMatchObject({ labels: { [label]: 'excluded' } });
    expect(JSON.stringify(verdict)).toContain('the opt-in of Namespace monitoring has no effect');
  });

  test('is held where it is allowed, although it is denied as well, as in Keptn', () => {
    const both = { allowedNamespaces: ['monitoring'], deniedNamespaces: ['monitoring'] };
    const verdict = followOptIn(requestFor(object), nothing, { operatorNamespace: 'x', ...both });
    expect(admitted(object, verdict).metadata).toMatchObject({ labels: { [label]: 'true' } });
  });
});

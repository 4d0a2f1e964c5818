import { describe, expect, test } from 'vitest';
import { heldReason } from '../../../src/domain/gate/held-reason.ts';
import { aReleasedStatus, checking } from '../../support/builders/cart-version.ts';
import { aWorkloadVersion } from '../../support/builders/builders.ts';

const stalled = {
  type: 'Stalled',
  status: 'True',
  reason: 'DefinitionNotFound',
  message: 'there is no KeptnTaskDefinition smoke',
  lastTransitionTime: '2026-11-28T10:00:00Z',
} as const;

describe('why Pods are held, for metrics', () => {
  test.each([
    ['VersionUnknown', undefined],
    ['ChecksRunning', checking],
    ['NeedsHelp', aWorkloadVersion({ status: { status: 'Progressing', conditions: [stalled] } })],
    ['ChecksFailed', aWorkloadVersion({ status: { status: 'Failed', conditions: [stalled] } })],
    ['Superseded', aWorkloadVersion({ status: { status: 'Deprecated' } })],
    ['Releasing', aWorkloadVersion({ status: aReleasedStatus })],
  ] as const)('%s', (reason, version) => {
    expect(heldReason(version)).toBe(reason);
  });
});

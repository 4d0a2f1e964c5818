import { describe, expect, test } from 'vitest';

import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { respond } from '../../src/admission/respond.ts';
import { webhooks } from '../../src/admission/registry.ts';
import type { AdmissionRequest } from '../../src/api/review.ts';
import { AdmittedLately } from '../../src/server/admitted-lately.ts';
import { aTaskDefinition } from '../support/builders/builders.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';

const webhook = webhooks({ operatorNamespace: 'keptn-system' }).find(
  ({ resource, operations }) =>
    resource.kind === KeptnTaskDefinition.kind && operations.includes('CREATE'),
);

function after(request: AdmissionRequest, passedMs = 0): boolean {
  if (webhook === undefined) throw new Error('there is no webhook for definitions');
  const clock = new TestClock();
  const lately = new AdmittedLately(clock);
  respond(webhook, reviewOf(request), {
    lookup: fixedLookup([]),
    now: 0,
    answered: (asked, answer) => lately.note(asked, answer),
  });
  clock.advance(passedMs);
  return lately.over(fixedLookup([])).isExpected?.(KeptnTaskDefinition, 'shop', 'smoke') === true;
}

const smoke = requestFor(aTaskDefinition());

const allowed = {
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  response: { uid: '1', allowed: true },
} as const;

describe('an object that was let in', () => {
  test('is expected in the caches for ten seconds', () => {
    expect(after(smoke)).toBe(true);
    expect(after(smoke, 9_000)).toBe(true);
    expect(after(smoke, 10_000)).toBe(false);
  });

  test('is not expected after a dry run, an update or a refusal', () => {
    expect(after({ ...smoke, dryRun: true })).toBe(false);
    expect(after({ ...smoke, operation: 'UPDATE', oldObject: smoke.object })).toBe(false);
    const refused = requestFor(aTaskDefinition({ spec: { timeout: 'soon' } }));
    expect(after(refused)).toBe(false);
  });

  test('is not expected after a review of a subresource', () => {
    expect(after({ ...smoke, subResource: 'scale' })).toBe(false);
  });

  test('is forgotten once its time is over, as soon as another comes', () => {
    const clock = new TestClock();
    const lately = new AdmittedLately(clock);
    for (let index = 0; index < 100; index += 1)
      lately.note({ ...smoke, name: `smoke-${index}` }, allowed);
    expect(lately.size).toBe(100);
    clock.advance(10_000);
    lately.note(smoke, allowed);
    expect(lately.size).toBe(1);
  });

  test('is forgotten when thousands have come after it', () => {
    const lately = new AdmittedLately(new TestClock());
    lately.note(smoke, allowed);
    for (let index = 0; index < 5_000; index += 1)
      lately.note({ ...smoke, name: `smoke-${index}` }, allowed);
    const view = lately.over(fixedLookup([]));
    expect(view.isExpected?.(KeptnTaskDefinition, 'shop', 'smoke')).toBe(false);
    expect(view.isExpected?.(KeptnTaskDefinition, 'shop', 'smoke-4999')).toBe(true);
  });
});

import { expect, test } from 'vitest';
import { webhooks } from '../../src/admission/registry.ts';
import { respond } from '../../src/admission/respond.ts';
import { filledCaches } from '../bench/admission/filled-caches.ts';
import { podReview } from '../bench/admission/pod-review.ts';

/** What the collector has to take away again is a share of every review's cost that does not depend on the machine. */

const inKilobytes = 1_024;

test('the answer to the review of a usual Pod, without the parsing of its body, allocates at most 18 KB', () => {
  expect(Math.round(allocatedPerReview() / inKilobytes)).toBeLessThanOrEqual(18);
});

/** Bytes, the median of many rounds: one in which the collector ran says too little. */
function allocatedPerReview(): number {
  const webhook = webhooks({ operatorNamespace: 'keptn-system' }).find(
    ({ path }) => path === '/mutate-v1-pod',
  );
  if (webhook === undefined) throw new Error('no webhook reviews Pods');
  const lookup = filledCaches();
  const review: unknown = JSON.parse(podReview(170));
  const now = Date.parse('2026-01-01T12:00:00Z');
  let answered = 0;
  const answer = (times: number): void => {
    for (let at = 0; at < times; at += 1) {
      const text = JSON.stringify(respond(webhook, review, { lookup, now }));
      if (text.includes('"patch"')) answered += 1;
    }
  };
  // Until the code is compiled, the compiler allocates as well.
  answer(10_000);
  const rounds = Array.from({ length: 51 }, () => {
    const before = process.memoryUsage().heapUsed;
    answer(100);
    return (process.memoryUsage().heapUsed - before) / 100;
  });
  expect(answered).toBe(10_000 + 51 * 100);
  return rounds.toSorted((a, b) => a - b)[25] ?? Number.NaN;
}

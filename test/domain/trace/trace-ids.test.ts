import fc from 'fast-check';
import { expect, test } from 'vitest';
import { objectSpanId, phaseSpanId, traceIdFor } from '../../../src/domain/trace/trace-ids.ts';

const uid = '5f1c8c3e-6b1f-4c39-9a39-0a3f7a3b1a11';

test('ids are frozen: other systems hold them', () => {
  expect(traceIdFor(uid)).toBe('893624a414a08651e594abff318cabe1');
  expect(objectSpanId(uid, 1)).toBe('8c86ce345795284d');
  expect(phaseSpanId(uid, 'AppDeploy', 1)).toBe('fb2bc7a82bb8a1b5');
});

const attempt = fc.integer({ min: 1, max: 9 });
const phase = fc.constantFrom('AppDeploy', 'AppPreDeployTasks', 'WorkloadDeploy', '1', '2');

test('ids have the form of W3C trace context, and the same object has the same ones', () => {
  fc.assert(
    fc.property(fc.uuid(), phase, attempt, (object, short, count) => {
      expect(traceIdFor(object)).toMatch(/^[0-9a-f]{32}$/u);
      expect(objectSpanId(object, count)).toMatch(/^[0-9a-f]{16}$/u);
      expect(phaseSpanId(object, short, count)).toBe(phaseSpanId(object, short, count));
    }),
  );
});

test('different spans have different ids', () => {
  const span = fc.record({ object: fc.uuid(), short: fc.option(phase), count: attempt });
  const idOf = ({
    object,
    short,
    count,
  }: {
    object: string;
    short: string | null;
    count: number;
  }) => (short === null ? objectSpanId(object, count) : phaseSpanId(object, short, count));
  fc.assert(
    fc.property(fc.uniqueArray(span, { selector: (one) => JSON.stringify(one) }), (spans) => {
      expect(new Set(spans.map(idOf)).size).toBe(spans.length);
    }),
  );
});

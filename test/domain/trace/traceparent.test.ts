import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  spanOf,
  traceparentOf,
  withoutTraceContext,
} from '../../../src/domain/trace/traceparent.ts';

const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
const spanId = '00f067aa0ba902b7';

test('the example of the W3C recommendation is read', () => {
  expect(spanOf(`00-${traceId}-${spanId}-01`)).toEqual({ traceId, spanId });
});

test('every span is read back from its traceparent', () => {
  const hex = (digits: number) =>
    fc
      .string({
        unit: fc.constantFrom('0', '7', '9', 'a', 'f'),
        minLength: digits,
        maxLength: digits,
      })
      .filter((text) => /[^0]/u.test(text));
  fc.assert(
    fc.property(fc.record({ traceId: hex(32), spanId: hex(16) }), (span) => {
      expect(spanOf(traceparentOf(span))).toEqual(span);
    }),
  );
});

describe('names no span:', () => {
  test.each([
    ['nothing', undefined],
    ['an empty text', ''],
    ['some text', 'cart'],
    ['upper case', `00-${traceId.toUpperCase()}-${spanId}-01`],
    ['a trace id of zeros', `00-${'0'.repeat(32)}-${spanId}-01`],
    ['a span id of zeros', `00-${traceId}-${'0'.repeat(16)}-01`],
    ['version ff, which is none', `ff-${traceId}-${spanId}-01`],
    ['version 00 with more behind the flags', `00-${traceId}-${spanId}-01-more`],
    ['missing flags', `00-${traceId}-${spanId}`],
  ])('%s', (_, text) => {
    expect(spanOf(text)).toBeUndefined();
  });
});

test('later versions may say more, and blanks around do not matter', () => {
  expect(spanOf(` 01-${traceId}-${spanId}-00-more\n`)).toEqual({ traceId, spanId });
});

test('metadata without its trace context is what people gave', () => {
  const metadata = { team: 'cart', traceparent: `00-${traceId}-${spanId}-01`, tracestate: 'a=b' };
  expect(withoutTraceContext(metadata)).toEqual({ team: 'cart' });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { runnerStatusIn } from '../../src/api/runner-status.ts';

const told = {
  status: 'failed',
  message: 'attempt 2 of 2: exit code 3: "a, {b}" \\ [c',
  timestamp: '2026-01-01T11:59:50.000Z',
  reason: 'FunctionFailed',
  exitCode: 3,
  final: true,
  result: { a: [1, { b: '}],' }] },
  attempts: [{ number: 1, durationMs: 900, exitCode: 2, lastErrorLine: '{"' }],
};
const text = JSON.stringify(told);

describe("a runner's termination message", () => {
  test('is read whole', () => {
    expect(runnerStatusIn(text)).toMatchObject({ ...told, attempts: [{ exitCode: 2 }] });
  });

  test('is read as far as the kubelet left it, field by field: a Pod’s messages share 12 KiB', () => {
    expect(runnerStatusIn(text.slice(0, -3))).toEqual({ ...told, attempts: undefined });
    const inResult = text.slice(0, text.indexOf('}],'));
    const { attempts: _attempts, result: _result, ...rest } = told;
    expect(runnerStatusIn(inResult)).toEqual(rest);
  });

  test('has no result where that is too deep to be handed on', () => {
    const message = text.replace(
      JSON.stringify(told.result),
      '['.repeat(20_000) + ']'.repeat(20_000),
    );
    expect(runnerStatusIn(message)).toMatchObject({
      status: 'failed',
      resultError: {
        reason: 'ResultInvalid',
        message: 'the result is nested deeper than 54 levels',
      },
    });
  });

  test('never says what the runner did not say, wherever it is cut off', () => {
    fc.assert(
      fc.property(fc.nat(text.length), (length) => {
        const read = runnerStatusIn(text.slice(0, length));
        if (read !== undefined) expect(told).toMatchObject(read);
      }),
    );
  });

  test.each(['', 'no JSON', '{', '{"status":"failed"}', '{"status":"fine","message":""}', '[1]'])(
    'is none: %j',
    (message) => {
      expect(runnerStatusIn(message)).toBeUndefined();
    },
  );
});

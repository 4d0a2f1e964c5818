import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type AttemptRecord, type Report, statusText } from '../../runner/status.ts';
import { StatusFile } from '../../runner/status-file.ts';

const start = Date.UTC(2026, 10, 21, 8);

function anAttempt(number: number, fields: Partial<AttemptRecord> = {}): AttemptRecord {
  return {
    number,
    startedAt: start + number * 1_000,
    durationMs: 500,
    reason: 'FunctionFailed',
    end: { exitCode: 1 },
    lastErrorLine: 'no luck',
    isOutputTruncated: false,
    ...fields,
  };
}

function aReport(fields: Partial<Report> = {}): Report {
  return {
    reason: 'FunctionFailed',
    message: 'exit code 1: no luck',
    exitCode: 1,
    isFinal: true,
    now: start + 2_000,
    startedAt: start,
    runtime: 'bash',
    attemptsAllowed: 1,
    attempts: [anAttempt(1)],
    result: undefined,
    ...fields,
  };
}

describe('the text of a status', () => {
  it('is what README.md promises', () => {
    expect(JSON.parse(statusText(aReport()))).toEqual({
      status: 'failed',
      message: 'exit code 1: no luck',
      timestamp: '2026-11-21T08:00:02.000Z',
      reason: 'FunctionFailed',
      exitCode: 1,
      final: true,
      runtime: 'bash',
      attemptsAllowed: 1,
      attemptsMade: 1,
      startedAt: '2026-11-21T08:00:00.000Z',
      durationMs: 2_000,
      attempts: [
        {
          number: 1,
          startedAt: '2026-11-21T08:00:01.000Z',
          durationMs: 500,
          reason: 'FunctionFailed',
          exitCode: 1,
          lastErrorLine: 'no luck',
        },
      ],
    });
  });

  it('is JSON of at most 4,096 bytes, whatever it has to say', () => {
    const text = fc.string({ unit: 'binary', maxLength: 3_000 });
    const attempt = fc.record({ lastErrorLine: text, number: fc.nat() });
    fc.assert(
      fc.property(
        text,
        fc.array(attempt, { maxLength: 40 }),
        fc.boolean(),
        (message, made, hasResult) => {
          const json = `{"a":"${'ü'.repeat(1_000)}"}`;
          const report = aReport({
            message,
            attempts: made.map(({ number, lastErrorLine }) => anAttempt(number, { lastErrorLine })),
            result: hasResult ? { json } : undefined,
          });
          const written = statusText(report);
          expect(Buffer.byteLength(written)).toBeLessThanOrEqual(4_096);
          const read = JSON.parse(written);
          expect(read.attemptsMade).toBe(made.length);
          expect(read.attempts.length + (read.attemptsOmitted ?? 0)).toBe(made.length);
          expect(read.result).toEqual(hasResult ? JSON.parse(json) : undefined);
        },
      ),
    );
  });

  it('loses the oldest attempts first, then the end of the message', () => {
    const attempts = Array.from({ length: 60 }, (_, index) => anAttempt(index + 1));
    const many = JSON.parse(statusText(aReport({ attempts })));
    expect(many.message).toBe('exit code 1: no luck');
    expect(many.attempts.at(-1).number).toBe(60);
    expect(many.attempts[0].number).toBe(many.attemptsOmitted + 1);
    const json = JSON.stringify('r'.repeat(2_046));
    const long = aReport({ attempts, message: '\u0001'.repeat(1_024), result: { json } });
    const short = JSON.parse(statusText(long));
    expect(short.attempts).toHaveLength(1);
    expect(short.message).toMatch(/^\p{Cc}+…$/u);
    expect(short.attempts[0].lastErrorLine).toBe('no luck');
  });

  it('has its attempts at the end, which the kubelet cuts off in a Pod with many containers', () => {
    const written = statusText(aReport({ result: { json: '[1]' } }));
    expect(Object.keys(JSON.parse(written)).slice(-2)).toEqual(['result', 'attempts']);
  });

  it('does not split a character', () => {
    const { message } = JSON.parse(statusText(aReport({ message: '😀'.repeat(1_000) })));
    expect(message).toMatch(/^(?:😀)+…$/u);
  });
});

describe('the status file', () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), 'sluice-status-'));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  it('is written in place: it may be mounted', () => {
    const path = join(directory, 'status.json');
    writeFileSync(path, '');
    const { ino } = statSync(path);
    const file = new StatusFile(path);
    file.write('{"a":"a longer text"}');
    file.write('{"b":1}');
    expect(readFileSync(path, 'utf8')).toBe('{"b":1}');
    expect(statSync(path).ino).toBe(ino);
  });

  it('holds nothing of what was there before', () => {
    const path = join(directory, 'status.json');
    writeFileSync(path, 'x'.repeat(10_000));
    new StatusFile(path).write('{}');
    expect(readFileSync(path, 'utf8')).toBe('{}');
  });
});

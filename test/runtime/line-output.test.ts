import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { expect, it } from 'vitest';

import { LineOutput } from '../../src/runtime/line-output.ts';
import { TestClock } from '../support/clock-and-chance/test-clock.ts';

/** A pipe with room for so many bytes; `read` makes room. */
class Pipe {
  written = '';
  room = 0;
  isClosed = false;
  heldUpMs = 0;
  /** What happens while the thread is held up. */
  whileHeldUp = (): void => undefined;
  closed = 0;
  readonly clock = new TestClock();
  readonly output = new LineOutput({
    writeNow: (bytes) => {
      if (this.isClosed) throw new Error('EPIPE');
      const now = bytes.subarray(0, this.room);
      this.written += Buffer.from(now).toString();
      this.room -= now.length;
      return now.length;
    },
    clock: this.clock,
    holdUp: (ms) => {
      this.heldUpMs += ms;
      this.whileHeldUp();
    },
    onClosed: () => void (this.closed += 1),
  });
}

it('a line is written before the call returns while the reader keeps up', () => {
  const pipe = new Pipe();
  pipe.room = Infinity;
  pipe.output.write('one\n');
  expect(pipe.written).toBe('one\n');
  expect(pipe.clock.leftovers).toEqual([]);
});

it('a line that was cut by a full pipe goes on where it was cut, and the lines keep their order', () => {
  const pipe = new Pipe();
  pipe.room = 2;
  pipe.output.write('one\n');
  pipe.output.write('two\n');
  expect(pipe.written).toBe('on');
  pipe.room = Infinity;
  pipe.clock.advance(1_000);
  pipe.output.write('three\n');
  expect(pipe.written).toBe('one\ntwo\nthree\n');
  expect(pipe.clock.leftovers).toEqual([]);
});

it('a stalled reader costs a bounded amount: the oldest lines are left out, their number is told, no line is cut', () => {
  const pipe = new Pipe();
  pipe.output.onLost((lines) => pipe.output.write(`lost ${lines}\n`));
  pipe.room = 3;
  const line = (at: number): string => `${String(at).padStart(7, '0')} ${'x'.repeat(1015)}\n`;
  for (let at = 0; at < 3_000; at += 1) pipe.output.write(line(at));
  expect(pipe.clock.leftovers).toHaveLength(1);
  pipe.room = Infinity;
  pipe.clock.advance(1_000);
  const lines = pipe.written.split('\n');
  expect(lines.shift()).toBe(line(0).trimEnd());
  expect(lines.pop()).toBe('');
  expect(lines.pop()).toBe(`lost ${3_000 - 1 - 1_024}`);
  expect(lines).toHaveLength(1_024);
  expect(lines.at(-1)).toBe(line(2_999).trimEnd());
});

it('the last lines are written before an exit if the reader goes on within the time', () => {
  const pipe = new Pipe();
  pipe.output.write('why it ends\n');
  pipe.whileHeldUp = () => void (pipe.room += 1);
  pipe.output.flush(500);
  expect(pipe.written).toBe('why it ends\n');
  expect(pipe.heldUpMs).toBeLessThanOrEqual(500);
});

it('an exit does not wait for a reader that never goes on', () => {
  const pipe = new Pipe();
  pipe.output.write('why it ends\n');
  pipe.output.flush(500);
  expect(pipe.heldUpMs).toBe(500);
});

it('who reads no more is noticed once', () => {
  const pipe = new Pipe();
  pipe.isClosed = true;
  pipe.output.write('one\n');
  pipe.output.write('two\n');
  pipe.output.flush(500);
  expect(pipe.closed).toBe(1);
  expect(pipe.heldUpMs).toBe(0);
});

const program = `
import { LineOutput } from './src/runtime/line-output.ts';
import { holdThreadUp, writeNow } from './src/runtime/write-now.ts';
import { systemClock } from './src/runtime/clock.ts';
process.stdout.on('error', () => undefined);
const output = new LineOutput({
  writeNow: (bytes) => writeNow(1, bytes), clock: systemClock, holdUp: holdThreadUp, onClosed: () => undefined,
});
process.on('exit', () => output.flush(20_000));
const before = process.memoryUsage().arrayBuffers;
for (let at = 0; at < 100_000; at += 1) output.write(at + ' ' + 'x'.repeat(1_000) + '\\n');
globalThis.gc();
process.stderr.write(String(process.memoryUsage().arrayBuffers - before));
process.stderr.end(() => process.exit(1));
`;

it('in a real process, a pipe that no one reads neither blocks nor grows the heap, and the last line arrives before the exit', async () => {
  const child = spawn(process.execPath, ['--expose-gc', '--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const grownBy = Number(await text(child.stderr));
  const [written, [code]] = await Promise.all([text(child.stdout), once(child, 'close')]);
  expect(code).toBe(1);
  expect(grownBy).toBeLessThan(8 * 1024 * 1024);
  expect(written.trimEnd().split('\n').at(-1)).toMatch(/^99999 x+$/u);
});

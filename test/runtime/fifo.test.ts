import fc from 'fast-check';
import { expect, it } from 'vitest';

import { Fifo } from '../../src/runtime/fifo.ts';

it('gives back what was put in, in order, whatever the interleaving', () => {
  fc.assert(
    fc.property(fc.array(fc.boolean()), (pushes) => {
      const fifo = new Fifo<number>();
      const model: number[] = [];
      for (const [index, push] of pushes.entries()) {
        if (push) {
          fifo.push(index);
          model.push(index);
        } else {
          expect(fifo.shift()).toBe(model.shift());
        }
        expect(fifo.length).toBe(model.length);
      }
    }),
  );
});

import { expect, test } from 'vitest';
import { demoOptions } from './options.ts';

test('the demo plays on fake nodes unless a real one is asked for, which may have images of its own', () => {
  expect(demoOptions([])).toMatchObject({ real: false, image: [] });
  expect(demoOptions(['--real', '--image', 'a.tar', '--image', 'b.tar'])).toMatchObject({
    real: true,
    image: ['a.tar', 'b.tar'],
  });
});

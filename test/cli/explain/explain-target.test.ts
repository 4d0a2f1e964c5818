import { expect, test } from 'vitest';
import { targetOf as targetOfWords } from '../../../src/cli/command/target.ts';
import { explaining } from '../../../src/cli/explain/explain-target.ts';
import { BadInput } from '../../../src/process/terminal.ts';

const targetOf = (...words: readonly string[]) => targetOfWords(words, explaining);

test.each([
  ['pod/cart-x', 'Pod'],
  ['po/cart-x', 'Pod'],
  ['kwv/cart-x', 'KeptnWorkloadVersion'],
  ['KeptnAppVersion/cart-x', 'KeptnAppVersion'],
  ['deploy/cart-x', 'Deployment'],
  ['deployment.apps/cart-x', 'Deployment'],
  ['sts/cart-x', 'StatefulSet'],
  ['daemonset/cart-x', 'DaemonSet'],
])('%s is a %s', (text, kind) => {
  expect(targetOf(text)).toMatchObject({ name: 'cart-x', kind: { kind } });
});

test.each(['cart-x', 'pod/', '/cart-x', 'pod/a/b'])('"%s" is refused with an example', (text) => {
  expect(() => targetOf(text)).toThrow(BadInput);
});

test('a kind that cannot be explained is refused with the ones that can, and a guess', () => {
  expect(() => targetOf('deploymnt/web')).toThrow(/Did you mean deployment\/web\?/u);
  expect(() => targetOf('service/web')).toThrow(/one of pod, keptnworkloadversion/u);
});

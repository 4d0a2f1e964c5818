import { expect, test } from 'vitest';
import { isListedHost } from '../../../src/api/text/listed-host.ts';

test.each([
  ['code.example.com', ['code.example.com'], true],
  ['code.example.com', ['Code.Example.COM'], true],
  ['code.example.com', ['*.example.com'], true],
  ['a.b.example.com', ['*.example.com'], true],
  ['example.com', ['*.example.com'], false],
  ['evil-example.com', ['*.example.com'], false],
  ['example.com.evil.org', ['example.com', '*.example.com'], false],
  ['10.0.0.5', ['10.0.0.5'], true],
  ['[fd00::5]', ['fd00::5'], true],
  ['[fd00::5]', ['[fd00::5]'], true],
  ['code.example.com', [], false],
])('host %s is on the list %j: %s', (host, list, isListed) => {
  expect(isListedHost(host, list)).toBe(isListed);
});

import { describe, expect, it } from 'vitest';
import { proxyAt, proxyFor, shownProxy } from '../../src/runtime/proxy.ts';

const both = { HTTP_PROXY: 'http://plain:3128', HTTPS_PROXY: 'http://secure:3128' };

function proxyOf(url: string, env: Readonly<Record<string, string>>): string | undefined {
  return proxyFor(new URL(url), env)?.url.host;
}

describe('the proxy for a URL', () => {
  it.each([
    ['https://api.example', both, 'secure:3128'],
    ['http://api.example', both, 'plain:3128'],
    ['https://api.example', { HTTP_PROXY: 'http://plain:3128' }, undefined],
    ['https://api.example', { https_proxy: 'http://lower:1' }, 'lower:1'],
    ['https://api.example', { HTTPS_PROXY: '', https_proxy: 'http://lower:1' }, 'lower:1'],
    [
      'https://api.example',
      { HTTPS_PROXY: 'http://upper:1', https_proxy: 'http://lower:1' },
      'upper:1',
    ],
    ['https://api.example', { HTTPS_PROXY: 'bare:3128' }, 'bare:3128'],
    ['https://api.example', { ALL_PROXY: 'http://all:1' }, undefined],
    ['https://api.example', {}, undefined],
  ])('%s with %j is %s', (url, env, expected) => {
    expect(proxyOf(url, env)).toBe(expected);
  });

  it.each([
    'https://localhost:6443',
    'https://LOCALHOST./',
    'https://api.localhost',
    'https://127.0.0.1:6443',
    'https://127.9.9.9',
    'https://[::1]:6443',
    'https://[::ffff:127.0.0.1]',
  ])('%s, this machine, is never asked by a proxy', (url) => {
    expect(proxyOf(url, both)).toBeUndefined();
  });

  it.each([
    ['*', 'https://api.example'],
    ['other.example, API.example', 'https://api.example'],
    ['example', 'https://api.example'],
    ['.example', 'https://api.example'],
    ['*.example', 'https://api.example'],
    ['api.example:443', 'https://api.example'],
    ['api.example', 'https://api.example.'],
    ['10.0.0.0/8', 'https://10.96.0.1'],
    ['10.96.0.1', 'https://10.96.0.1'],
    ['10.96.0.1:6443', 'https://10.96.0.1:6443'],
    ['fd00::/8', 'https://[fd00::1]:6443'],
    ['fd00::1', 'https://[fd00::1]'],
    ['[fd00::1]:6443', 'https://[fd00::1]:6443'],
    ['10.0.0.0/8', 'https://[::ffff:10.96.0.1]'],
  ])('NO_PROXY %s covers %s', (exceptions, url) => {
    expect(proxyOf(url, { ...both, NO_PROXY: exceptions })).toBeUndefined();
    expect(proxyOf(url, { ...both, no_proxy: exceptions })).toBeUndefined();
  });

  it.each([
    ['', 'https://api.example'],
    [',,', 'https://api.example'],
    ['ample', 'https://api.example'],
    ['.api.example', 'https://api.example'],
    ['*.api.example', 'https://api.example'],
    ['api.example:6443', 'https://api.example'],
    ['10.0.0.0/8', 'https://11.0.0.1'],
    ['10.0.0.0/99', 'https://10.0.0.1'],
    ['10.96.0.1:443', 'https://10.96.0.1:6443'],
    ['96.0.1', 'https://10.196.0.1'],
    [':443', 'https://api.example'],
    ['fd00::1', 'https://[fd00::2]'],
  ])('NO_PROXY %j does not cover %s', (exceptions, url) => {
    expect(proxyOf(url, { ...both, NO_PROXY: exceptions })).toBe('secure:3128');
  });

  it('refuses what is no HTTP proxy, and repeats no password', () => {
    const wrong = 'HTTPS_PROXY names a socks5:// proxy, which is not supported';
    expect(() => proxyAt('socks5://user:secret@proxy:1080', 'HTTPS_PROXY')).toThrow(wrong);
    expect(() => proxyAt('http://us er:secret@', 'https_proxy')).toThrow(
      'https_proxy is no address of a proxy: write http://host:port or https://host:port',
    );
    const shown = shownProxy(proxyAt('http://user:secret@proxy:3128', 'HTTPS_PROXY'));
    expect(shown).toBe('the proxy http://proxy:3128 (HTTPS_PROXY)');
  });
});

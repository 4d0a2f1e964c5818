import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { computedVersion } from '../../../src/domain/identity/computed-version.ts';

const version = (value: string) => ({ type: 'version', version: value });

describe('the version of a template that names none', () => {
  test('is the FNV-1a hash that Keptn computes (test vector)', () => {
    const containers = [{ name: 'ciao', image: 'peppe', env: [{ name: 'test', value: '12' }] }];
    expect(computedVersion(containers)).toEqual(version('1253120182'));
  });

  test('does not depend on anything but names, images and literal environment', () => {
    const plain = { name: 'a', image: 'b', env: [{ name: 'c' }] };
    const more = { ...plain, env: [{ name: 'c', valueFrom: {} }], resources: { limits: {} } };
    expect(computedVersion([more])).toEqual(computedVersion([plain]));
  });

  test('hashes UTF-8 bytes and is a number of 32 bits', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (name) => {
        const computed = computedVersion([{ name }]);
        if (computed.type !== 'version') throw new Error(computed.message);
        expect(computed.version).toBe(String(referenceHash(Buffer.from(name, 'utf8'))));
      }),
    );
  });

  test('is the tag of the container that keptn.sh/container names', () => {
    const containers = [
      { name: 'proxy', image: 'p:9' },
      { name: 'cart', image: 'host:5000/cart:1.2.0' },
    ];
    expect(computedVersion(containers, { container: 'cart' })).toEqual(version('1.2.0'));
  });

  test('cannot be computed when keptn.sh/container names no container', () => {
    expect(computedVersion([{ name: 'cart' }], { container: 'card' })).toEqual({
      type: 'impossible',
      message:
        "The container name 'card' specified in keptn.sh/container does not match any containers in the pod",
    });
  });

  test.each(['cart', 'cart:', 'cart:latest', 'registry:5000/cart'])(
    'is the hash when the image %s has no tag that names a version',
    (image) => {
      const containers = [{ name: 'cart', image }];
      expect(computedVersion(containers, { container: 'cart' })).toEqual(
        computedVersion(containers),
      );
    },
  );

  test('is the image tag of a single container only where that was asked for (W39)', () => {
    const one = [{ name: 'cart', image: 'cart:1.2.0' }];
    expect(computedVersion(one)).not.toEqual(version('1.2.0'));
    expect(computedVersion(one, { fromImageTag: true })).toEqual(version('1.2.0'));
    const two = [...one, { name: 'proxy', image: 'proxy:9' }];
    expect(computedVersion(two, { fromImageTag: true })).toEqual(computedVersion(two));
  });
});

/** FNV-1a as its specification states it, with exact integers. */
function referenceHash(bytes: Uint8Array): bigint {
  let hash = 0x811c9dc5n;
  for (const byte of bytes) hash = ((hash ^ BigInt(byte)) * 0x01000193n) % 2n ** 32n;
  return hash;
}

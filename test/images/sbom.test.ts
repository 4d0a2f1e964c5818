import { describe, expect, test } from 'vitest';
import { spdxOf } from '../../images/build/sbom.ts';
import type { TarEntry } from '../../images/build/tar.ts';

const files = {
  'var/lib/dpkg/status.d/libc6':
    'Package: libc6\nVersion: 2.41-12+deb13u1\nArchitecture: amd64\nDescription: x\n',
  'app/licenses/@scope+one@1.2.3/package.json':
    '{"name":"@scope/one","version":"1.2.3","license":"MIT OR Apache-2.0"}',
  'app/licenses/odd@1.0.0/package.json': '{"name":"odd","version":"1.0.0","license":{"type":"x"}}',
  'usr/bin/node': 'the program',
};
const tree = new Map(
  Object.entries(files).map(([path, text]): [string, TarEntry] => {
    const entry = { type: 'file', mode: 0o644, uid: 0, gid: 0, link: '', attributes: {} } as const;
    return [path, { ...entry, path, content: Buffer.from(text) }];
  }),
);
const subject = {
  reference: 'registry.example:5000/team/app:1',
  image: {
    digest: 'sha256:ab',
    tree,
    config: { Labels: { 'org.opencontainers.image.version': '1' } },
  },
  programs: {
    'usr/bin/node': { name: 'node', version: '24.21.0', license: 'MIT' },
    'usr/bin/deno': { name: 'deno', version: '2.9.5', license: 'MIT' },
  },
};

describe('the bill of materials', () => {
  const bill = JSON.parse(spdxOf(subject));

  test('names Debian packages, npm packages and single programs by package URLs', () => {
    const purls = bill.packages.map(
      (one: { externalRefs: { referenceLocator: string }[] }) =>
        one.externalRefs[0]?.referenceLocator,
    );
    expect(purls).toEqual([
      'pkg:oci/app@sha256%3Aab',
      'pkg:deb/debian/libc6@2.41-12%2Bdeb13u1?arch=amd64&distro=debian-13',
      'pkg:npm/%40scope/one@1.2.3',
      'pkg:npm/odd@1.0.0',
      'pkg:generic/node@24.21.0',
    ]);
  });

  test('says licences as they are declared, and where they are no expression, nothing', () => {
    const licences = bill.packages.map((one: { licenseDeclared: string }) => one.licenseDeclared);
    expect(licences.slice(2)).toEqual(['MIT OR Apache-2.0', 'NOASSERTION', 'MIT']);
  });

  test('has the checksum of a program', () => {
    expect(bill.packages.at(-1).checksums).toEqual([
      { algorithm: 'SHA256', checksumValue: expect.stringMatching(/^[0-9a-f]{64}$/) },
    ]);
  });

  test('relates every package to the image it describes, under names of its own', () => {
    const ids = bill.packages.map((one: { SPDXID: string }) => one.SPDXID);
    expect(new Set(ids).size).toBe(ids.length);
    expect(bill.relationships).toHaveLength(ids.length);
    expect(bill.relationships[0]).toEqual({
      spdxElementId: 'SPDXRef-DOCUMENT',
      relationshipType: 'DESCRIBES',
      relatedSpdxElement: 'SPDXRef-Image',
    });
  });

  test('of the same image is the same', () => {
    expect(spdxOf(subject)).toBe(spdxOf(subject));
  });
});

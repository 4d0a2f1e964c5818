import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { basesOf, pullReference, versionIn } from '../../images/build/base-images.ts';
import { dockerfiles, pinBases, unpinnedBases } from '../../images/build/pin.ts';

const root = join(import.meta.dirname, '../..');
const digest = `sha256:${'0123456789abcdef'.repeat(4)}`;
let checkout: string;
beforeEach(() => {
  checkout = mkdtempSync(join(tmpdir(), 'sluice-bases-'));
  for (const file of dockerfiles) {
    mkdirSync(dirname(join(checkout, file)), { recursive: true });
    cpSync(join(root, file), join(checkout, file));
  }
});
afterEach(() => rmSync(checkout, { recursive: true }));

describe('the bases of the Dockerfiles', () => {
  test.each(dockerfiles)('of %s are arguments, nothing else is pulled', (file) => {
    const text = readFileSync(join(root, file), 'utf8');
    const names = basesOf(text).map(({ argument }) => `\${${argument}}`);
    const stages = [...text.matchAll(/ AS (\S+)$/gmu)].map(([, name]) => name);
    const starts = [...text.matchAll(/^FROM (\S+)/gmu)].map(([, from]) => from);
    expect(starts.filter((from) => ![...stages, ...names, 'scratch'].includes(from))).toEqual([]);
    expect(text).not.toContain('# syntax=');
  });

  test('are the same Node in both files', () => {
    const bases = dockerfiles.flatMap((file) => basesOf(readFileSync(join(root, file), 'utf8')));
    const nodes = bases.filter(({ argument }) => argument === 'NODE_IMAGE').map(pullReference);
    expect(new Set(nodes).size).toBe(1);
  });

  test('say registry, repository and version in full', () => {
    const [node, deno, own] = basesOf(
      `ARG NODE_IMAGE=node:24.1.2-trixie-slim\nARG DENO_IMAGE=denoland/deno:bin-2.9.5@${digest}\nARG OWN_IMAGE=localhost:5000/x:1.0.0\n`,
    );
    expect(node).toEqual({
      argument: 'NODE_IMAGE',
      name: 'docker.io/library/node:24.1.2-trixie-slim',
      digest: undefined,
    });
    expect(deno && pullReference(deno)).toBe(`docker.io/denoland/deno:bin-2.9.5@${digest}`);
    expect(deno && versionIn(deno)).toBe('2.9.5');
    expect(own?.name).toBe('localhost:5000/x:1.0.0');
  });
});

describe('--pin', () => {
  test('writes the digest of each base into all Dockerfiles, and says what it was before', () => {
    const asked: string[] = [];
    const said = pinBases(checkout, (image) => {
      asked.push(image);
      return digest;
    });
    expect(unpinnedBases(checkout)).toEqual([]);
    expect(new Set(asked).size).toBe(asked.length);
    for (const file of dockerfiles) {
      const bases = basesOf(readFileSync(join(checkout, file), 'utf8'));
      expect(bases.map((base) => base.digest)).toEqual(bases.map(() => digest));
    }
    expect(said.every((line) => line.endsWith(`→ ${digest}`))).toBe(true);
    expect(pinBases(checkout, () => digest).every((line) => line.includes('unchanged'))).toBe(true);
  });

  test('writes nothing when a registry does not answer', () => {
    const failing = (): string => {
      throw new Error('no answer');
    };
    expect(() => pinBases(checkout, failing)).toThrow('no answer');
    for (const file of dockerfiles) {
      expect(readFileSync(join(checkout, file), 'utf8')).toBe(
        readFileSync(join(root, file), 'utf8'),
      );
    }
  });
});

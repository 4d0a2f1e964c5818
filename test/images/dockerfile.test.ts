import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Dockerfile } from '../../images/dockerfile.ts';
import { packingFor } from '../../images/functions/contents.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-dockerfile-'));
});
afterEach(() => rm(folder, { recursive: true }));

async function dockerfile(text: string): Promise<Dockerfile> {
  const file = join(folder, 'Dockerfile');
  await writeFile(file, text);
  return new Dockerfile(file);
}

describe('a Dockerfile', () => {
  test('makes an image of all the stages it builds on, the last word counting', async () => {
    const file = await dockerfile(`# a comment
FROM engine/deno:1 AS deno
FROM scratch AS base
COPY --from=deno /deno /bin/deno
ENV A=1 \\
    B=2
USER 1:1
FROM base AS image
COPY runner /runner
COPY --from=deno --chown=1:1 /cache /cache
ENV B=3
ENTRYPOINT ["/bin/deno", "run"]
`);
    expect(file.imageOf('image')).toEqual({
      config: { env: { A: '1', B: '3' }, user: '1:1', entrypoint: ['/bin/deno', 'run'] },
      copies: [
        { from: 'deno', source: '/deno', target: '/bin/deno' },
        { from: undefined, source: 'runner', target: '/runner' },
        { from: 'deno', owner: '1:1', source: '/cache', target: '/cache' },
      ],
    });
  });

  test.each([
    ['an instruction that the check cannot carry out', 'FROM scratch AS a\nRUN true', 'RUN true'],
    [
      'an entry point in need of a shell',
      'FROM scratch AS a\nENTRYPOINT deno run',
      'needs a shell',
    ],
    ['a stage without a name', 'FROM scratch', 'every stage needs a name'],
    ['a stage that is not there', 'FROM scratch AS b', 'no stage a'],
  ])('with %s is refused, not half understood', async (_what, text, want) => {
    await expect(dockerfile(text).then((file) => file.imageOf('a'))).rejects.toThrow(want);
  });
});

describe('the contents of an image', () => {
  test('are what every image has and what its languages add', () => {
    expect(Object.keys(packingFor(['deno']).wanted)).not.toContain('bash');
    const { wanted, leftOut } = packingFor(['deno', 'python', 'bash']);
    expect(Object.keys(wanted)).toEqual(
      expect.arrayContaining(['libc6', 'bash', 'curl', 'jq', 'git', 'python3', 'python3-requests']),
    );
    expect(leftOut).toContain('perl');
  });

  test('leave nothing out that a language asks for', () => {
    expect(packingFor(['deno']).leftOut).toContain('tar');
    expect(packingFor(['bash']).leftOut).not.toContain('tar');
  });

  test('of an unknown language do not exist', () => {
    expect(() => packingFor(['ruby'])).toThrow(
      'no such language: ruby; there are deno, python, bash',
    );
  });
});

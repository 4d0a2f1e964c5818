import { describe, expect, test } from 'vitest';
import type { ImageSpec } from '../../images/build/image-list.ts';
import { complaintsAbout, type JudgedImage } from '../../images/build/image-rules.ts';
import type { TarEntry } from '../../images/build/tar.ts';

const spec: ImageSpec = {
  name: 'app',
  dockerfile: 'Dockerfile',
  target: 'app',
  context: [],
  limit: 1000,
  hasShell: false,
};

function entry(path: string, more: Partial<TarEntry> = {}): TarEntry {
  const file = { type: 'file', mode: 0o644, uid: 0, gid: 0, link: '' } as const;
  return { ...file, path, content: Buffer.alloc(0), attributes: {}, ...more };
}

function image(more: Partial<JudgedImage> = {}, entries: readonly TarEntry[] = []): JudgedImage {
  const all = [entry('app/LICENSE'), ...entries];
  const words = ['title', 'description', 'licenses', 'version', 'source'];
  return {
    layers: [{ mediaType: 'layer', digest: 'sha256:0', size: 1000 }],
    config: {
      User: '65532:65532',
      Entrypoint: ['/app'],
      Labels: Object.fromEntries(words.map((word) => [`org.opencontainers.image.${word}`, word])),
    },
    tree: new Map(all.map((one) => [one.path, one])),
    ...more,
  };
}

describe('an image', () => {
  test('that keeps to the rules has no complaints', () => {
    const licensed = [entry('var/lib/dpkg/status.d/libc6'), entry('usr/share/doc/libc6/copyright')];
    expect(complaintsAbout(spec, image({}, licensed))).toEqual([]);
  });

  test('may have a shell where its functions need one', () => {
    const shell = image({}, [entry('usr/bin/bash')]);
    expect(complaintsAbout({ ...spec, hasShell: true }, shell)).toEqual([]);
  });

  test.each<[string, JudgedImage, string]>([
    [
      'is larger than its limit',
      image({ layers: [{ mediaType: 'layer', digest: 'sha256:0', size: 1001 }] }),
      'it is 0.0 MB compressed, more than 0.0 MB',
    ],
    ['runs as root', image({ config: { ...image().config, User: '' } }), 'its user is ""'],
    ['has a shell', image({}, [entry('usr/bin/dash')]), 'it has a shell, usr/bin/dash'],
    ['has a package manager', image({}, [entry('usr/bin/apt-get')]), 'it has usr/bin/apt-get'],
    ['has a setuid program', image({}, [entry('usr/bin/su', { mode: 0o4755 })]), '(setuid)'],
    [
      'lets everybody write a program',
      image({}, [entry('app/x', { mode: 0o666 })]),
      'may write app/x',
    ],
    [
      'has no labels',
      image({ config: { ...image().config, Labels: {} } }),
      'image.source is missing',
    ],
    ['has no licence of its own', image({ tree: new Map() }), 'its own licence is not inside'],
    [
      'has a package of Debian without its licence',
      image({}, [entry('var/lib/dpkg/status.d/git')]),
      "the licence of Debian's git is not inside",
    ],
  ])('that %s is complained of', (_what, wrong, want) => {
    expect(complaintsAbout(spec, wrong).join('\n')).toContain(want);
  });
});

import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { buildImages } from './build-images.ts';
import { pinBases, unpinnedBases } from './pin.ts';

/** `npm run images`: builds the images of this checkout as OCI archives, with a bill of materials beside each. */

const usage = `npm run images -- [NAME…] [options]

Builds images from the Dockerfiles with buildah, docker or podman, checks what they promise (size, user, no shell, licences), and
writes OCI archives and bills of materials (SPDX). Given no NAME, all of them.

  --prefix PREFIX        registry and organization of their names (default: where they are published)
  --tag TAG              default: the version of package.json
  --output FOLDER        default: ~/.cache/sluice/images/archives, where the same input is built once
  --bases WHERE          registry, stand-ins (assembled from npm and Debian packages, for tests), auto (default)
  --release COMMIT       as it is published: bases from their registry and pinned, nothing of earlier builds, smallest
  --pin                  build nothing; write today's digests of the bases into the Dockerfiles
  --fresh                use nothing of earlier builds: Debian's newest revisions
  --json                 print what was built as JSON
`;

const checkout = join(import.meta.dirname, '../..');
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    prefix: { type: 'string' },
    tag: { type: 'string' },
    output: { type: 'string' },
    bases: { type: 'string', default: 'auto' },
    release: { type: 'string' },
    pin: { type: 'boolean', default: false },
    fresh: { type: 'boolean', default: false },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
});

function oneOf<const Words extends readonly string[]>(
  option: string,
  word: string,
  words: Words,
): Words[number] {
  const found = words.find((one) => one === word);
  if (found !== undefined) return found;
  throw new Error(`--${option} is one of ${words.join(', ')}, not "${word}"`);
}

function releasing(revision: string) {
  const unpinned = unpinnedBases(checkout);
  if (unpinned.length > 0) {
    throw new Error(
      `not released: ${unpinned.join(', ')} follow a tag. Run \`npm run images -- --pin\`, review and commit`,
    );
  }
  return { revision, bases: 'registry', compression: 'small', fresh: true } as const;
}

async function main(): Promise<void> {
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  if (values.pin) {
    process.stdout.write(`${pinBases(checkout).join('\n')}\n`);
    return;
  }
  const { prefix, tag, output, release, fresh, json } = values;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const images = await buildImages({
    names: positionals,
    bases: oneOf('bases', values.bases, ['auto', 'registry', 'stand-ins']),
    ...(prefix !== undefined && { prefix }),
    ...(tag !== undefined && { tag }),
    ...(output !== undefined && { output }),
    fresh,
    ...(release !== undefined && releasing(release)),
    say,
  });
  if (json) process.stdout.write(`${JSON.stringify(images, undefined, 2)}\n`);
}

try {
  await main();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}

import { createHash } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { stringify } from 'yaml';
import { type TarEntry, writeTar } from '../images/build/tar.ts';
import { published } from '../src/config/published.ts';
import { makeCommandFolder } from './command-folder.ts';

/** The plugin of kubectl as krew installs it. */
export interface KrewPlugin {
  /** One archive for all platforms: JavaScript that takes the Node of the machine. */
  readonly archive: string;
  /** The manifest for krew's index. */
  readonly manifest: string;
}

/** Packs the plugin `kubectl sluice` and writes its manifest. The same checkout gives the same archive. */
export async function packForKrew(checkout: string, output: string): Promise<KrewPlugin> {
  const { version }: { version: string } = JSON.parse(
    readFileSync(join(checkout, 'package.json'), 'utf8'),
  );
  const folder = join(output, 'kubectl-sluice');
  await makeCommandFolder(checkout, folder);
  mkdirSync(output, { recursive: true });
  const name = `kubectl-sluice-${version}.tar.gz`;
  const content = gzipSync(writeTar(entriesOf(folder)), { level: 9 });
  // The header names the system that compressed it.
  content[9] = 255;
  const archive = join(output, name);
  writeFileSync(archive, content);
  const sha256 = createHash('sha256').update(content).digest('hex');
  const manifest = join(output, 'sluice.yaml');
  const uri = `${published.source}/releases/download/v${version}/${name}`;
  writeFileSync(manifest, stringify(manifestOf({ version, uri, sha256 })));
  return { archive, manifest };
}

function entriesOf(folder: string): readonly TarEntry[] {
  const paths = readdirSync(folder, { recursive: true, encoding: 'utf8' }).toSorted();
  return paths.map((path) => {
    const file = join(folder, path);
    const isFolder = lstatSync(file).isDirectory();
    return {
      path,
      type: isFolder ? 'folder' : 'file',
      mode: isFolder || path === 'sluice.cjs' ? 0o755 : 0o644,
      uid: 0,
      gid: 0,
      link: '',
      content: isFolder ? Buffer.alloc(0) : readFileSync(file),
      attributes: {},
    };
  });
}

interface Release {
  readonly version: string;
  readonly uri: string;
  readonly sha256: string;
}

/** krew starts only programs on Windows, not scripts: there it is npm that brings the command. */
function manifestOf({ version, uri, sha256 }: Release) {
  return {
    apiVersion: 'krew.googlecontainertools.github.com/v1alpha2',
    kind: 'Plugin',
    metadata: { name: 'sluice' },
    spec: {
      version: `v${version}`,
      homepage: published.source,
      shortDescription: 'Explain and steer deployment checks',
      description:
        'Says why a Pod is held, from the Pod down to the check that holds it; runs the tasks of a deployment on your machine; installs and removes Sluice, a Keptn-compatible lifecycle gate.\n',
      caveats: 'Needs Node.js 24 or newer on the PATH.\n',
      platforms: [
        {
          selector: {
            matchExpressions: [{ key: 'os', operator: 'In', values: ['linux', 'darwin'] }],
          },
          uri,
          sha256,
          bin: 'sluice.cjs',
        },
      ],
    },
  };
}

import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { cacheDirectory, findBinaries, type Environment } from '../control-plane/binaries.ts';
import { programNames, programsOf, type ProgramName } from '../control-plane/programs.ts';
import { releaseOf } from '../control-plane/versions.ts';

const release = releaseOf(undefined);

let scratch: string;
let lines: string[];
beforeEach(() => {
  scratch = mkdtempSync(join(tmpdir(), 'sluice-programs-'));
  lines = [];
});
afterEach(() => rmSync(scratch, { recursive: true }));

describe('the programs of the control plane', () => {
  it('come from the directory of SLUICE_CONTROL_PLANE first, then from KUBEBUILDER_ASSETS', async () => {
    const own = directoryOf(['etcd', 'kwok'], 'own');
    const assets = directoryOf([...programNames], 'assets');
    const found = await find({ SLUICE_CONTROL_PLANE: own, KUBEBUILDER_ASSETS: assets });
    expect(found.etcd).toBe(join(own, 'etcd'));
    expect(found['kube-apiserver']).toBe(join(assets, 'kube-apiserver'));
    expect(lines).toEqual([]);
  });

  it('are refused with the variable named when SLUICE_CONTROL_PLANE names no directory', async () => {
    const missing = join(scratch, 'nowhere');
    await expect(find({ SLUICE_CONTROL_PLANE: missing })).rejects.toThrow(
      `SLUICE_CONTROL_PLANE names ${missing}, which does not exist`,
    );
  });

  it('come from the official release when each fits its published checksum', async () => {
    await using mirror = await serve(publishedFiles());
    const found = await find({ SLUICE_CONTROL_PLANE_URL: mirror.url, PATH: '' });
    for (const name of programNames) {
      expect(found[name]).toBe(join(cacheOf({}), name));
      expect(execFileSync(found[name], ['--version'], { encoding: 'utf8' })).toContain(name);
    }
  });

  it('are found in the cache the second time, without a request', async () => {
    await using mirror = await serve(publishedFiles());
    await find({ SLUICE_CONTROL_PLANE_URL: mirror.url, PATH: '' });
    const requests = mirror.requested.length;
    await find({ SLUICE_CONTROL_PLANE_URL: mirror.url, PATH: '' });
    expect(mirror.requested).toHaveLength(requests);
  });

  it('are refused when the checksum is wrong: both sums are named and nothing is installed', async () => {
    const files = publishedFiles();
    const path = pathOf('kube-apiserver');
    const published = 'a'.repeat(64);
    files.set(`${path}.sha256`, Buffer.from(published));
    await using mirror = await serve(files);
    const received = sha256(files.get(path) ?? Buffer.alloc(0));
    const attempt = find({ SLUICE_CONTROL_PLANE_URL: mirror.url, PATH: fakeGo() });
    await expect(attempt).rejects.toThrow(
      new RegExp(`${published}.*${received}.*Nothing was installed`),
    );
    expect(existsSync(join(cacheOf({}), 'kube-apiserver'))).toBe(false);
    expect(readdirSync(cacheOf({})).filter((name) => name.startsWith('.'))).toEqual([]);
  });

  it('are built with Go when no checksum is published, with a line that says why', async () => {
    const files = publishedFiles();
    files.delete(`${pathOf('kwok')}.sha256`);
    await using mirror = await serve(files);
    const found = await find({ SLUICE_CONTROL_PLANE_URL: mirror.url, PATH: fakeGo() });
    expect(readFileSync(found.kwok, 'utf8')).toContain('built in kwok');
    expect(readFileSync(found.etcd, 'utf8')).toContain('published');
    expect(lines.filter((line) => line.includes('not downloaded'))).toEqual([
      `kwok ${release.kwok} is not downloaded: ${mirror.url}${pathOf('kwok')}.sha256 answers 404`,
    ]);
  });

  it('are all built with Go when the mirror cannot be reached, which is said once', async () => {
    const unreachable = await serve(new Map());
    await unreachable[Symbol.asyncDispose]();
    await find({ SLUICE_CONTROL_PLANE_URL: unreachable.url, PATH: fakeGo() });
    expect(lines.filter((line) => line.includes('not downloaded'))).toHaveLength(1);
    expect(lines.filter((line) => line.includes('done in'))).toHaveLength(programNames.length);
    expect(lines).toContainEqual(
      expect.stringMatching(/^building kwok v\S+ with Go \(5 of 5\) …$/),
    );
  });

  it('cannot be had without Go and without a mirror: the error names the three ways out', async () => {
    const attempt = find({ SLUICE_CONTROL_PLANE_URL: '', PATH: scratch });
    await expect(attempt).rejects.toThrow(
      /Install Go.*SLUICE_CONTROL_PLANE, .*SLUICE_CONTROL_PLANE_URL/,
    );
  });

  it('are installed by one process while another waits', async () => {
    const environment = { SLUICE_CONTROL_PLANE_URL: '', PATH: fakeGo() };
    await Promise.all([find(environment), find(environment)]);
    expect(lines.filter((line) => line.includes('done in'))).toHaveLength(programNames.length);
    expect(lines.filter((line) => line.startsWith('waiting for process'))).toHaveLength(1);
  });

  it('are installed anew when the cache holds another version of etcd', async () => {
    const environment = { SLUICE_CONTROL_PLANE_URL: '', PATH: fakeGo() };
    const { etcd } = await find(environment);
    writeFileSync(etcd, '#!/bin/sh\necho etcd Version: 3.0.0\n');
    lines = [];
    await find(environment);
    expect(lines.filter((line) => line.includes('done in'))).toEqual([
      expect.stringContaining(`building etcd ${release.etcd}`),
    ]);
  });
});

function find(environment: Environment): Promise<Record<ProgramName, string>> {
  return findBinaries({
    release,
    environment: { ...environment, XDG_CACHE_HOME: scratch },
    progress: (line) => lines.push(line),
  });
}

function cacheOf(environment: Environment): string {
  return cacheDirectory({ release, environment: { ...environment, XDG_CACHE_HOME: scratch } });
}

function directoryOf(names: readonly ProgramName[], folder: string): string {
  const directory = join(scratch, folder);
  mkdirSync(directory);
  for (const name of names) writeFileSync(join(directory, name), '', { mode: 0o755 });
  return directory;
}

function pathOf(name: ProgramName): string {
  const program = programsOf(release).find((candidate) => candidate.name === name);
  return program?.publication.path ?? '';
}

/** What the official hosts publish, with little scripts for programs. */
function publishedFiles(): Map<string, Buffer> {
  const files = new Map<string, Buffer>();
  for (const { name, version, publication } of programsOf(release)) {
    const script = `#!/bin/sh\n# published\necho ${name} ${version}\n`;
    const { path, sumPath, member } = publication;
    const content = member === undefined ? Buffer.from(script) : archiveOf(member, script);
    const sum = sha256(content);
    files.set(path, content);
    const alone = sumPath.endsWith('.sha256');
    files.set(
      sumPath,
      Buffer.from(alone ? sum : `${'0'.repeat(64)}  other\n${sum}  ${basename(path)}\n`),
    );
  }
  return files;
}

function archiveOf(member: string, content: string): Buffer {
  const root = join(scratch, 'archive');
  mkdirSync(dirname(join(root, member)), { recursive: true });
  writeFileSync(join(root, member), content);
  return execFileSync('tar', ['-czf', '-', '-C', root, member]);
}

/** A PATH whose `go build` writes a script that says where it was built. */
function fakeGo(): string {
  const directory = join(scratch, 'go');
  const script = [
    '#!/bin/sh',
    'while [ "$1" != -o ]; do shift; done',
    'folder=${PWD##*/}',
    'version=$(sed -n "s|.*go.etcd.io/etcd/server/v3 \\(v[0-9.]*\\).*|\\1|p; s|.*sigs.k8s.io/kwok \\(v[0-9.]*\\).*|\\1|p" go.mod)',
    'printf "#!/bin/sh\\n# built in %s\\necho %s\\n" "$folder" "$version" > "$2"',
  ];
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, 'go'), script.join('\n'), { mode: 0o755 });
  return `${directory}:/usr/bin:/bin`;
}

async function serve(
  files: ReadonlyMap<string, Buffer>,
): Promise<AsyncDisposable & { url: string; requested: string[] }> {
  const requested: string[] = [];
  const server = createServer((request, response) => {
    requested.push(request.url ?? '');
    const file = files.get(request.url ?? '');
    response.writeHead(file === undefined ? 404 : 200).end(file);
  });
  const { promise: listening, resolve } = Promise.withResolvers<void>();
  server.listen(0, '127.0.0.1', resolve);
  await listening;
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  const close = async (): Promise<void> => {
    const { promise: closed, resolve: done } = Promise.withResolvers<void>();
    server.close(() => done());
    server.closeAllConnections();
    await closed;
  };
  return { url: `http://127.0.0.1:${port}`, requested, [Symbol.asyncDispose]: close };
}

function sha256(content: Buffer): string {
  return createHash('sha256').update(content).digest('hex');
}

import { execFileSync, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };
import { packForKrew } from '../../release/krew.ts';
import { packForNpm } from '../../release/npm-package.ts';

const checkout = join(import.meta.dirname, '../..');
const definition = `apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { name: hello, namespace: default }
spec:
  retries: 0
  bash: { inline: { code: 'echo "hello from $0"; exit 0' } }
`;
// The Node that runs the tests, whatever else is on the PATH.
const env = {
  ...process.env,
  PATH: [dirname(process.execPath), process.env['PATH']].join(delimiter),
};

let folder: string;
beforeAll(() => {
  // As the file system calls it: a link on the way would count as another package.
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-package-')));
  writeFileSync(join(folder, 'hello.yaml'), definition);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true }));

function run(program: string, ...args: string[]) {
  const { status, stdout, stderr } = spawnSync(program, args, {
    cwd: folder,
    env,
    encoding: 'utf8',
    timeout: 60_000,
  });
  return { status, stdout, stderr };
}

function commandsWork(program: string): void {
  expect(run(program, 'version')).toEqual({
    status: 0,
    stdout: `${packageJson.version}\n`,
    stderr: '',
  });
  expect(run(program, '--help').stdout).toContain('Commands:');
  const ran = run(program, 'task', 'run', '-f', 'hello.yaml');
  expect(ran.stderr).toContain('hello succeeded');
  expect(parse(ran.stdout).status).toMatchObject({ status: 'Succeeded', exitCode: 0 });
  // What is loaded only where it is needed: the maker of certificates, the writer of YAML.
  const certs = mkdtempSync(join(folder, 'certs-'));
  const made = run(program, 'certs', '--host', 'localhost', '--directory', certs);
  expect(made).toMatchObject({ status: 0, stderr: '' });
  const installation = run(program, 'install', '--dry-run');
  expect(installation).toMatchObject({ status: 0, stderr: '' });
  expect(installation.stdout).toContain('kind: CustomResourceDefinition');
  expect(run(program, 'run', '--check')).toMatchObject({ status: 0, stderr: '' });
}

describe('the npm package', () => {
  let installed: string;
  beforeAll(async () => {
    const archive = await packForNpm(checkout, join(folder, 'npm-output'));
    installed = join(folder, 'installed');
    mkdirSync(installed);
    const quiet = ['--offline', '--no-audit', '--no-fund', '--prefix', installed];
    execFileSync('npm', ['install', ...quiet, archive], { env, stdio: 'pipe' });
  }, 120_000);

  test('installs without any other package, from no registry', () => {
    expect(readdirSync(join(installed, 'node_modules')).filter((name) => name !== '.bin')).toEqual([
      '.package-lock.json',
      packageJson.name,
    ]);
  });

  test.each(['sluice', 'kubectl-sluice'])(
    'works as %s: version, help, tasks, certificates',
    (name) => {
      commandsWork(join(installed, 'node_modules/.bin', name));
    },
  );

  test('says where its sources are, and passes on the licences of what is inside', () => {
    const own = join(installed, 'node_modules', packageJson.name);
    const manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
    expect(manifest).not.toHaveProperty('private');
    expect(manifest).not.toHaveProperty('dependencies');
    expect(manifest.repository.url).toMatch(/^git\+https:/u);
    expect(readdirSync(join(own, 'licenses')).join(' ')).toContain('undici@');
    expect(readdirSync(own)).toEqual(expect.arrayContaining(['LICENSE', 'README.md']));
  });

  test('is told apart from the checkout, which must not be packed as it is', () => {
    const { status, stderr } = run('npm', 'pack', '--dry-run', checkout);
    expect(status).not.toBe(0);
    expect(stderr).toContain('npm run package makes what is published');
  });
});

describe('the plugin of kubectl', () => {
  test('works through the link that krew makes, from an archive whose sum its manifest has', async () => {
    const { archive, manifest } = await packForKrew(checkout, join(folder, 'krew-output'));
    const plugin = parse(readFileSync(manifest, 'utf8'));
    const [platform] = plugin.spec.platforms;
    const sha256 = createHash('sha256').update(readFileSync(archive)).digest('hex');
    expect(platform).toMatchObject({ sha256, bin: 'sluice.cjs' });
    expect(plugin.metadata.name).toBe('sluice');

    const store = join(folder, 'store');
    mkdirSync(store);
    execFileSync('tar', ['--extract', '--gzip', '--file', archive, '--directory', store]);
    const link = join(folder, 'kubectl-sluice');
    symlinkSync(join(store, platform.bin), link);
    commandsWork(link);
  }, 120_000);

  test('is the same archive each time', async () => {
    const [one, other] = [
      await packForKrew(checkout, join(folder, 'one')),
      await packForKrew(checkout, join(folder, 'other')),
    ];
    expect(readFileSync(one.archive).equals(readFileSync(other.archive))).toBe(true);
  }, 120_000);
});

test('an old Node gets a sentence, not a syntax error', () => {
  const pretend = join(folder, 'pretend.cjs');
  writeFileSync(
    pretend,
    `Object.defineProperty(process, 'versions', { value: { node: '20.1.0' } });\n`,
  );
  const starter = join(checkout, 'release/sluice.cjs');
  expect(run(process.execPath, '--require', pretend, starter, 'version')).toEqual({
    status: 1,
    stdout: '',
    stderr: 'sluice needs Node.js 24 or newer, and this is 20.1.0\n',
  });
});

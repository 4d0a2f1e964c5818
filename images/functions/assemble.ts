import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  globSync,
  mkdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { packingFor, trimming } from './contents.ts';
import { downloadPackages, unpack } from './debian.ts';

/**
 * Assembles the file tree of an image from Debian packages, without installing anything: no script of a package runs, and there
 * is no package manager in the tree. The Dockerfiles and `npm run images:check` call it alike:
 *
 *   node assemble.ts LANGUAGES TREE CACHE        (LANGUAGES: deno, python, bash, separated by commas; or operator)
 */
export function assemble(languages: readonly string[], tree: string, cache: string): void {
  // Packages of Debian expect these links instead of folders.
  for (const folder of ['bin', 'lib', 'sbin', ...(existsSync('/lib64') ? ['lib64'] : [])]) {
    mkdirSync(join(tree, 'usr', folder), { recursive: true });
    symlinkSync(`usr/${folder}`, join(tree, folder));
  }
  for (const file of downloadPackages(packingFor(languages), cache)) unpack(file, tree);
  bundleCertificates(tree);
  addUser(tree);
  addFolders(tree, languages.includes('operator') ? ['tmp'] : ['tmp', 'keptn', 'var/data']);
  if (existsSync(join(tree, 'usr/bin/mawk'))) symlinkSync('mawk', join(tree, 'usr/bin/awk'));
  leaveOut(tree);
  shareGit(tree);
  if (languages.includes('python')) compilePython(tree);
}

/** What the script of ca-certificates would do, without a folder of hashed links: everything here reads the bundle. */
function bundleCertificates(tree: string): void {
  const files = globSync(join(tree, 'usr/share/ca-certificates/mozilla/*.crt')).toSorted();
  if (files.length === 0) throw new Error('ca-certificates brought no certificates');
  const bundle = join(tree, 'etc/ssl/certs/ca-certificates.crt');
  write(bundle, files.map((file) => `${readFileSync(file, 'utf8').trim()}\n`).join(''));
  // Where OpenSSL looks for itself, and with it Python.
  mkdirSync(join(tree, 'usr/lib/ssl'), { recursive: true });
  symlinkSync('/etc/ssl/certs/ca-certificates.crt', join(tree, 'usr/lib/ssl/cert.pem'));
}

function addUser(tree: string): void {
  const none = '/usr/sbin/nologin';
  write(
    join(tree, 'etc/passwd'),
    `root:x:0:0:root:/:${none}\nnonroot:x:65532:65532:nonroot:/tmp:${none}\n`,
  );
  write(join(tree, 'etc/group'), 'root:x:0:\nnonroot:x:65532:\n');
  write(join(tree, 'etc/nsswitch.conf'), 'passwd: files\ngroup: files\nhosts: files dns\n');
}

/** /keptn is where the status goes when no file is mounted there; /var/data and the kernel's folders are mounted in the cluster. */
function addFolders(tree: string, folders: readonly string[]): void {
  for (const folder of [...folders, 'proc', 'sys', 'dev']) {
    mkdirSync(join(tree, folder), { recursive: true });
  }
  for (const folder of ['tmp', 'keptn'].filter((one) => folders.includes(one))) {
    chmodSync(join(tree, folder), 0o1777);
  }
}

/** Licences stay: they must be passed on with the image. */
function leaveOut(tree: string): void {
  const { patterns, characterSets } = trimming();
  for (const file of globSync([...patterns], { cwd: tree })) {
    rmSync(join(tree, file), { recursive: true, force: true });
  }
  for (const file of globSync(join(tree, 'usr/share/doc/*/*'))) {
    if (!file.endsWith('/copyright')) rmSync(file, { recursive: true });
  }
  for (const file of globSync(join(tree, 'usr/lib/*/gconv/*.so'))) {
    if (!characterSets.includes(basename(file, '.so'))) rmSync(file);
  }
  // A list of what is no longer there; without it the modules themselves are looked up.
  for (const file of globSync(join(tree, 'usr/lib/*/gconv/gconv-modules.cache'))) rmSync(file);
}

/** Debian brings git twice. */
function shareGit(tree: string): void {
  const second = join(tree, 'usr/lib/git-core/git');
  if (!existsSync(second)) return;
  rmSync(second);
  symlinkSync('../../bin/git', second);
}

/** Nothing can be compiled on a read-only root, and without it every start would read all modules as text. */
function compilePython(tree: string): void {
  const compile = ['-m', 'compileall', '-q', '--invalidation-mode', 'unchecked-hash'];
  const inTree = [
    'chroot',
    tree,
    '/usr/bin/python3',
    ...compile,
    '/usr/lib/python3',
    pythonFolder(tree),
  ];
  const isRoot = process.getuid?.() === 0;
  const [program = '', ...args] = isRoot ? inTree : ['unshare', '--map-root-user', ...inTree];
  // The order of a set, which is part of what is compiled, follows the seed.
  const env = { ...process.env, PYTHONHASHSEED: '0' };
  execFileSync(program, args, { env, stdio: ['ignore', 'ignore', 'inherit'] });
}

function pythonFolder(tree: string): string {
  const [folder] = globSync(join(tree, 'usr/lib/python3.*'));
  if (folder === undefined) throw new Error('the tree has no Python');
  return folder.slice(tree.length);
}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
}

if (import.meta.main) {
  const [languages = '', tree = '', cache = ''] = process.argv.slice(2);
  assemble(languages.split(','), tree, cache);
}

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { bootstrapFile, sdkModule } from '../bootstrap.ts';
import { permissionOptions, permissionsAmong } from './deno-permissions.ts';
import { outdatedIn } from './deno-1.ts';
import type { Invocation, Language } from './language.ts';

/** Deno as Keptn's image runs it, with a preloaded module that calls the script's default export. */
export const deno: Language = {
  name: 'deno',
  interpreter: 'deno',
  // The folders of the URL are kept, so that what the script imports by a relative path is found (see `importMap`).
  fileName: (url) => (url && pathFrom(url)) ?? 'function.ts',
  args(invocation) {
    const { permissions, others } = permissionsAmong(invocation.interpreterOptions);
    const isUnknownType = !moduleExtension.test(invocation.script);
    return [
      'run',
      '--no-prompt',
      ...permissionOptions([...granted(invocation), ...permissions, ...needed(invocation)]),
      `--preload=${bootstrapFile('function.mjs')}`,
      ...(isUnknownType ? ['--ext=ts'] : []),
      ...(others.some(isImportMap) ? [] : [importMap(invocation)]),
      ...others,
      invocation.script,
      ...invocation.scriptArguments,
    ];
  },
  environment: ({ directory }) => ({
    DENO_DIR: join(directory, 'deno'),
    DENO_NO_UPDATE_CHECK: '1',
  }),
  // "error: Uncaught Error: …" comes first; stack, source line and hints follow.
  weight(line) {
    if (/^error\b|Fatal JavaScript/u.test(line)) return 2;
    return /^\S/u.test(line) ? 1 : 0;
  },
  diagnose(line) {
    if (/^error: (?:SyntaxError|The module's source code could not be parsed)/u.test(line)) {
      return 'SyntaxError';
    }
    if (permissionIn(line) !== undefined) return 'PermissionMissing';
    return /Fatal JavaScript (?:out of memory|invalid size)/u.test(line)
      ? 'OutOfMemory'
      : undefined;
  },
  remedy(line, { permissions, script }) {
    const permission = permissionIn(line);
    if (permission === undefined) return outdatedIn(line, script);
    const how =
      permissions === undefined
        ? `cmdParameters: --${permission} grants it beside the default ones`
        : 'add it to permissions';
    return `the permission ${permission} is missing; ${how}`;
  },
};

/** The permission that an uncaught error of Deno asks for; undefined where it is another error. */
function permissionIn(line: string): string | undefined {
  const [, name, value] =
    /^error: .*\bRequires ([a-z]+) access(?: to "([^"]+)")?, run again with the --allow-\1 flag/u.exec(
      line,
    ) ?? [];
  if (name === undefined) return undefined;
  return value === undefined ? `allow-${name}` : `allow-${name}=${value}`;
}

const moduleExtension = /\.(?:[mc]?[jt]s|[jt]sx)$/u;

/** The path of a URL as one of files, with an extension that Deno knows; undefined if it can be none. */
function pathFrom(url: URL): string | undefined {
  const segments = url.pathname.split('/').slice(1).map(decoded);
  const name = segments.pop() ?? '';
  const path = [...segments, moduleExtension.test(name) ? name : `${name}.ts`];
  const isPath = path.every((part) => /^[^/\0]{1,200}$/u.test(part) && !/^\.{1,2}$/u.test(part));
  return isPath ? path.join('/') : undefined;
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

/** The permissions of the definition, else Keptn's. */
function granted({ permissions, passedOn, url }: Invocation): readonly string[] {
  // Deno lets a script import from the host it came from, and from some module hosts; the script is a local file here, and to name
  // the one host would take away the others. A script with the whole network can get code from everywhere anyway.
  const imports = url === undefined ? [] : ['allow-import'];
  if (permissions !== undefined) return permissions;
  const isAnyVariable = passedOn.some((pattern) => pattern.endsWith('*'));
  const variables = ['DATA', 'SECURE_DATA', 'KEPTN_CONTEXT', 'CONTEXT', ...passedOn];
  return [
    'allow-net',
    'allow-read',
    'allow-write',
    isAnyVariable ? 'allow-env' : `allow-env=${variables.join(',')}`,
    ...imports,
  ];
}

/** What it takes to call the default export and to keep its result. */
function needed({ script, resultFile, permissions, url }: Invocation): readonly string[] {
  const mayImport = permissions?.some((permission) => permission.startsWith('allow-import'));
  return [
    'allow-env=KEPTN_CONTEXT,CONTEXT,KEPTN_RESULT,KEPTN_ATTEMPT',
    `allow-read=${script}`,
    `allow-write=${resultFile}`,
    ...(url === undefined || mayImport === true ? [] : [`allow-import=${hostAndPort(url)}`]),
  ];
}

function hostAndPort({ hostname, port, protocol }: URL): string {
  return `${hostname}:${port || (protocol === 'https:' ? '443' : '80')}`;
}

/** Whether an option brings an import map, of which there can be one. */
function isImportMap(option: string): boolean {
  return /^(?:--import-map|--config|-c)(?:=|$)/u.test(option);
}

/** What `sluice` is, and what `./other.ts` in a downloaded script: the file beside it on the server. */
function importMap(invocation: Invocation): string {
  const map = JSON.stringify({ imports: { sluice: sdkModule, ...neighbours(invocation) } });
  return `--import-map=data:application/json,${encodeURIComponent(map)}`;
}

function neighbours({ script, url }: Invocation): Readonly<Record<string, string>> {
  const path = url && pathFrom(url);
  if (url === undefined || path === undefined || !script.endsWith(`/${path}`)) return {};
  const file = pathToFileURL(script).href;
  const root = pathToFileURL(script.slice(0, -path.length)).href;
  return { [root]: `${url.origin}/`, [file]: file };
}

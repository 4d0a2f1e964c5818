import { execFile } from 'node:child_process';
import { cp, glob, mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

/**
 * Shows that the layer rules of `.oxlintrc.json` bite: each forbidden import or global below is written into a copy of the
 * repository's shape, and the linter must report exactly those.
 */

const root = new URL('../..', import.meta.url).pathname;

/** The rooms of src/domain from the lowest up, each with the rooms below it that it imports. Every other arrow between rooms is reported. */
const rooms: readonly (readonly [room: string, below: readonly string[]])[] = [
  ['certificates', []],
  ['go', []],
  ['evidence', []],
  ['owner', []],
  ['phase', []],
  ['identity', ['go', 'owner']],
  ['standing', ['phase']],
  ['check', ['go', 'identity', 'phase', 'standing']],
  ['deployment', ['check', 'evidence', 'go', 'identity', 'owner', 'phase', 'standing']],
  ['job', ['check', 'go']],
  ['follow-up', ['check', 'job', 'phase']],
  ['backstop', ['identity', 'owner']],
  ['gate', ['backstop', 'check', 'deployment', 'identity', 'owner', 'phase']],
  ['settings', ['go', 'job']],
  ['steering', ['go', 'phase']],
  [
    'app',
    ['check', 'deployment', 'follow-up', 'owner', 'phase', 'settings', 'standing', 'steering'],
  ],
  ['measurement', ['go', 'settings']],
  ['opt-in', ['gate', 'identity']],
  ['task', ['check', 'evidence', 'follow-up', 'job']],
  ['evaluation', ['check', 'follow-up', 'go', 'measurement']],
  ['explain', ['gate', 'go', 'identity', 'opt-in', 'owner', 'phase', 'standing', 'task']],
  ['trace', ['phase', 'task']],
  [
    'workload',
    [
      'app',
      'check',
      'deployment',
      'follow-up',
      'gate',
      'go',
      'identity',
      'owner',
      'phase',
      'settings',
      'standing',
      'steering',
    ],
  ],
  ['retention', ['app', 'identity', 'job', 'owner', 'phase', 'settings', 'task', 'workload']],
];

/** What each folder must not import; one line each of the layer table in the README. */
const forbidden: readonly (readonly [file: string, specifiers: readonly string[]])[] = [
  ['src/api/x.ts', ['../domain/y.ts', '../runtime/y.ts', '../config/y.ts', 'node:fs', 'pino']],
  ['src/api/keptn/x.ts', ['../../domain/y.ts', '../../config/y.ts', 'node:crypto']],
  [
    'src/domain/x.ts',
    ['../admission/y.ts', '../runtime/y.ts', '../lint/y.ts', 'node:crypto', 'typebox', 'ajv'],
  ],
  ['src/domain/hash.ts', ['node:fs', '../runtime/y.ts']],
  ['src/domain/x2.ts', ['./task/y.ts', './go/y.ts']],
  ...rooms.map(
    ([room, below]) =>
      [
        `src/domain/${room}/x.ts`,
        [
          '../../admission/y.ts',
          '../../runtime/y.ts',
          'node:crypto',
          'ajv',
          ...rooms
            .map(([other]) => other)
            .filter((other) => other !== room && !below.includes(other))
            .map((other) => `../${other}/y.ts`),
        ],
      ] as const,
  ),
  ['src/lint/room/x.ts', ['../../admission/y.ts', '../../controllers/y.ts', 'node:fs', 'yaml']],
  ['src/kubernetes/room/x.ts', ['../../domain/y.ts', '../../controllers/y.ts', 'fastify']],
  ['src/lint/x.ts', ['../admission/y.ts', '../controllers/y.ts', 'node:fs', 'yaml']],
  [
    'src/admission/x.ts',
    ['../server/y.ts', '../runtime/y.ts', '../kubernetes/y.ts', 'node:crypto', 'fastify'],
  ],
  ['src/admission/room/x.ts', ['../../server/y.ts', '../../runtime/y.ts', 'node:crypto', 'ajv']],
  ['src/ports/x.ts', ['../domain/y.ts', '../runtime/y.ts', 'pino']],
  ['src/runtime/x.ts', ['../api/y.ts', '../domain/y.ts', 'pino']],
  [
    'src/kubernetes/x.ts',
    ['../domain/y.ts', '../controllers/y.ts', '../server/y.ts', '../telemetry/y.ts', 'fastify'],
  ],
  [
    'src/controllers/x.ts',
    [
      '../kubernetes/y.ts',
      '../server/y.ts',
      '../admission/y.ts',
      '../telemetry/y.ts',
      'node:fs',
      'undici',
    ],
  ],
  ['src/controllers/room/x.ts', ['../../kubernetes/y.ts', '../../cli/y.ts', 'node:fs', 'undici']],
  [
    'src/server/x.ts',
    [
      '../controllers/y.ts',
      '../kubernetes/y.ts',
      '../cli/y.ts',
      'undici',
      '@kubernetes/client-node',
    ],
  ],
  ['src/certificates/x.ts', ['../domain/y.ts', '../runtime/y.ts', 'fastify']],
  ['src/telemetry/x.ts', ['../domain/y.ts', '../server/y.ts', 'fastify']],
  ['src/telemetry/room/x.ts', ['../../domain/y.ts', '../../server/y.ts', 'fastify']],
  ['src/metrics-providers/x.ts', ['../controllers/y.ts', '../domain/y.ts', 'undici']],
  [
    'src/cli/x.ts',
    [
      '@kubernetes/client-node',
      '@opentelemetry/api',
      '@grpc/grpc-js',
      '@prometheus-io/client',
      'undici',
      'fastify',
      'typebox',
      'ajv',
      'pino',
      '../../test/y.ts',
    ],
  ],
  ['src/config/config.ts', ['@kubernetes/client-node', 'fastify', 'pino']],
  ['runner/x.ts', ['../src/domain/y.ts', '../test/y.ts', 'yaml']],
  ['runner/languages/x.ts', ['../../src/api/y.ts', 'pino']],
];

/** What each folder may import: the other half of the table, so that a rule that forbids everything fails too. */
const allowed: readonly (readonly [file: string, specifiers: readonly string[]])[] = [
  ['src/api/ok.ts', ['./y.ts', './keptn/y.ts', 'typebox', 'typebox/value', 'ajv', 'ajv-formats']],
  ['src/api/keptn/ok.ts', ['./y.ts', '../y.ts', 'typebox']],
  ['src/domain/ok.ts', ['./y.ts', '../api/y.ts', '../api/keptn/y.ts']],
  ...rooms.map(
    ([room, below]) =>
      [
        `src/domain/${room}/ok.ts`,
        ['./y.ts', '../y.ts', '../../api/keptn/y.ts', ...below.map((one) => `../${one}/y.ts`)],
      ] as const,
  ),
  ['src/lint/room/ok.ts', ['./y.ts', '../base/y.ts', '../../domain/y.ts', '../../api/keptn/y.ts']],
  [
    'src/kubernetes/room/ok.ts',
    [
      './y.ts',
      '../y.ts',
      '../wire/y.ts',
      '../../runtime/y.ts',
      '../../api/y.ts',
      'undici',
      'node:fs',
    ],
  ],
  ['src/lint/ok.ts', ['../domain/y.ts', '../api/keptn/y.ts']],
  ['src/admission/ok.ts', ['../lint/y.ts', '../domain/y.ts', '../api/keptn/y.ts']],
  ['src/admission/room/ok.ts', ['./y.ts', '../y.ts', '../../lint/y.ts', '../../api/keptn/y.ts']],
  ['src/ports/ok.ts', ['./y.ts', '../api/y.ts']],
  ['src/kubernetes/watch/ok.ts', ['../../ports/y.ts']],
  ['src/controllers/loops/ok.ts', ['../../ports/y.ts']],
  ['src/server/ok2.ts', ['../ports/y.ts']],
  ['src/runtime/ok.ts', ['./y.ts', 'node:timers/promises', 'node:events']],
  [
    'src/kubernetes/ok.ts',
    [
      '../api/keptn/y.ts',
      '../runtime/y.ts',
      'undici',
      '@kubernetes/client-node',
      'node:fs/promises',
    ],
  ],
  ['src/controllers/ok.ts', ['./y.ts', '../domain/y.ts', '../api/keptn/y.ts', '../runtime/y.ts']],
  [
    'src/controllers/room/ok.ts',
    ['./y.ts', '../y.ts', '../../domain/y.ts', '../../domain/room/y.ts', '../../api/keptn/y.ts'],
  ],
  [
    'src/server/ok.ts',
    [
      '../admission/y.ts',
      '../telemetry/y.ts',
      '../api/y.ts',
      '../runtime/y.ts',
      'fastify',
      'node:fs',
    ],
  ],
  ['src/certificates/ok.ts', ['./y.ts', 'selfsigned', 'node:crypto']],
  [
    'src/telemetry/ok.ts',
    ['../api/y.ts', '../runtime/y.ts', 'pino', 'node:fs', '@opentelemetry/api', '@grpc/grpc-js'],
  ],
  [
    'src/telemetry/room/ok.ts',
    ['./y.ts', '../y.ts', '../../api/keptn/y.ts', '../../runtime/y.ts', '@prometheus-io/client'],
  ],
  ['src/metrics-providers/ok.ts', ['../api/keptn/y.ts', '../runtime/y.ts', 'node:net']],
  [
    'src/cli/ok.ts',
    ['../kubernetes/y.ts', '../server/y.ts', '../controllers/y.ts', 'commander', 'yaml', 'node:fs'],
  ],
  ['src/main.ts', ['./cli/y.ts', 'node:process']],
  ['src/process/ok.ts', ['../config/y.ts', '../kubernetes/y.ts', '../controllers/y.ts']],
  ['src/install/ok.ts', ['../process/y.ts', '../kubernetes/y.ts', '../config/y.ts']],
  ['runner/ok.ts', ['./languages/y.ts', './y.ts', 'node:fs', 'node:timers/promises']],
  ['runner/languages/ok.ts', ['../y.ts', './y.ts', 'node:path']],
];

/** Statements that make a decision depend on more than its input, with the folders where they are reported. */
const impure: readonly (readonly [statement: string, folders: readonly string[]])[] = [
  ['export const at = Date.now();', ['api', 'domain', 'lint', 'admission']],
  ['export const dice = Math.random();', ['api', 'domain', 'lint', 'admission']],
  ['setTimeout(() => undefined, 1);', ['api', 'domain', 'lint', 'admission']],
  ["export const answer = fetch('http://localhost');", ['domain', 'admission']],
  [
    'export const home = process.env;',
    ['domain', 'kubernetes', 'controllers', 'server', 'telemetry', 'cli'],
  ],
];

interface Finding {
  readonly file: string;
  readonly rule: string;
  readonly line: number;
  readonly help: string;
}

let folder = '';
let findings: readonly Finding[] = [];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-layers-'));
  await cp(join(root, '.oxlintrc.json'), join(folder, '.oxlintrc.json'));
  for (const [file, specifiers] of [...forbidden, ...allowed]) {
    await write(
      file,
      specifiers.map((specifier, at) => `export * as name${at} from '${specifier}';`),
    );
  }
  for (const [at, [statement, folders]] of impure.entries()) {
    for (const name of folders) await write(`src/${name}/impure-${at}.ts`, [statement]);
  }
  findings = await lint();
}, 30_000);

afterAll(() => rm(folder, { recursive: true, force: true }));

describe('an import against the layers is reported', () => {
  const cases = forbidden.flatMap(([file, specifiers]) =>
    specifiers.map((name, at) => [file, name, at + 1] as const),
  );
  test.each(cases)('%s must not import %s', (file, _specifier, line) => {
    const found = findings.filter((one) => one.file === file && one.line === line);
    expect(found.map((one) => one.rule)).toContain('eslint(no-restricted-imports)');
    expect(found[0]?.help, 'the message says why').toMatch(/src|runner/u);
  });
});

test.each(allowed)('%s may import what lies below it', (file) => {
  const found = findings.filter(
    (one) => one.file === file && one.rule === 'eslint(no-restricted-imports)',
  );
  expect(found).toEqual([]);
});

describe('what makes a decision impure is reported', () => {
  const cases = impure.flatMap(([statement, folders], at) =>
    folders.map((name) => [name, statement, at] as const),
  );
  test.each(cases)('src/%s must not say %s', (name, _statement, at) => {
    const rules = findings
      .filter((one) => one.file === `src/${name}/impure-${at}.ts`)
      .map((one) => one.rule);
    expect(rules.join()).toMatch(/no-restricted-(?:globals|properties)/u);
  });
});

test('no file switches a rule or the type checker off', async () => {
  const markers = /(?:ox|es)lint-disabl[e]|@ts-(?:ignore|nocheck)\b(?!\))/u;
  const offenders: string[] = [];
  for await (const file of glob('{src,test,runner}/**/*.ts', { cwd: root })) {
    if (markers.test(await readFile(join(root, file), 'utf8'))) offenders.push(file);
  }
  expect(offenders).toEqual([]);
});

async function write(file: string, lines: readonly string[]): Promise<void> {
  await mkdir(dirname(join(folder, file)), { recursive: true });
  await writeFile(join(folder, file), `${lines.join('\n')}\n`);
}

async function lint(): Promise<Finding[]> {
  const oxlint = join(root, 'node_modules/.bin/oxlint');
  const output = await new Promise<string>((resolve) => {
    // oxlint exits with 1 when it has findings, which is what this test wants.
    execFile(oxlint, ['--format', 'json'], { cwd: folder, maxBuffer: 2 ** 26 }, (_error, stdout) =>
      resolve(stdout),
    );
  });
  const report = JSON.parse(output) as { diagnostics: Diagnostic[] };
  return report.diagnostics.map((one) => ({
    file: one.filename,
    rule: one.code,
    line: one.labels[0]?.span.line ?? 0,
    help: one.help ?? '',
  }));
}

interface Diagnostic {
  readonly filename: string;
  readonly code: string;
  readonly help?: string;
  readonly labels: readonly { readonly span: { readonly line: number } }[];
}

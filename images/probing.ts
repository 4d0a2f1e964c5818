import { execFileSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ImageConfig } from './dockerfile.ts';
import { enter, entersRestricted, type Outcome } from './enter.ts';
import type { Report } from './report.ts';

const probes = { deno: 'probe.js', python: 'probe.py', bash: 'probe.sh' } as const;
export type Language = keyof typeof probes;

/** An image that was built here. */
export interface BuiltImage {
  readonly name: string;
  readonly tree: string;
  readonly config: ImageConfig;
}

// What every probe finds out, and what it should be.
const everywhere = {
  user: '65532',
  readOnly: true,
  app: 'shop',
  secret: 't0p',
  downloaded: 'hello',
};
const kernel = { tmp: true, ...(entersRestricted && { capabilities: '0000000000000000' }) };
const git = { commit: 'none', remote: 'not found' };
const wanted: Readonly<Record<Language, Readonly<Record<string, unknown>>>> = {
  deno: everywhere,
  python: { ...everywhere, ...kernel, ...git, certificates: true, zone: 'Europe/Vienna' },
  bash: { ...everywhere, ...kernel, ...git, zone: 'CEST' },
};

/** Runs a function of a language that tries what the image promises. `url` is a server that says hello. */
export async function probe(
  image: BuiltImage,
  language: Language,
  { url, report }: { url: string; report: Report },
): Promise<void> {
  const file = probes[language];
  const outcome = await enter(image.tree, image.config, {
    args: ['--runtime', language, '--script', `/var/data/${file}`],
    env: {
      DATA: JSON.stringify({ url }),
      KEPTN_CONTEXT: '{"appName":"shop"}',
      SECURE_DATA: '{"token":"t0p"}',
      CMD_ARGS: '',
    },
    files: { [file]: readFileSync(join(import.meta.dirname, 'probes', file), 'utf8') },
  });
  const what = `${image.name}: a function in ${language}`;
  const { status, result } = read(outcome);
  const wrong = Object.entries(wanted[language])
    .filter(([name, value]) => result[name] !== value)
    .map(
      ([name, value]) => `${name} is ${JSON.stringify(result[name])}, not ${JSON.stringify(value)}`,
    );
  if (outcome.exitCode === 0 && status === 'succeeded' && wrong.length === 0) report.passed(what);
  else report.failed(what, [...wrong, told(outcome)].join('\n'));
}

/** The lean image of a language says by itself which one it is for, and what is not there is no success. */
export async function probeMissingScript(image: BuiltImage, report: Report): Promise<void> {
  const args = ['--script', '/var/data/none'];
  const outcome = await enter(image.tree, image.config, { args, env: {}, files: {} });
  const what = `${image.name}: a missing script is a failure`;
  const { status, reason } = read(outcome);
  if (outcome.exitCode === 125 && status === 'failed' && reason === 'ScriptMissing')
    report.passed(what);
  else report.failed(what, told(outcome));
}

/** What is in an image and should not be. */
export function inspect({ name, tree, config }: BuiltImage, report: Report): void {
  const needless = ['usr/bin/dpkg', 'usr/bin/apt', 'usr/bin/perl'].filter((file) =>
    existsSync(join(tree, file)),
  );
  if (name === 'sluice-functions-deno' && existsSync(join(tree, 'usr/bin/sh')))
    needless.push('usr/bin/sh');
  if (needless.length > 0)
    report.failed(`${name}: no more than it needs`, `it has ${needless.join(', ')}`);
  else
    report.passed(
      `${name}: ${megabytes(tree)} MB, no package manager${name.endsWith('-deno') ? ', no shell' : ''}`,
    );
  if (config.user === '65532:65532') report.passed(`${name}: its user is 65532`);
  else report.failed(`${name}: its user`, `is "${config.user}", not 65532:65532`);
}

function megabytes(tree: string): string {
  return execFileSync('du', ['--summarize', '--block-size=MB', tree], { encoding: 'utf8' }).replace(
    /MB.*\n/u,
    '',
  );
}

function read({ status }: Outcome): {
  status?: string;
  reason?: string;
  result: Record<string, unknown>;
} {
  try {
    return { result: {}, ...JSON.parse(status) };
  } catch {
    return { result: {} };
  }
}

function told({ exitCode, output, status }: Outcome): string {
  return `exit code ${exitCode}, status ${status || 'empty'}\n${output}`;
}

import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import packageJson from '../../package.json' with { type: 'json' };

const root = join(import.meta.dirname, '../..');
const files = globSync('.github/workflows/*.yml', { cwd: root }).toSorted();

interface Workflow {
  readonly permissions: object;
  readonly jobs: Readonly<
    Record<string, { readonly permissions?: object; readonly steps: readonly { run?: string }[] }>
  >;
}

function text(file: string): string {
  return readFileSync(join(root, file), 'utf8');
}

describe.each(files)('%s', (file) => {
  const workflow: Workflow = parse(text(file));

  test('uses every action by its commit, with the version for people and Dependabot', () => {
    const uses = [...text(file).matchAll(/uses: (.*)$/gmu)].map(([, action]) => action);
    expect(uses).not.toEqual([]);
    const pinned = /^[\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/u;
    expect(uses.filter((action) => !pinned.test(action ?? ''))).toEqual([]);
  });

  test('grants nothing but what a job asks for', () => {
    expect(workflow.permissions).toEqual({});
    for (const job of Object.values(workflow.jobs)) expect(job.permissions).toBeDefined();
  });

  test('runs scripts that there are', () => {
    const runs = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.map(({ run = '' }) => run),
    );
    const scripts = runs.flatMap((run) =>
      [...run.matchAll(/npm run (?:-s )?([\w:-]+)/gu)].map(([, name = '']) => name),
    );
    expect(scripts.filter((name) => !(name in packageJson.scripts))).toEqual([]);
  });

  test('puts nothing from outside into a shell: texts of events come as variables', () => {
    const runs = Object.values(workflow.jobs).flatMap(({ steps }) =>
      steps.map(({ run = '' }) => run),
    );
    expect(runs.filter((run) => run.includes('${{'))).toEqual([]);
  });
});

test('the release signs what it pushes, and never builds it from stand-ins', () => {
  const release = text('.github/workflows/release.yml');
  expect(release).toContain('cosign sign --yes --recursive "$IMAGE@$DIGEST"');
  expect(release).toContain('--release "$GITHUB_SHA"');
  expect(release).not.toContain('stand-ins');
});

test('the plan of the commands in VERIFYING.md is the identity of the workflow that signs', () => {
  const identity = '/.github/workflows/release.yml@refs/tags/v$VERSION';
  expect(text('VERIFYING.md')).toContain(identity);
  const release: { on: { push: { tags: string[] } } } = parse(
    text('.github/workflows/release.yml'),
  );
  expect(release.on.push.tags).toEqual(['v*']);
});

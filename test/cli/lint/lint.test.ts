import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { judgeFiles, type JudgeSettings, kindsOfFiles } from '../../../src/cli/lint/judge-files.ts';
import { samples } from '../../support/builders/samples.ts';
import { sluice } from '../../support/cluster/command-line.ts';

const settings: JudgeSettings = {
  namespace: 'default',
  operatorNamespace: 'keptn-system',
  definitionsNamespace: 'keptn-system',
  known: [],
  complete: [],
  isStrict: false,
  levels: {},
};

function judged(text: string, more: Partial<JudgeSettings> = {}) {
  return judgeFiles([{ name: 'a.yaml', text }], { ...settings, ...more });
}

/** `12:5 error runner-count` for each finding. */
function seen(text: string, more: Partial<JudgeSettings> = {}): readonly string[] {
  return judged(text, more).findings.map(
    ({ line, column, level, rule }) => `${line}:${column} ${level} ${rule}`,
  );
}

const twoRunners = `apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata:
  name: check
spec:
  deno:
    inline: {code: "console.log(1)"}
  container: {name: c, image: example.com/c:1.0.0}
`;

describe('a finding', () => {
  test('stands at the line and column of its field', () => {
    expect(seen(twoRunners)).toEqual(['5:1 error runner-count']);
    expect(
      seen(`apiVersion: lifecycle.keptn.sh/v1
kind: KeptnEvaluationDefinition
metadata: {name: rate}
spec:
  objectives:
    - keptnMetricRef: {name: m}
      evaluationTarget: ">=10"
`),
    ).toEqual(['7:7 error objective-target']);
  });

  test('is found in the items of a List, in JSON, and in the second document', () => {
    const list = JSON.stringify({
      apiVersion: 'v1',
      kind: 'List',
      items: [
        {
          apiVersion: 'lifecycle.keptn.sh/v1',
          kind: 'KeptnTaskDefinition',
          metadata: { name: 'check' },
          spec: {},
        },
      ],
    });
    expect(judged(list).findings).toMatchObject([
      { rule: 'runner-count', object: 'KeptnTaskDefinition check', path: 'spec', line: 1 },
    ]);
    expect(seen(`a: 1\n---\n${twoRunners}`)).toEqual(['7:1 error runner-count']);
  });

  test('names what nearly is a kind, a group or a version of ours; other kinds are passed over', () => {
    const head = (apiVersion: string, kind: string) =>
      judged(`apiVersion: ${apiVersion}\nkind: ${kind}\nmetadata: {name: a}\n`);
    expect(head('lifecycle.keptn.sh/v1', 'KeptnTaskDefinitio').findings[0]?.message).toContain(
      'did you mean KeptnTaskDefinition?',
    );
    expect(head('keptn.sh/v1', 'KeptnApp').findings[0]?.message).toContain(
      'write apiVersion: lifecycle.keptn.sh/v1',
    );
    expect(head('lifecycle.keptn.sh/v9', 'KeptnApp').findings[0]?.path).toBe('apiVersion');
    expect(head('v1', 'ConfigMap')).toMatchObject({ findings: [], others: 1, objects: 0 });
  });

  test('of an old version names a field that this version does not have', () => {
    const old = `apiVersion: lifecycle.keptn.sh/v1alpha3
kind: KeptnTaskDefinition
metadata: {name: check}
spec:
  functon: {inline: {code: "1"}}
`;
    expect(judged(old).findings).toContainEqual(
      expect.objectContaining({
        rule: 'not-as-declared',
        line: 5,
        message: expect.stringContaining('function'),
      }),
    );
  });

  test('of a duration that is none says how one is written', () => {
    const text = twoRunners
      .replace(/ {2}deno:\n.*\n/u, '')
      .replace('spec:', 'spec:\n  timeout: 5 minutes');
    expect(judged(text).findings[0]).toMatchObject({
      path: 'spec.timeout',
      message: 'is no duration; write for example 5m or 1m30s',
    });
  });

  test('is made of aliases that unfold without end, and the other documents are judged', () => {
    const bomb = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
    for (let level = 1; level < 9; level += 1) {
      const before = `*a${level - 1}`;
      bomb.push(`a${level}: &a${level} [${Array.from({ length: 9 }, () => before).join(',')}]`);
    }
    const rules = judged(`${bomb.join('\n')}\n---\n${twoRunners}`).findings.map(({ rule }) => rule);
    expect(rules).toEqual(['not-yaml', 'runner-count']);
  });

  test('tells a template from broken YAML', () => {
    const [template] = judged('a: {{ .Values.b }}\nc: [\n').findings;
    expect(template).toMatchObject({ rule: 'not-yaml', level: 'error' });
    expect(template?.message).toContain('helm template');
    expect(judged('a: [').findings[0]?.message).not.toContain('helm template');
  });
});

describe('what is missing', () => {
  const context = `apiVersion: lifecycle.keptn.sh/v1
kind: KeptnAppContext
metadata: {name: shop}
spec: {preDeploymentTasks: [check]}
`;

  test('is not claimed where the files are not said to be complete', () => {
    expect(seen(context)).toEqual([]);
  });

  test('is a warning where they are, and none when another file has it', () => {
    const complete = { complete: kindsOfFiles };
    expect(seen(context, complete)[0]).toMatch(/^4:\d+ warning /u);
    const definition = twoRunners.replace(/ {2}deno:\n.*\n/u, '');
    expect(
      seen(`${context}---\n${definition}`, complete).filter((one) => one.startsWith('4:')),
    ).toEqual([]);
  });
});

describe('a comment', () => {
  const moving = (comment: string, behind = '') => `apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: {name: check}
spec:
  ${comment}
  container:
    name: c
    image: busybox ${behind}
`;

  test('takes back a finding in the field below it, on its line, or in its document', () => {
    const order = '# sluice-lint: ignore container-moving-tag -- built here a minute before';
    expect(seen(moving('# nothing'))).toEqual(['8:5 warning container-moving-tag']);
    expect(judged(moving(order))).toMatchObject({ findings: [], suppressed: 1 });
    expect(judged(moving('# nothing', order))).toMatchObject({ findings: [], suppressed: 1 });
    expect(judged(`${order}\n${moving('# nothing')}`)).toMatchObject({
      findings: [],
      suppressed: 1,
    });
  });

  test('reaches neither the next field nor the next document', () => {
    const order = '# sluice-lint: ignore container-moving-tag -- why';
    const other = moving('# nothing').replace('spec:', `${order}\nother: {}\nspec:`);
    expect(seen(other)).toContain('10:5 warning container-moving-tag');
    expect(seen(`${order}\na: 1\n---\n${moving('# nothing')}`)).toContain(
      '11:5 warning container-moving-tag',
    );
  });

  test('without a reason, of an unknown rule or without effect is a finding itself', () => {
    expect(seen(moving('# sluice-lint: ignore container-moving-tag'))).toEqual([
      '5:1 warning suppression-without-reason',
      '8:5 warning container-moving-tag',
    ]);
    expect(
      judged(moving('# sluice-lint: ignore container-movin-tag -- x')).findings[0]?.message,
    ).toBe('there is no rule container-movin-tag; did you mean container-moving-tag?');
    expect(seen(twoRunners.replace('spec:', '# sluice-lint: ignroe a\nspec:'))[0]).toBe(
      '5:1 warning suppression-unreadable',
    );
  });
});

describe('levels', () => {
  const text = twoRunners.replace(/ {2}deno:\n.*\n/u, '').replace('c:1.0.0', 'c');
  test('follow the rule, strict mode, and the configuration above both', () => {
    expect(seen(text)).toEqual(['6:24 warning container-moving-tag']);
    expect(seen(text, { isStrict: true })).toEqual(['6:24 error container-moving-tag']);
    expect(seen(text, { isStrict: true, levels: { 'container-moving-tag': 'note' } })).toEqual([
      '6:24 note container-moving-tag',
    ]);
    expect(seen(text, { levels: { 'container-moving-tag': 'off' } })).toEqual([]);
  });
});

describe('sluice lint', () => {
  let folder = '';
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sluice-lint-'));
    await writeFile(join(folder, 'a.yaml'), twoRunners);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  test('ends with 1 when something is found, with 0 when nothing counts, with 2 for bad input', async () => {
    expect((await sluice(['lint', folder])).exitCode).toBe(1);
    expect((await sluice(['lint', folder, '--fail-on', 'never'])).exitCode).toBe(0);
    expect((await sluice(['lint', folder, '--rule', 'runner-count=off'])).exitCode).toBe(0);
    expect(await sluice(['lint', join(folder, 'nothing')])).toMatchObject({ exitCode: 2 });
    const slip = await sluice(['lint', folder, '--rule', 'runner-cout=off']);
    expect(slip).toMatchObject({ exitCode: 2 });
    expect(slip.complaint).toContain('did you mean runner-count?');
  });

  test('shows the line, and counts at the end', async () => {
    const { output } = await sluice(['lint', folder]);
    expect(output).toContain('a.yaml:5:1: error runner-count');
    expect(output).toContain('  5 | spec:');
    expect(output).toContain('1 error in 1 object of 1 file');
  });

  test('hides what the baseline knows, and says what it no longer needs', async () => {
    const baseline = join(folder, 'baseline.txt');
    await sluice(['lint', folder, '--baseline', baseline, '--write-baseline']);
    expect(await sluice(['lint', folder, '--baseline', baseline])).toMatchObject({ exitCode: 0 });
    await writeFile(join(folder, 'b.yaml'), twoRunners.replace('name: check', 'name: other'));
    const more = await sluice(['lint', folder, '--baseline', baseline]);
    expect(more.exitCode).toBe(1);
    expect(more.output).not.toContain('a.yaml:5');
    await rm(join(folder, 'a.yaml'));
    expect((await sluice(['lint', folder, '--baseline', baseline])).output).toContain(
      'baseline-stale',
    );
  });

  test('writes formats that machines read', async () => {
    const json: unknown = JSON.parse((await sluice(['lint', folder, '--format', 'json'])).output);
    expect(json).toMatchObject([{ rule: 'runner-count', line: 5, column: 1, level: 'error' }]);
    const sarif: unknown = JSON.parse((await sluice(['lint', folder, '--format', 'sarif'])).output);
    expect(sarif).toMatchObject({
      version: '2.1.0',
      runs: [
        {
          tool: { driver: { rules: [{ id: 'runner-count' }] } },
          results: [{ ruleId: 'runner-count', level: 'error' }],
        },
      ],
    });
    const junit = (await sluice(['lint', folder, '--format', 'junit'])).output;
    expect(junit).toContain('failures="1"');
    expect(junit).toContain('<failure type="error"');
    const github = (await sluice(['lint', folder, '--format', 'github'])).output;
    expect(github).toMatch(/^::error file=.*a\.yaml,line=5,col=1,title=runner-count::/u);
  });

  test('lists its rules, each of which has a place in docs/rules.md', async () => {
    const listed = (await sluice(['lint', '--rules'])).output;
    const page = await readFile(new URL('../../../docs/rules.md', import.meta.url), 'utf8');
    const ids = listed
      .split('\n')
      .flatMap((line) => (line === '' ? [] : [line.split(' ')[0] ?? '']));
    expect(ids.length).toBeGreaterThan(30);
    expect(ids.filter((id) => !page.includes(`## ${id}\n`))).toEqual([]);
  });

  test('finds no error in the samples', async () => {
    expect((await sluice(['lint', samples, '--fail-on', 'error'])).exitCode).toBe(0);
  });
});

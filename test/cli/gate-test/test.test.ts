import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { sluice } from '../../support/cluster/command-line.ts';

const shop = new URL('../../../manifests/samples/shop', import.meta.url).pathname;
let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sluice-test-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** Runs `sluice test` over a file with this text, beside these other files. */
async function tested(
  text: string,
  { args = [], files = {} }: { args?: readonly string[]; files?: Record<string, string> } = {},
) {
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const file = join(folder, 'gates-test.yaml');
  await writeFile(file, text);
  return sluice(['test', file, ...args]);
}

const cart = (annotations: string): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  selector: { matchLabels: { app: cart } }
  template:
    metadata:
      labels: { app: cart }
      annotations: { keptn.sh/workload: cart, keptn.sh/version: "1", ${annotations} }
    spec: { containers: [{ name: cart, image: cart }] }
`;
const check = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { name: check, namespace: shop }
spec: { retries: 0, container: { name: check, image: "check:1" } }
`;
const pre = 'keptn.sh/pre-deployment-tasks: check';

test('the sample of the shop passes', async () => {
  const { exitCode, output } = await sluice(['test', shop]);
  expect(output).toMatch(/4 passed\n$/u);
  expect(exitCode).toBe(0);
});

describe('what is not as expected', () => {
  const wrong = `
manifests: [${shop}/v1]
cases:
  - name: the cart starts
    given: { tasks: { check-migrations: fail } }
    expect:
      workloads:
        cart: { pods: running, tasks: [smoke] }
        nowhere: { gated: true }
`;

  test('is said with its place, what came instead, and why', async () => {
    const { exitCode, output } = await tested(wrong);
    expect(exitCode).toBe(1);
    expect(output).toContain(
      'gates-test.yaml:8:17 workloads[cart].pods: expected running, got held',
    );
    expect(output).toContain(
      'tasks: expected [smoke], got [check-migrations]: smoke has not run, check-migrations has run and is not expected',
    );
    expect(output).toContain('workloads[nowhere]: expected to be there');
    expect(output).toContain('check-migrations Failed');
    expect(output).not.toContain('shop-web-1.0.0');
    expect(output).toMatch(/0 passed, 1 failed\n$/u);
  });

  test('is a failure for JUnit and data for programs', async () => {
    const junit = await tested(wrong, { args: ['--format', 'junit'] });
    expect(junit.output).toContain('tests="1" failures="1"');
    expect(junit.output).toContain('<failure message="expected running, got held">');
    const json = await tested(wrong, { args: ['--format', 'json'] });
    expect(JSON.parse(json.output)).toMatchObject([
      { name: 'the cart starts', passed: false, differences: [{ line: 8, column: 17 }, {}, {}] },
    ]);
  });
});

describe('what is played is what would happen', () => {
  test('without the definition nothing runs, and the Pods are held', async () => {
    const { output } = await tested(
      `
manifests: [cart.yaml]
cases:
  - name: waits
    within: 10m
    expect: { workloads: { cart: { gated: true, pods: held, tasks: [], state: Progressing, warnings: [check] } } }
`,
      { files: { 'cart.yaml': cart(pre) } },
    );
    expect(output).toContain('1 passed');
  });

  test('what is not annotated, or in a Namespace that has not opted in, starts', async () => {
    const { output } = await tested(
      `
manifests: [check.yaml]
cases:
  - name: not opted in
    manifests: [cart.yaml, namespace.yaml]
    expect: { workloads: { cart: { gated: false, pods: running, tasks: [] } } }
  - name: a failed check under blockDeployment false
    manifests: [cart.yaml, config.yaml]
    given: { tasks: { check: fail } }
    expect: { workloads: { cart: { gated: true, pods: running, state: Succeeded } } }
`,
      {
        files: {
          'check.yaml': check,
          'cart.yaml': cart(pre),
          'namespace.yaml': 'apiVersion: v1\nkind: Namespace\nmetadata: { name: shop }\n',
          'config.yaml':
            'apiVersion: options.keptn.sh/v1alpha1\nkind: KeptnConfig\nmetadata: { name: config, namespace: keptn-system }\nspec: { blockDeployment: false }\n',
        },
      },
    );
    expect(output).toContain('2 passed');
  });

  test('what a webhook would refuse is a difference unless it is expected', async () => {
    const twice = check.replace('container:', 'deno: { inline: { code: "1" } }, container:');
    const text = (refused: string): string => `
manifests: [check.yaml]
cases:
  - name: refused
    expect: { ${refused} }
`;
    const files = { 'check.yaml': twice };
    expect((await tested(text(''), { files })).output).toContain(
      'KeptnTaskDefinition check was refused',
    );
    const expected = await tested(text('refused: [keptntaskdefinition/check]'), { files });
    expect(expected.output).toContain('1 passed');
  });

  test('an old version is what it becomes', async () => {
    const old = check.replace('lifecycle.keptn.sh/v1', 'lifecycle.keptn.sh/v1alpha3');
    const { output } = await tested(
      `
manifests: [cart.yaml, check.yaml]
cases:
  - name: runs
    expect: { workloads: { cart: { tasks: [check], state: Succeeded } } }
`,
      { files: { 'check.yaml': old, 'cart.yaml': cart(pre) } },
    );
    expect(output).toContain('1 passed');
  });
});

describe('bad input ends with 2 and names the place', () => {
  test.each([
    [
      'cases: [{ name: a, expect: { workload: {} } }]',
      'is no field of a test; did you mean workloads?',
    ],
    ['cases: [{ name: a, within: soon, expect: {} }]', '"soon" is no duration'],
    ['cases: [{ name: a, expect: {} }]', 'a case needs manifests'],
    ['manifests: [gone]\ncases: [{ name: a, expect: {} }]', 'gone cannot be read'],
    ['cases: [{ name: a, given: { tasks: { x: explode } }, expect: {} }]', 'given.tasks.x'],
  ])('%s', async (text, words) => {
    expect(await tested(text)).toMatchObject({
      exitCode: 2,
      complaint: expect.stringContaining(words),
    });
  });

  test('a metric of which no value fits', async () => {
    const { exitCode, complaint } = await tested(
      `
manifests: [${shop}/v1]
cases:
  - name: both
    given: { evaluations: { enough-cpus: fail, few-waiting-orders: fail } }
    expect: {}
  - name: contradiction
    manifests: [twin.yaml]
    given: { evaluations: { few-waiting-orders: fail, twin: pass } }
    expect: {}
`,
      {
        files: {
          'twin.yaml':
            'apiVersion: lifecycle.keptn.sh/v1\nkind: KeptnEvaluationDefinition\nmetadata: { name: twin, namespace: shop }\nspec: { objectives: [{ keptnMetricRef: { name: waiting-orders }, evaluationTarget: "<10" }] }\n',
        },
      },
    );
    expect(complaint).toContain('give one under given.metrics');
    expect(exitCode).toBe(2);
  });
});

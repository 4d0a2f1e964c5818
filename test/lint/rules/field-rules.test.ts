import { describe, expect, test } from 'vitest';
import { parse } from 'yaml';
import { judgeFiles } from '../../../src/cli/lint/judge-files.ts';

/** The rules that findings of these texts break, with their paths. */
function found(...texts: readonly string[]): readonly string[] {
  const files = texts.map((text, index) => ({ name: `${index}.yaml`, text }));
  for (const text of texts) parse(text);
  const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };
  const settings = { namespace: 'shop', ...places, known: [], complete: [], levels: {} };
  return judgeFiles(files, { ...settings, isStrict: undefined }).findings.map(
    ({ rule, path }) => `${rule} ${path}`,
  );
}

const namespace = (metadata: string): string =>
  `apiVersion: v1\nkind: Namespace\nmetadata: { name: shop, ${metadata} }\n`;

describe('an opt-in that does nothing', () => {
  const key = 'keptn.sh/lifecycle-toolkit';
  test.each([
    [`annotations: { ${key}: "true" }`, `opt-in-without-effect metadata.annotations[${key}]`],
    [`annotations: { ${key}: Enabled }`, `opt-in-without-effect metadata.annotations[${key}]`],
    [`labels: { ${key}: enabled }`, `opt-in-without-effect metadata.labels[${key}]`],
    [
      'annotations: { keptn.sh/lifecycle-tolkit: enabled }',
      'opt-in-without-effect metadata.annotations[keptn.sh/lifecycle-tolkit]',
    ],
    [
      'labels: { sluice.keptn.sh/enabled: "true" }',
      'enabled-label-written metadata.labels[sluice.keptn.sh/enabled]',
    ],
    [
      'annotations: { sluice.keptn.sh/mode: blok }',
      'mode-unknown metadata.annotations[sluice.keptn.sh/mode]',
    ],
  ])('%s', (metadata, finding) => {
    expect(found(namespace(metadata))).toEqual([finding]);
  });

  test.each([
    `annotations: { ${key}: enabled }`,
    `annotations: { ${key}: enabled }, labels: { ${key}: enabled }`,
    `annotations: { ${key}: disabled }`,
    'labels: { team: shop }',
    'annotations: { sluice.keptn.sh/minimum-mode: block }',
  ])('nothing is said of %s', (metadata) => {
    expect(found(namespace(metadata))).toEqual([]);
  });
});

const definition = (spec: string, kind = 'KeptnTaskDefinition'): string =>
  `apiVersion: lifecycle.keptn.sh/v1\nkind: ${kind}\nmetadata: { name: check, namespace: shop }\nspec:\n${spec}`;

describe('a task that prints a secret', () => {
  const container = (script: string, more = 'envFrom: [{ secretRef: { name: s } }]'): string =>
    definition(
      `  container: { name: c, image: "check:1", ${more}, command: [sh, -c], args: [${JSON.stringify(script)}] }`,
    );
  const token = 'env: [{ name: TOKEN, valueFrom: { secretKeyRef: { name: s, key: t } } }]';
  test.each([
    container('set -ex\ncurl x'),
    container('curl x; env'),
    container('printenv | sort'),
    container('echo "token is $TOKEN"', token),
    container('printf %s ${TOKEN}', token),
    container('x=$(date); echo "$TOKEN" >&2', token),
    container('echo $TOKEN 2>/dev/null', token),
    container('(cd x; echo $TOKEN > /dev/stdout)', token),
  ])('%#', (text) => {
    expect(found(text)).toEqual(['secret-printed spec.container']);
  });

  test('in bash, the variable that holds all of them', () => {
    const bash = (code: string): string =>
      definition(
        `  bash: { inline: { code: ${JSON.stringify(code)} }, secureParameters: { secret: s } }`,
      );
    expect(found(bash('echo $SECURE_DATA'))).toEqual(['secret-printed spec.bash.inline.code']);
    expect(found(bash('curl -H "x: $SECURE_DATA" y'))).toEqual([]);
  });

  test.each([
    container('env FOO=1 curl x'),
    container('echo done', token),
    container('echo "$TOKENS"', 'env: []'),
    container('set -x', 'env: [{ name: A, value: b }]'),
    container('auth="Basic $(printf %s "$TOKEN" | base64)"', token),
    container('x=$(echo $TOKEN)', token),
    container('printf %s $TOKEN | base64 >code', token),
    container('echo "$TOKEN" > file', token),
  ])('nothing is said without a secret, or where it is not printed: %#', (text) => {
    expect(found(text)).toEqual([]);
  });
});

const cart = (replicas = 2, annotations = 'keptn.sh/pre-deployment-tasks: check'): string => `
apiVersion: apps/v1
kind: Deployment
metadata: { name: cart, namespace: shop }
spec:
  replicas: ${replicas}
  template:
    metadata: { labels: { app: cart }, annotations: { keptn.sh/workload: cart, keptn.sh/version: "1", ${annotations} } }
    spec: { containers: [{ name: c, image: "cart:1" }] }
`;
const task = (labels = ''): string =>
  definition(`  container: { name: c, image: "check:1" }\n  job: { labels: { ${labels} } }\n`);

describe('what stands beside a workload', () => {
  const service = (selector: string): string =>
    `apiVersion: v1\nkind: Service\nmetadata: { name: cart, namespace: shop }\nspec: { selector: { ${selector} } }\n`;
  const budget = (selector: string): string =>
    `apiVersion: policy/v1\nkind: PodDisruptionBudget\nmetadata: { name: cart, namespace: shop }\nspec: { selector: { ${selector} } }\n`;
  const scaler = (name: string): string =>
    `apiVersion: autoscaling/v2\nkind: HorizontalPodAutoscaler\nmetadata: { name: cart, namespace: shop }\nspec: { scaleTargetRef: { apiVersion: apps/v1, kind: Deployment, name: ${name} } }\n`;
  const quota = (hard: string): string =>
    `apiVersion: v1\nkind: ResourceQuota\nmetadata: { name: q, namespace: shop }\nspec: { hard: { ${hard} } }\n`;

  test.each([
    [[service('app: cart'), task('app: cart, x: y')], 'gate-job-selected spec.selector'],
    [[budget('matchLabels: { app: cart }'), task('app: cart')], 'gate-job-selected spec.selector'],
    [[budget(''), task()], 'gate-job-selected spec.selector'],
    [[scaler('cart'), cart()], 'autoscaler-on-held spec.scaleTargetRef'],
    [[quota('pods: 2'), cart()], 'quota-too-small spec.hard[pods]'],
    [[quota('"count/pods": "2"'), cart()], 'quota-too-small spec.hard[count/pods]'],
  ])('%#', (texts, finding) => {
    expect(found(...texts)).toEqual([finding]);
  });

  test.each([
    [[service('app: cart'), task('app: other')]],
    [[service(''), task('app: cart')]],
    [[scaler('other'), cart()]],
    [[scaler('cart'), cart(2, 'keptn.sh/app: shop')]],
    [[quota('pods: 3'), cart()]],
    [[quota('cpu: "1"'), cart()]],
  ])('nothing is said where nothing is wrong: %#', (texts) => {
    expect(found(...texts)).toEqual([]);
  });
});

test('a word that is no mode is pointed out on definitions and workloads, too', () => {
  const own = cart().replace(
    'name: cart,',
    'name: cart, annotations: { sluice.keptn.sh/mode: blocking },',
  );
  expect(found(own)).toContain('mode-unknown metadata.annotations[sluice.keptn.sh/mode]');
});

import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { operatorNamespace } from '../support/cluster/sluice-installation.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** What people are told who apply definitions on a real API server: by the schema, its CEL rules, and Sluice's webhooks. */

let sluice: RunningSluice;
let shop: EnabledNamespace;

type Kind =
  | 'KeptnTaskDefinition'
  | 'KeptnEvaluationDefinition'
  | 'KeptnAppContext'
  | 'KeptnApp'
  | 'KeptnMetric'
  | 'KeptnMetricsProvider'
  | 'KeptnConfig'
  | 'KeptnTask'
  | 'KeptnEvaluation';

/** An object of this kind in the namespace of this test. */
function an(kind: Kind, spec: unknown, metadata: object = { name: 'x' }): Manifest {
  const resource = ownKinds.find((one) => one.kind === kind);
  const apiVersion = resource?.apiVersion ?? '';
  return { apiVersion, kind, metadata: { namespace: shop.name, ...metadata }, spec };
}

const container = { name: 'c', image: 'registry.example/c:1.2.3' };
const url = 'https://example.com/f.ts';
const deno = { httpRef: { url } };
const objective = { keptnMetricRef: { name: 'cpu' }, evaluationTarget: '>4' };
const provider = { type: 'prometheus', targetServer: 'http://prometheus:9090' };
const metric = { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 10 };

/** What the rows below name and is there. */
function surroundings(): readonly Manifest[] {
  const metadata = (name: string) => ({ name, namespace: shop.name });
  return [
    an('KeptnTaskDefinition', { container }, { name: 'smoke' }),
    an('KeptnTaskDefinition', { deno }, { name: 'base' }),
    an('KeptnTaskDefinition', { deno, onFailure: ['x'] }, { name: 'back' }),
    ...[1, 2, 3].map((depth) =>
      an('KeptnTaskDefinition', { deno, onSuccess: [`d${depth + 1}`] }, { name: `d${depth}` }),
    ),
    an('KeptnTaskDefinition', { deno }, { name: 'd4' }),
    an('KeptnEvaluationDefinition', { objectives: [objective] }, { name: 'cpu-free' }),
    an('KeptnMetricsProvider', provider, { name: 'prometheus' }),
    an('KeptnMetric', metric, { name: 'cpu' }),
    { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata('code'), data: { code: 'x' } },
    { apiVersion: 'v1', kind: 'ServiceAccount', metadata: metadata('runner') },
  ];
}

/** Names everything that is there. */
const everything = () =>
  an('KeptnTaskDefinition', {
    bash: { configMapRef: { name: 'code' } },
    serviceAccount: { name: 'runner' },
    onSuccess: ['smoke', 'base', 'd4'],
  });

beforeAll(async () => {
  sluice = await RunningSluice.shared();
  shop = await sluice.namespace();
  await sluice.cluster.apply(...surroundings());
  await eventually('Sluice knows everything that is there', async () => {
    const seen = await Promise.all(
      [
        everything(),
        an('KeptnEvaluationDefinition', { objectives: [objective] }),
        an('KeptnMetric', metric),
        an('KeptnAppContext', { preDeploymentEvaluations: ['cpu-free'], onFailure: ['d3'] }),
      ].map((manifest) => sluice.cluster.verdictOn(manifest)),
    );
    return seen.every(({ refusal, warnings }) => refusal === undefined && warnings.length === 0);
  });
});

afterAll(async () => {
  await sluice.configure();
  await shop[Symbol.asyncDispose]();
});

type Row = readonly [title: string, kind: Kind, spec: unknown, message: string];

const missing = (kind: string, name: string) =>
  `not seen yet; ${kind} ${name} is waited for (in NAMESPACE or keptn-system)`;

const accepted: readonly (readonly [title: string, kind: Kind, spec: unknown])[] = [
  ['a container', 'KeptnTaskDefinition', { container }],
  [
    'a function with a ConfigMap, a ServiceAccount and follow-ups',
    'KeptnTaskDefinition',
    {
      deno: { configMapRef: { name: 'code' } },
      serviceAccount: { name: 'runner' },
      'on-success': 'base',
      'on-failure': ['smoke', 'd3'],
    },
  ],
  [
    'objectives, one with a query for the only provider',
    'KeptnEvaluationDefinition',
    {
      objectives: [objective, { name: 'up', query: 'up', evaluationTarget: '<1e3' }],
      onFailure: ['base'],
    },
  ],
  [
    'checks, promotion and follow-ups',
    'KeptnAppContext',
    {
      preDeploymentTasks: ['smoke'],
      postDeploymentEvaluations: ['cpu-free'],
      promotionTasks: ['base'],
      onSuccess: ['d2'],
    },
  ],
  ['workloads', 'KeptnApp', { version: '1', workloads: [{ name: 'a', version: '1' }] }],
  ['a range', 'KeptnMetric', { ...metric, range: { interval: '5m' } }],
  ['a provider', 'KeptnMetricsProvider', { ...provider, secretKeyRef: { name: 's', key: 'k' } }],
  ['a task by hand', 'KeptnTask', { taskDefinition: 'base', parameters: { map: { a: '1' } } }],
  [
    'an evaluation by hand',
    'KeptnEvaluation',
    { evaluationDefinition: 'cpu-free', workloadVersion: '' },
  ],
];

const rejected: readonly Row[] = [
  [
    'two runners (CRD)',
    'KeptnTaskDefinition',
    { container, deno },
    'KeptnTaskDefinition.lifecycle.keptn.sh "x" is invalid: spec: Invalid value: Forbidden! Only one of Container, Python, or Deno field can be defined (Bash included); container and deno are set',
  ],
  [
    'a functionRef to itself',
    'KeptnTaskDefinition',
    { deno: { functionRef: { name: 'x' } } },
    'spec.deno.functionRef.name: functionRef leads in a circle: x → x; remove one of the references',
  ],
  [
    'a functionRef to a container',
    'KeptnTaskDefinition',
    { deno: { functionRef: { name: 'smoke' } } },
    'spec.deno.functionRef.name: functionRef x → smoke ends in a definition with a container, which has no function to refer to; refer to a deno, python or bash definition',
  ],
  [
    'follow-ups in a circle',
    'KeptnTaskDefinition',
    { container, onSuccess: ['back'] },
    'spec.onSuccess[0]: follow-ups lead in a circle: x → back → x; remove one of the references',
  ],
  [
    'follow-ups that are too deep',
    'KeptnTaskDefinition',
    { container, onSuccess: ['d1'] },
    'spec.onSuccess[0]: follow-ups run at most 3 deep: x → d1 → d2 → d3 → d4; shorten the chain, or raise maxFollowUpDepth in KeptnConfig',
  ],
  [
    'both spellings of a follow-up',
    'KeptnTaskDefinition',
    { container, onSuccess: ['base'], 'on-success': 'base' },
    'spec.on-success: onSuccess is set as well, and both mean the same; keep one of them, preferably onSuccess',
  ],
  [
    'a follow-up that is no name',
    'KeptnTaskDefinition',
    { container, 'on-failure': { name: 'base' } },
    'spec.on-failure: is an object; write the name of a KeptnTaskDefinition, or a list of such names',
  ],
  [
    'a duration that only looks like one to the CRD',
    'KeptnTaskDefinition',
    { container, timeout: 'about5m' },
    'spec.timeout: "about5m" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
  ],
  [
    'a target that no value can meet',
    'KeptnEvaluationDefinition',
    { objectives: [{ ...objective, evaluationTarget: '>=4' }] },
    'spec.objectives[0].evaluationTarget: no value can ever meet ">=4" (strconv.ParseFloat: parsing "=4": invalid syntax); write < or > directly followed by a number, for example ">3"',
  ],
  [
    'a metric and a query (CRD)',
    'KeptnEvaluationDefinition',
    { objectives: [{ ...objective, query: 'up' }] },
    'KeptnEvaluationDefinition.lifecycle.keptn.sh "x" is invalid: spec.objectives[0]: Invalid value: set exactly one of keptnMetricRef and query',
  ],
  [
    'follow-ups of an evaluation that are too deep',
    'KeptnEvaluationDefinition',
    { objectives: [objective], 'on-failure': 'd1' },
    'spec.on-failure: follow-ups run at most 3 deep: KeptnEvaluationDefinition x → d1 → d2 → d3 → d4; shorten the chain, or raise maxFollowUpDepth in KeptnConfig',
  ],
  [
    'an evaluation among the tasks',
    'KeptnAppContext',
    { promotionTasks: ['base', 'cpu-free'] },
    'spec.promotionTasks[1]: cpu-free is a KeptnEvaluationDefinition; name a KeptnTaskDefinition here, or create the one of this name first',
  ],
  [
    'a name that nothing can have',
    'KeptnAppContext',
    { preDeploymentTasks: ['Check DB'] },
    'spec.preDeploymentTasks[0]: "Check DB" cannot be the name of anything; name a KeptnTaskDefinition',
  ],
  [
    'a negative revision',
    'KeptnApp',
    { version: '1', revision: -1 },
    'spec.revision: must not be negative, as -1 is',
  ],
  [
    'a range that no program reads',
    'KeptnMetric',
    { ...metric, range: { interval: '1d' } },
    'spec.range.interval: "1d" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
  ],
  [
    'a metric that is asked of a metric',
    'KeptnMetric',
    { ...metric, provider: { name: 'cpu' } },
    'spec.provider.name: cpu is a KeptnMetric; name a KeptnMetricsProvider here, or create the one of this name first',
  ],
  [
    'a type that only contains a known one',
    'KeptnMetricsProvider',
    { ...provider, type: 'prometheus-eu' },
    'spec.type: "prometheus-eu" is no type of provider; write one of prometheus, thanos, cortex, datadog, dynatrace, dql, elastic',
  ],
  [
    'an address without a scheme',
    'KeptnMetricsProvider',
    { ...provider, targetServer: 'prometheus:9090' },
    'spec.targetServer: "prometheus:9090" is no address; write scheme, host and port, for example http://prometheus:9090',
  ],
  [
    'a task with a negative timeout',
    'KeptnTask',
    { taskDefinition: 'base', timeout: '-5m' },
    'spec.timeout: must not be negative, as "-5m" is',
  ],
  [
    'an evaluation of a task definition',
    'KeptnEvaluation',
    { evaluationDefinition: 'base', workloadVersion: '' },
    'spec.evaluationDefinition: base is a KeptnTaskDefinition; name a KeptnEvaluationDefinition here, or create the one of this name first',
  ],
];

const warned: readonly Row[] = [
  [
    'a functionRef that leads nowhere',
    'KeptnTaskDefinition',
    { deno: { functionRef: { name: 'gone' } } },
    `spec.deno.functionRef.name: ${missing('KeptnTaskDefinition', 'gone')}`,
  ],
  [
    'a ConfigMap that does not exist',
    'KeptnTaskDefinition',
    { deno: { configMapRef: { name: 'gone' } } },
    'spec.deno.configMapRef.name: not seen yet; ConfigMap gone is waited for (in NAMESPACE)',
  ],
  [
    'a ServiceAccount that does not exist',
    'KeptnTaskDefinition',
    { container, serviceAccount: { name: 'gone' } },
    'spec.serviceAccount.name: not seen yet; ServiceAccount gone is waited for (in NAMESPACE)',
  ],
  [
    'a follow-up that does not exist',
    'KeptnTaskDefinition',
    { container, 'on-success': 'gone' },
    `spec.on-success: ${missing('KeptnTaskDefinition', 'gone')}`,
  ],
  [
    'a circle that does no harm',
    'KeptnTaskDefinition',
    { deno: { functionRef: { name: 'back' } } },
    'spec.deno.functionRef.name: functionRef and follow-ups together lead in a circle: x → back → x; it does no harm, but is it meant?',
  ],
  [
    'code from two places',
    'KeptnTaskDefinition',
    { python: { inline: { code: 'pass' }, httpRef: { url } } },
    'spec.python: code from several places: inline is run, and that of httpRef is not; keep one of them',
  ],
  [
    'code without https',
    'KeptnTaskDefinition',
    { deno: { httpRef: { url: 'http://example.com/f.ts' } } },
    'spec.deno.httpRef.url: code is downloaded without https, so anybody on the way can change it; use https, or set sha256',
  ],
  [
    'a secret among the parameters',
    'KeptnTaskDefinition',
    { deno: { ...deno, parameters: { map: { password: 'abc' } } } },
    'spec.deno.parameters.map.password: looks like a secret that anybody who may read this object can read; put it in a Secret, named in secureParameters.secret',
  ],
  [
    'a moving tag',
    'KeptnTaskDefinition',
    { container: { name: 'c', image: 'c:latest' } },
    'spec.container.image: c:latest has the tag latest, which moves: what runs can change unseen; name a version or a digest',
  ],
  [
    'a misspelt field of a container',
    'KeptnTaskDefinition',
    { container: { ...container, comand: ['true'] } },
    'spec.container.comand: is no field that is known here and has no effect; correct the spelling (did you mean command?), or remove it',
  ],
  [
    'a loose duration',
    'KeptnTaskDefinition',
    { container, timeout: '+5m' },
    'spec.timeout: "+5m" is written loosely; write it as 30s, 5m or 1h30m',
  ],
  [
    'a metric that does not exist',
    'KeptnEvaluationDefinition',
    { objectives: [{ ...objective, keptnMetricRef: { name: 'gone' } }] },
    `spec.objectives[0].keptnMetricRef.name: ${missing('KeptnMetric', 'gone')}`,
  ],
  [
    'a provider that does not exist',
    'KeptnEvaluationDefinition',
    { objectives: [{ query: 'up', evaluationTarget: '>0', provider: { name: 'gone' } }] },
    'spec.objectives[0].provider.name: not seen yet; KeptnMetricsProvider gone is waited for (in NAMESPACE)',
  ],
  [
    'no objectives',
    'KeptnEvaluationDefinition',
    { objectives: [] },
    'spec.objectives: is empty: the evaluation passes whatever happens; add an objective',
  ],
  [
    'promotion tasks that do not exist',
    'KeptnAppContext',
    { promotionTasks: ['gone'] },
    `spec.promotionTasks[0]: ${missing('KeptnTaskDefinition', 'gone')}`,
  ],
  [
    'a span link that is none',
    'KeptnAppContext',
    { spanLinks: ['abc'] },
    'spec.spanLinks[0]: "abc" is no W3C traceparent and is left out; write 00-<32 hex digits>-<16 hex digits>-01',
  ],
  [
    'a workload that is listed twice',
    'KeptnApp',
    {
      version: '1',
      workloads: [
        { name: 'a', version: '1' },
        { name: 'a', version: '2' },
      ],
    },
    'spec.workloads[1]: a is listed twice; remove one of them',
  ],
  [
    'a provider of a metric that does not exist',
    'KeptnMetric',
    { ...metric, provider: { name: 'gone' } },
    'spec.provider.name: not seen yet; KeptnMetricsProvider gone is waited for (in NAMESPACE)',
  ],
  [
    'a password in an address',
    'KeptnMetricsProvider',
    { ...provider, targetServer: 'https://me:abc@prometheus' },
    'spec.targetServer: has a password in it that anybody who may read this object can read; put it in a Secret, named in secretKeyRef',
  ],
  [
    'settings that do not rule',
    'KeptnConfig',
    { blockDeployment: false },
    'spec: has no effect: only a KeptnConfig in namespace keptn-system, where Sluice runs, rules the cluster; move it there',
  ],
  [
    'a task of a definition that does not exist',
    'KeptnTask',
    { taskDefinition: 'gone' },
    `spec.taskDefinition: ${missing('KeptnTaskDefinition', 'gone')}`,
  ],
  [
    'an evaluation without a measurement',
    'KeptnEvaluation',
    { evaluationDefinition: 'cpu-free', workloadVersion: '', retries: 0 },
    'spec.retries: is 0, and counts as 1: retries is the number of measurements',
  ],
];

const told = async (manifest: Manifest) => {
  const { refusal, warnings } = await sluice.cluster.verdictOn(manifest);
  const plain = (text: string) => text.replaceAll(shop.name, 'NAMESPACE');
  return { refusal: refusal && plain(refusal), warnings: warnings.map(plain) };
};

describe('accepts', () => {
  it.each(accepted)('%s (%s)', async (_, kind, spec) => {
    expect(await told(an(kind, spec))).toEqual({ warnings: [] });
  });

  it('a task that is still to get its name', async () => {
    const unnamed = { generateName: 'by-hand-' };
    expect(await told(an('KeptnTask', { taskDefinition: 'base' }, unnamed))).toEqual({
      warnings: [],
    });
  });
});

describe('rejects', () => {
  it.each(rejected.map((row) => [row[0], row[1], row] as const))(
    '%s (%s)',
    async (_title, _kind, [title, kind, spec, message]) => {
      const { refusal, warnings } = await told(an(kind, spec));
      expect(warnings).toEqual([]);
      if (title.endsWith('(CRD)')) {
        expect(refusal).toBe(message);
        return;
      }
      const { group = '' } = ownKinds.find((one) => one.kind === kind) ?? {};
      const name = webhookNames.get(kind) ?? `v${kind.toLowerCase()}.sluice.keptn.sh`;
      expect(refusal).toBe(
        `admission webhook "${name}" denied the request: ${kind}.${group} "x" is invalid: ${message}`,
      );
    },
  );
});

/** Keptn's own. */
const webhookNames: ReadonlyMap<Kind, string> = new Map<Kind, string>([
  ['KeptnTaskDefinition', 'vkeptntaskdefinition.kb.io'],
  ['KeptnMetric', 'vkeptnmetric.kb.io'],
]);

describe('warns of', () => {
  it.each(warned.map((row) => [row[0], row[1], row] as const))(
    '%s (%s)',
    async (_title, _kind, [, kind, spec, message]) => {
      expect(await told(an(kind, spec))).toEqual({ warnings: [message] });
    },
  );
});

describe('the settings that rule', () => {
  const changed = (spec: object) =>
    sluice.cluster.told(
      `/apis/options.keptn.sh/v1alpha1/namespaces/${operatorNamespace}/keptnconfigs/test?dryRun=All`,
      { method: 'PATCH', contentType: 'application/merge-patch+json', body: { spec } },
    );

  it('can be changed', async () => {
    expect(await changed({ observabilityTimeout: '90s' })).toEqual({ warnings: [] });
  });

  it('cannot be set to what no program reads', async () => {
    const { refusal } = await changed({ observabilityTimeout: '0 minutes' });
    expect(refusal).toBe(
      'admission webhook "vkeptnconfig.sluice.keptn.sh" denied the request: KeptnConfig.options.keptn.sh "test" is invalid: spec.observabilityTimeout: "0 minutes" is no duration: write numbers with units, for example 90s, 5m or 1h30m (units ns, us, µs, ms, s, m, h)',
    );
  });
});

describe('an object that is there', () => {
  const address = (plural: string, name: string) =>
    `/apis/lifecycle.keptn.sh/v1/namespaces/${shop.name}/${plural}/${name}`;

  it('can be labelled without a word, whatever is doubtful about it', async () => {
    const context = an('KeptnAppContext', { promotionTasks: ['gone'] }, { name: 'labelled' });
    await sluice.cluster.apply(context);
    const path = address(KeptnAppContext.plural, 'labelled');
    const patch = (body: unknown) =>
      sluice.cluster.told(path, {
        method: 'PATCH',
        contentType: 'application/merge-patch+json',
        body,
      });
    expect(await patch({ metadata: { labels: { a: 'b' } } })).toEqual({ warnings: [] });
    const changed = await patch({ spec: { promotionTasks: ['gone', 'smoke'] } });
    expect(changed.warnings).toHaveLength(1);
  });

  it('and is still needed is deleted with a warning that says by what', async () => {
    await sluice.cluster.apply(
      an('KeptnTaskDefinition', { container }, { name: 'needed' }),
      an('KeptnAppContext', { postDeploymentTasks: ['needed'] }, { name: 'needing' }),
    );
    const warnings = await eventually('Sluice knows what needs it', async () => {
      const path = `${address(KeptnTaskDefinition.plural, 'needed')}?dryRun=All`;
      const { warnings: said } = await sluice.cluster.told(path, { method: 'DELETE' });
      return said.length > 0 && said;
    });
    expect(warnings).toEqual([
      'KeptnTaskDefinition needed is still named by KeptnAppContext needing',
    ]);
  });

  it('and of which two versions are served is judged the same in the old one', async () => {
    const definition = {
      ...an('KeptnTaskDefinition', { function: { functionRef: { name: 'x' } } }),
      apiVersion: 'lifecycle.keptn.sh/v1alpha2',
    };
    expect((await told(definition)).refusal).toContain('functionRef leads in a circle: x → x');
  });
});

describe('in strict mode', () => {
  it('what is doubtful or risky is refused, and what is missing is not', async () => {
    await sluice.configure({ strictValidation: true });
    const moving = an('KeptnTaskDefinition', { container: { name: 'c', image: 'c:latest' } });
    const refusal = await eventually('strict mode is on', async () => {
      const verdict = await told(moving);
      return verdict.refusal;
    });
    expect(refusal).toBe(
      'admission webhook "vkeptntaskdefinition.kb.io" denied the request: KeptnTaskDefinition.lifecycle.keptn.sh "x" is invalid: spec.container.image: c:latest has the tag latest, which moves: what runs can change unseen; name a version or a digest (strictValidation is on)',
    );
    expect(await told(an('KeptnAppContext', { promotionTasks: ['gone'] }))).toEqual({
      warnings: [`spec.promotionTasks[0]: ${missing('KeptnTaskDefinition', 'gone')}`],
    });
  });
});

describe('two definitions that form a circle, neither of which could know when it was admitted', () => {
  it('say so in a condition', async () => {
    const local = an(
      'KeptnTaskDefinition',
      { container, onSuccess: ['shared'] },
      { name: 'local' },
    );
    const shared = an(
      'KeptnTaskDefinition',
      { container, onSuccess: ['local'] },
      { name: 'shared', namespace: operatorNamespace },
    );
    // When it came, there was none that it could follow; and from where the other is, nobody sees the first.
    await sluice.cluster.apply(local, shared);
    try {
      const { status } = await sluice.cluster.until(
        KeptnTaskDefinition,
        { namespace: shop.name, name: 'local' },
        (definition) =>
          definition.status?.conditions?.some(({ reason }) => reason === 'FollowUpCycle') === true,
      );
      expect(status?.conditions?.find(({ type }) => type === 'ResolvedRefs')?.message).toBe(
        'spec.onSuccess[0]: follow-ups lead in a circle: local → shared → local; remove one of the references',
      );
    } finally {
      await sluice.cluster.delete(KeptnTaskDefinition, {
        namespace: operatorNamespace,
        name: 'shared',
      });
    }
  });
});

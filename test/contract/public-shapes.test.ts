import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse } from 'yaml';
import type { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import { aTaskDefinition } from '../support/builders/apps.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** The shapes of manifests that people published for Keptn: each works, or its user is told why not in one sentence. */

interface Shape {
  readonly shape: string;
  readonly answer: string;
  readonly manifest: Manifest;
}

const shapes = readFileSync(new URL('../fixtures/public-shapes.yaml', import.meta.url), 'utf8')
  .split('# shape: ')
  .slice(1)
  .map((text): Shape => {
    const [shape = '', answer = '', ...rest] = text.split('\n');
    const manifest: Manifest = parse(rest.join('\n').replace(/^---$/m, ''));
    return { shape, answer: answer.replace('# answer: ', ''), manifest };
  });

let sluice: RunningSluice;
let shop: EnabledNamespace;
/** Without the provider that the others ask. */
let bare: EnabledNamespace;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
  shop = await sluice.namespace();
  bare = await sluice.namespace();
  // What some of them name.
  await shop.apply(
    aTaskDefinition('notify'),
    {
      apiVersion: 'metrics.keptn.sh/v1',
      kind: 'KeptnMetricsProvider',
      metadata: { name: 'prometheus' },
      spec: { type: 'prometheus', targetServer: 'http://prometheus:9090' },
    },
    {
      apiVersion: 'metrics.keptn.sh/v1',
      kind: 'KeptnMetric',
      metadata: { name: 'memory' },
      spec: { provider: { name: 'prometheus' }, query: 'up', fetchIntervalSeconds: 3600 },
    },
    {
      apiVersion: 'lifecycle.keptn.sh/v1',
      kind: 'KeptnEvaluationDefinition',
      metadata: { name: 'enough-memory' },
      spec: { objectives: [{ keptnMetricRef: { name: 'memory' }, evaluationTarget: '>1' }] },
    },
  );
});
afterAll(async () => {
  await shop[Symbol.asyncDispose]();
  await bare[Symbol.asyncDispose]();
});

it.each(shapes)('$shape: $answer', async ({ answer, manifest }) => {
  const place = manifest.kind === 'KeptnMetricsProvider' ? bare : shop;
  const isNamespace = manifest.kind === 'Namespace';
  const { warnings, refusal } = await sluice.cluster.verdictOn({
    ...manifest,
    metadata: { ...manifest.metadata, ...(!isNamespace && { namespace: place.name }) },
  });
  const [kind, ...words] = answer.split(': ');
  const expected = words.join(': ');
  if (kind === 'refused') {
    expect(refusal).toContain(expected);
    return;
  }
  expect(refusal).toBeUndefined();
  if (kind === 'works') expect(warnings).toEqual([]);
  else expect(warnings.join('\n')).toContain(expected);
});

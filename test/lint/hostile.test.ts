import { expect, test } from 'vitest';
import type { KubernetesObject } from '../../src/api/object.ts';
import { problemsOf } from '../../src/lint/rules.ts';
import {
  aMetricsProvider,
  anAppContext,
  anEvaluationDefinition,
  aTaskDefinition,
} from '../support/builders/builders.ts';
import { lintContext } from '../support/memory/lint-context.ts';
import { aManifest } from '../support/builders/workload-manifests.ts';

/** As much as the API server takes in one object: whoever writes that must not keep Pods waiting for their admission. */

const page = (text: string) => text.repeat(Math.floor(1_400_000 / text.length));
const names = Array.from({ length: 150_000 }, (_, index) => `n${index.toString(36)}`);

const container = { name: 'c', image: 'c:1' };
function nested(): unknown {
  let value: unknown = 'end';
  for (let level = 0; level < 50_000; level += 1) value = [value];
  return value;
}

const slips = Object.fromEntries(
  Array.from({ length: 16_000 }, (_, index) => [`keptm.sh/pre-deployment-task${index}`, 'x']),
);

const lists: object = { spec: { container, 'on-success': nested() } };

const withParameters = (map: Record<string, string>) => ({
  ...aTaskDefinition(),
  spec: { deno: { httpRef: { url: 'https://a/b' }, parameters: { map } } },
});

test.each<[string, KubernetesObject]>([
  ['follow-ups', aTaskDefinition({ spec: { container, onSuccess: names } })],
  ['checks', anAppContext({ spec: { preDeploymentTasks: names, promotionTasks: names } })],
  ['keys that are nearly ours', aManifest({ annotations: slips, podAnnotations: slips })],
  ['lists in lists', { ...aTaskDefinition(), ...lists }],
  ['letters of a token', withParameters({ a: page('eyJ') })],
  ['letters of a key', withParameters({ a: `-----BEGIN ${page('A ')}` })],
  ['words of a name', withParameters({ [page('aA')]: 'x' })],
  ['digits of a duration', aTaskDefinition({ spec: { container, timeout: page('1') } })],
  ['units of a duration', aTaskDefinition({ spec: { container, timeout: `${page('1s')}x` } })],
  ['points of a duration', aTaskDefinition({ spec: { container, timeout: `${page('.')}s` } })],
  ['slashes of an address', aMetricsProvider({ spec: { targetServer: page('//a') } })],
  [
    'letters of an image',
    aTaskDefinition({ spec: { container: { name: 'c', image: page('a/') } } }),
  ],
  [
    'digits of a target',
    anEvaluationDefinition({
      spec: { objectives: [{ keptnMetricRef: { name: 'a' }, evaluationTarget: `>${page('1_')}` }] },
    }),
  ],
])('a page of %s is judged in the time it takes to read it', (_, object) => {
  const before = process.cpuUsage();
  problemsOf(object, lintContext());
  const { user } = process.cpuUsage(before);
  // Anything that grew with the square of its length would take minutes.
  expect(user).toBeLessThan(5_000_000);
});

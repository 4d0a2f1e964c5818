import { convertReview } from '../../src/admission/convert.ts';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { webhooks } from '../../src/admission/registry.ts';
import { respond } from '../../src/admission/respond.ts';
import { templateDigest } from '../../src/kubernetes/projection/template-digest.ts';
import { aTaskDefinition } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';
import { aPod, aReplicaSet, ownedBy } from '../support/builders/workloads.ts';
import type { Benchmark } from './benchmark.ts';
import { atMost } from './figure.ts';

/**
 * What one hostile object or request costs everybody else: so long nothing else is answered. An object that is kept costs that
 * again with every review of it, and nothing in between.
 */
export const hostileReviews: Benchmark = {
  name: 'hostile-reviews',
  description: 'one review each of what is too long, too deep, or too much',
  figures: [
    {
      key: 'hostile-reviews.longest',
      target: 'T17',
      quantity: 'longest that one hostile review or conversion keeps others waiting',
      unit: 'ms',
      limit: atMost(50, 'time', 'ms'),
    },
  ],
  async run(bench) {
    const times = Object.entries(reviews).map(([name, answer]) => {
      answer();
      const from = performance.now();
      answer();
      const ms = performance.now() - from;
      bench.progress(`${name}: ${ms.toFixed(1)} ms`);
      return ms;
    });
    return { 'hostile-reviews.longest': { value: Math.max(...times) } };
  },
};

const depth = 9_900;
const deep = `${'{"x":'.repeat(depth)}1${'}'.repeat(depth)}`;
const long = '-.'.repeat(120_000);

const table = webhooks({ operatorNamespace: 'keptn-system', templateDigest });
const lookup = fixedLookup([], admissionIndexes);

function review(path: string, body: string): void {
  const webhook = table.find((one) => one.path === path);
  if (webhook === undefined) throw new Error(`there is no webhook ${path}`);
  respond(webhook, JSON.parse(body), { lookup, now: 0 });
}

const definition = aTaskDefinition();
const definitionText = JSON.stringify(
  reviewOf(requestFor(Object.assign({}, definition, { spec: { container: 'DEEP' } }))),
).replace('"DEEP"', deep);

const reviews: Readonly<Record<string, () => void>> = {
  'a Pod with a workload of 240,000 characters': () => podWith({ 'keptn.sh/workload': long }),
  'a Pod with a list of 240,000 characters': () =>
    podWith({ 'keptn.sh/workload': 'a', 'keptn.sh/pre-deployment-tasks': 'a,'.repeat(120_000) }),
  'a definition of 9,900 levels': () =>
    review('/validate-lifecycle-keptn-sh-v1-keptntaskdefinition', definitionText),
  'a conversion of 500 definitions, one of 9,900 levels': convertMany,
};

function podWith(annotations: Record<string, string>): void {
  const pod = aPod({ owners: [ownedBy(aReplicaSet())], annotations });
  review('/mutate-v1-pod', JSON.stringify(reviewOf(requestFor(pod))));
}

const objects = Array.from({ length: 500 }, () => definition);
const listText = JSON.stringify({
  apiVersion: 'apiextensions.k8s.io/v1',
  kind: 'ConversionReview',
  request: {
    uid: 'u',
    desiredAPIVersion: 'lifecycle.keptn.sh/v1beta1',
    objects: [...objects, { ...definition, spec: { container: 'DEEP' } }],
  },
}).replace('"DEEP"', deep);

function convertMany(): void {
  JSON.stringify(convertReview(JSON.parse(listText)).answer);
}

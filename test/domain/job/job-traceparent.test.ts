import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { expect, test } from 'vitest';
import { blueprintOf } from '../../../src/domain/job/function-source.ts';
import { jobFor } from '../../../src/domain/job/job.ts';
import { runnerImage } from '../../../src/domain/job/runner-image.ts';
import { aTask, aTaskDefinition } from '../../support/builders/task-builders.ts';

const image = runnerImage('runner:1');
const settings = {
  images: { deno: image, python: image, bash: image },
  functionRetries: undefined,
  jobDefaults: {},
};
const traceparent = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';

const Entry = Type.Object({ name: Type.String(), value: Type.Optional(Type.String()) });
const Containers = Type.Array(Type.Object({ env: Type.Array(Entry) }));

const definitions = {
  function: aTaskDefinition('check').with({ deno: { httpRef: { url: 'https://code/check.ts' } } }),
  container: aTaskDefinition('check').with({ container: { name: 'check', image: 'busybox' } }),
};

/** KEPTN_CONTEXT of the Job, as it is written. */
function contextOf(
  definition: (typeof definitions)['function'],
  metadata: Record<string, string>,
  span: string | undefined,
): string | undefined {
  const task = aTask({ spec: { context: { appName: 'shop', metadata } } });
  const blueprint = blueprintOf('check', () => definition);
  if (blueprint.type === 'problem') throw new Error(blueprint.message);
  const request = { name: 'job', task, definition, blueprint, settings };
  const { containers } = jobFor({ ...request, traceparent: span }).spec.template.spec;
  if (!Value.Check(Containers, containers)) throw new Error('the Job has no containers');
  return containers[0]?.env.find(({ name }) => name === 'KEPTN_CONTEXT')?.value;
}

test.each(['function', 'container'] as const)(
  'a %s gets its own span in KEPTN_CONTEXT, at the top and in the metadata, over what was there',
  (kind) => {
    const metadata = { team: 'cart', traceparent: 'of the phase' };
    expect(contextOf(definitions[kind], metadata, traceparent)).toBe(
      '{"workloadName":"","appName":"shop","appVersion":"","workloadVersion":"","taskType":"","objectType":"",' +
        `"traceparent":"${traceparent}","metadata":{"team":"cart","traceparent":"${traceparent}"}}`,
    );
  },
);

test.each(['function', 'container'] as const)(
  'a %s gets exactly Keptn’s context while tracing is off',
  (kind) => {
    expect(contextOf(definitions[kind], { team: 'cart' }, undefined)).toBe(
      '{"workloadName":"","appName":"shop","appVersion":"","workloadVersion":"","taskType":"","objectType":"",' +
        '"metadata":{"team":"cart"}}',
    );
  },
);

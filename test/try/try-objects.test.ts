import { expect, test } from 'vitest';
import { tryObjects } from './try-objects.ts';

const definition = `
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTaskDefinition
metadata: { name: check }
spec: { container: { name: main, image: 'check:1' } }
---
apiVersion: lifecycle.keptn.sh/v1
kind: KeptnTask
metadata: { name: one }
spec: { taskDefinition: check }
`;

async function linesOf(text: string): Promise<string[]> {
  const lines: string[] = [];
  for await (const line of tryObjects(text)) lines.push(line);
  return lines;
}

test('objects are judged by admission and one decision each, which sees those before it', async () => {
  const lines = await linesOf(definition);
  expect(lines.filter((line) => !line.startsWith('  '))).toEqual([
    'KeptnTaskDefinition default/check',
    'KeptnTask default/one',
  ]);
  expect(lines).toContain('  let in without a warning');
  expect(lines.find((line) => line.startsWith('  task plans'))).toContain('"kind":"batch/v1/Job"');
});

test('what the webhooks refuse is not decided on', async () => {
  const empty = definition.replace(
    "spec: { container: { name: main, image: 'check:1' } }",
    'spec: {}',
  );
  const lines = await linesOf(empty);
  const ofDefinition = lines.slice(0, lines.indexOf('KeptnTask default/one'));
  expect(ofDefinition.at(-1)).toMatch(/^ {2}refused: KeptnTaskDefinition/u);
  expect(ofDefinition.join()).not.toContain('plans');
});

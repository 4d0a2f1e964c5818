import { describe, expect, test } from 'vitest';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { defaultSettings } from '../../../src/domain/settings/keptn-config.ts';
import { anAppContext, anEvaluationDefinition } from '../../support/builders/builders.ts';
import { lintContext, problemLines } from '../../support/memory/lint-context.ts';
import { aTaskDefinition } from '../../support/builders/task-builders.ts';
import { aManifest } from '../../support/builders/workload-manifests.ts';

const url = 'https://example.com/f.ts';

function follows(name: string, onFailure: string[], namespace = 'shop') {
  return aTaskDefinition(name, { namespace }).with({ deno: { httpRef: { url } }, onFailure });
}

const objectives = [
  { keptnMetricRef: { name: 'cpu', namespace: 'keptn-system' }, evaluationTarget: '>1' },
];
const evaluation = (onSuccess: string[]) =>
  anEvaluationDefinition({ metadata: { name: 'a' }, spec: { objectives, onSuccess } });

function chainLines(
  object: KubernetesObject,
  others: readonly KubernetesObject[],
  maxFollowUpDepth = 3,
): readonly string[] {
  const settings = { ...defaultSettings, maxFollowUpDepth };
  return problemLines(object, lintContext(others, { settings })).filter(
    (line) => !line.startsWith('missing'),
  );
}

describe('a chain of follow-ups', () => {
  const [b, c, d, e] = [
    follows('b', ['c']),
    follows('c', ['d']),
    follows('d', ['e']),
    follows('e', []),
  ];

  test('is accepted up to the limit, from wherever it starts', () => {
    expect(chainLines(follows('a', ['b']), [b, c])).toEqual([]);
    expect(chainLines(evaluation(['b']), [b, c])).toEqual([]);
    expect(chainLines(anAppContext({ spec: { onSuccess: ['b'] } }), [b, c])).toEqual([]);
  });

  test('is rejected beyond the limit, whoever starts it', () => {
    const tooDeep = (field: string, start: string) =>
      `error follow-up-too-deep spec.${field}[0]: follow-ups run at most 3 deep: ${start} → b → c → d → e; shorten the chain, or raise maxFollowUpDepth in KeptnConfig`;
    const others = [b, c, d, e];
    expect(chainLines(follows('a', ['b']), others)).toEqual([tooDeep('onFailure', 'a')]);
    expect(chainLines(evaluation(['b']), others)).toEqual([
      tooDeep('onSuccess', 'KeptnEvaluationDefinition a'),
    ]);
    expect(chainLines(anAppContext({ spec: { onFailure: ['b'] } }), others)).toEqual([
      tooDeep('onFailure', 'KeptnAppContext shop'),
    ]);
    expect(chainLines(follows('a', ['b']), others, 4)).toEqual([]);
  });

  test('is told where the follow-up is named, not where a check of that name is', () => {
    const checks = { preDeploymentTasks: ['b'], onSuccess: ['b'] };
    const [line] = chainLines(anAppContext({ spec: checks }), [b, c, d, e]);
    expect(line).toContain('follow-up-too-deep spec.onSuccess[0]: ');
  });

  test('is rejected by its last link, too, whichever is applied last', () => {
    const line = (start: string) =>
      `error follow-up-makes-too-deep spec.onFailure[0]: follow-ups run at most 3 deep: ${start} → b → c → d → e; shorten the chain, or raise maxFollowUpDepth in KeptnConfig`;
    expect(chainLines(d, [follows('a', ['b']), b, c])).toEqual([line('a')]);
    expect(chainLines(c, [follows('a', ['b']), b, d])).toEqual([line('a')]);
    expect(chainLines(d, [evaluation(['b']), b, c])).toEqual([line('KeptnEvaluationDefinition a')]);
    expect(chainLines(d, [b, c])).toEqual([]);
  });

  test('of another namespace is not its business', () => {
    expect(chainLines(d, [follows('a', ['b'], 'other'), b, c])).toEqual([]);
  });

  test('is only warned of while follow-ups are switched off', () => {
    expect(chainLines(follows('a', ['b']), [], 0)).toEqual([
      'doubtful follow-up-switched-off spec.onFailure[0]: follow-ups are switched off and will not run: a → b; raise maxFollowUpDepth in KeptnConfig, or remove them',
    ]);
  });

  test('is rejected when it goes round, also by way of shared definitions', () => {
    const shared = follows('b', ['a'], 'keptn-system');
    const line =
      'error follow-up-cycle spec.onFailure[0]: follow-ups lead in a circle: a → b → a; remove one of the references';
    expect(chainLines(follows('a', ['b']), [shared])).toEqual([line]);
    // Seen from its own namespace, the shared one leads to a definition that does not exist there.
    expect(chainLines(shared, [follows('a', ['b'])])).toEqual([]);
  });

  test('is rejected with more than 32 follow-ups of one end, however they are spelt', () => {
    const names = Array.from({ length: 33 }, (_, index) => `f${index}`);
    const message = 'names 33 definitions; at most 32 may follow one end';
    expect(chainLines(follows('a', names), [])).toEqual([
      `error follow-up-too-many spec.onFailure: ${message}`,
    ]);
    const proposed = {
      ...follows('a', []),
      spec: { deno: { httpRef: { url } }, 'on-success': names },
    };
    expect(chainLines(proposed, [])).toEqual([
      `error follow-up-too-many spec.on-success: ${message}`,
    ]);
    expect(chainLines(follows('a', names.slice(1)), [])).toEqual([]);
  });

  test('is judged as it will be, not as it is', () => {
    const before = follows('a', []);
    expect(chainLines(follows('a', ['b']), [before, follows('b', ['a'])])).toHaveLength(1);
    expect(chainLines(before, [follows('a', ['b']), follows('b', ['a'])])).toEqual([]);
  });
});

describe('a circle of functionRef and follow-ups', () => {
  const referring = aTaskDefinition('a').with({ deno: { functionRef: { name: 'b' } } });
  const b = follows('b', ['a']);

  test('is warned of: it does no harm', () => {
    const message =
      'functionRef and follow-ups together lead in a circle: a → b → a; it does no harm, but is it meant?';
    expect(chainLines(referring, [b])).toEqual([
      `doubtful chain-mixed-cycle spec.deno.functionRef.name: ${message}`,
    ]);
    expect(chainLines(b, [referring])).toEqual([
      `doubtful chain-mixed-cycle spec.onFailure[0]: ${message.replace('a → b → a', 'b → a → b')}`,
    ]);
  });
});

describe('the follow-ups that a workload is annotated with', () => {
  const chain = [follows('b', ['c']), follows('c', ['d']), follows('d', ['e']), follows('e', [])];
  const manifest = (names: string) =>
    aManifest({
      podAnnotations: {
        'keptn.sh/workload': 'cart',
        'keptn.sh/version': '1',
        'sluice.keptn.sh/on-failure-tasks': names,
      },
    });
  const path = 'spec.template.metadata.annotations[sluice.keptn.sh/on-failure-tasks]';

  test('are accepted up to the limit', () => {
    expect(chainLines(manifest('c'), chain)).toEqual([]);
  });

  test('are warned of when they are too deep, or lead in a circle', () => {
    expect(chainLines(manifest('e,b'), chain)).toEqual([
      `doubtful workload-follow-up-chain ${path}: follow-ups run at most 3 deep: Deployment cart → b → c → d → e; shorten the chain, or raise maxFollowUpDepth in KeptnConfig`,
    ]);
    expect(chainLines(manifest('f'), [follows('f', ['f'])])).toEqual([
      `doubtful workload-follow-up-chain ${path}: follow-ups lead in a circle: Deployment cart → f → f; remove one of the references`,
    ]);
  });
});

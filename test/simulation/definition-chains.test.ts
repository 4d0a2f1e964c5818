import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { followUpChainProblem } from '../../src/domain/follow-up/definition-chain.ts';
import { defaultSettings } from '../../src/domain/settings/keptn-config.ts';
import { problemsOf } from '../../src/lint/rules.ts';
import { definitionNames, taskDefinitions } from '../support/builders/definition-graphs.ts';
import { lintContext } from '../support/memory/lint-context.ts';
import { aShopNamespace } from './shop.ts';
import type { Simulation } from './simulation.ts';
import { sluice } from './sluice.ts';
import { storm } from './weather.ts';

/** Validation and the running controllers, about the same definitions. None of these has been through admission. */

const limit = defaultSettings.maxFollowUpDepth;
// At most three follow-ups each, one of two lists at a time, two of which have two entries.
const mostTasks = 1 + 2 + 2 ** 2 + 2 ** 3;

const definitionsIn = ({ store }: Simulation) => store.list(KeptnTaskDefinition);

/** The ids of the rules that this definition breaks, by what there is in the cluster. */
function brokenBy(definition: KubernetesObject, simulation: Simulation): ReadonlySet<string> {
  const context = lintContext(definitionsIn(simulation));
  return new Set(problemsOf(definition, context).map(({ rule }) => rule.id));
}

function reasonOf(definition: KeptnTaskDefinition, type: string): string | undefined {
  return definition.status?.conditions?.find((condition) => condition.type === type)?.reason;
}

/** What stands in conditions and in the records of follow-ups is what validation says of the same definitions. */
function expectAgreement(simulation: Simulation): void {
  const find = (name: string) => simulation.store.get(KeptnTaskDefinition, 'shop', name);
  for (const definition of definitionsIn(simulation)) {
    const broken = brokenBy(definition, simulation);
    const leads = broken.has('function-ref-cycle') ? 'ChainHasCycle' : 'Resolved';
    expect([definition.metadata.name, reasonOf(definition, 'Ready')]).toEqual([
      definition.metadata.name,
      leads,
    ]);
    const refs = ['function-ref-cycle', 'follow-up-cycle', 'follow-up-too-deep'].filter((id) =>
      broken.has(id),
    );
    const reason = reasonOf(definition, 'ResolvedRefs') ?? 'Resolved';
    const words = refs.map((id) =>
      id.replaceAll(/(?:^|-)([a-z])/g, (_, one: string) => one.toUpperCase()),
    );
    expect(words.length === 0 ? ['Resolved'] : words).toContain(reason);
  }
  const tasks = simulation.store.list(KeptnTask);
  expect(tasks.length).toBeLessThanOrEqual(mostTasks);
  for (const { spec, status } of tasks) {
    const { taskDefinition: name } = spec;
    const depth = spec.parent?.depth ?? 0;
    expect(depth).toBeLessThanOrEqual(limit);
    const definition = find(name);
    const cannotRun =
      definition !== undefined && brokenBy(definition, simulation).has('function-ref-cycle');
    expect(status?.jobName === undefined).toBe(cannotRun);
    for (const { definitionName = '', name: child, reason } of status?.followUps ?? []) {
      const start = { name, followUps: [definitionName] };
      const goesRound = followUpChainProblem(start, find, limit - depth)?.type === 'cycle';
      const isTooDeep = depth >= limit;
      // One that has a task tells how that stands.
      const told = child === undefined ? reason : 'created';
      const expected = goesRound ? 'ChainHasCycle' : 'created';
      expect([name, depth, definitionName, told]).toEqual([
        name,
        depth,
        definitionName,
        isTooDeep ? 'FollowUpTooDeep' : expected,
      ]);
    }
  }
}

/** The task that starts everything. */
const rootTask = {
  apiVersion: KeptnTask.apiVersion,
  kind: KeptnTask.kind,
  metadata: { name: 'root', namespace: 'shop' },
  spec: { taskDefinition: 'a', retries: 0, timeout: '5m' },
};

async function run(
  definitions: readonly KeptnTaskDefinition[],
  seed: number,
  check: (simulation: Simulation) => void,
): Promise<void> {
  const simulation = sluice({ seed, weather: storm });
  await simulation.explained(async () => {
    simulation.apply(aShopNamespace, ...definitions, rootTask);
    simulation.start();
    await simulation.pass(600_000);
    const before = simulation.writes.length;
    // It has come to rest: nothing goes round.
    await simulation.pass(3_600_000);
    expect(simulation.writes.length).toBe(before);
    check(simulation);
  });
}

describe('definitions that lead anywhere', () => {
  it('are judged alike by validation and by the controllers that run them, and never run for ever', async () => {
    await fc.assert(
      fc.asyncProperty(taskDefinitions, fc.nat(10_000), (definitions, seed) =>
        run(definitions, seed, expectAgreement),
      ),
      { numRuns: 25 },
    );
  });
});

describe('two definitions that are each fine when they are admitted', () => {
  const [a, b] = definitionNames;
  const follows = (name: string, next: string): KeptnTaskDefinition => ({
    apiVersion: KeptnTaskDefinition.apiVersion,
    kind: KeptnTaskDefinition.kind,
    metadata: { name, namespace: 'shop' },
    spec: {
      container: { name: 'c', image: 'c:1' },
      retries: 0,
      onSuccess: [next],
    },
  });

  it('and form a circle together end in a condition on both, and in no further task', async () => {
    const both = [follows(a, b), follows(b, a)];
    for (const each of both) {
      // As admission saw it, when neither was stored.
      const errors = problemsOf(each, lintContext()).filter(
        ({ rule }) => rule.severity === 'error',
      );
      expect(errors).toEqual([]);
    }
    await run(both, 1, (simulation) => {
      const told = definitionsIn(simulation).map(
        ({ status }) => status?.conditions?.find(({ type }) => type === 'ResolvedRefs')?.message,
      );
      expect(told).toEqual([
        'spec.onSuccess[0]: follow-ups lead in a circle: a → b → a; remove one of the references',
        'spec.onSuccess[0]: follow-ups lead in a circle: b → a → b; remove one of the references',
      ]);
      const tasks = simulation.store.list(KeptnTask);
      expect(tasks.map(({ metadata }) => metadata.name)).toEqual(['root']);
      expect(tasks[0]?.status?.followUps).toMatchObject([
        { definitionName: 'b', status: 'Failed', reason: 'ChainHasCycle' },
      ]);
    });
  });
});

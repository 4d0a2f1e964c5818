import { answering } from '../../support/observed/answering.ts';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ItemStatus } from '../../../src/api/keptn/item-status.ts';
import { ownedBy } from '../../../src/api/object.ts';
import { isCompleted, keptnStates } from '../../../src/api/keptn/states.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import type { Effect } from '../../../src/domain/plan.ts';
import {
  type ChecksOutcome,
  type ChecksSeen,
  runChecks,
} from '../../../src/domain/check/checks.ts';
import { type CheckContext } from '../../../src/domain/check/child-objects.ts';
import { type CheckPhase, workloadPhases } from '../../../src/domain/phase/phases.ts';
import {
  anEvaluation,
  anEvaluationDefinition,
  aTask,
  aTaskDefinition,
  aWorkloadVersion,
} from '../../support/builders/builders.ts';
import { checksSeen, type ChecksGiven } from '../../support/observed/lifecycle-seen.ts';

function phaseOf(short: string): CheckPhase {
  const phase = workloadPhases.find((each) => each.short === short);
  if (phase === undefined || phase.type === 'deploy') throw new Error(`no checks in ${short}`);
  return phase;
}
const preTasks = phaseOf('WorkloadPreDeployTasks');
const preEvaluations = phaseOf('WorkloadPreDeployEvaluations');

const context: CheckContext = {
  namespace: 'shop',
  owner: ownedBy(KeptnWorkloadVersion, aWorkloadVersion()),
  appName: 'shop',
  appVersion: '',
  workloadName: 'shop-cart',
  workloadVersion: '1.0.0',
  objectType: 'Workload',
  metadata: {},
  attempt: 1,
};

interface Given {
  readonly phase?: CheckPhase;
  readonly definitions?: readonly string[];
  readonly stored?: readonly ItemStatus[];
  readonly attempt?: number;
}

function run(given: Given = {}, seen: ChecksGiven = {}): ChecksOutcome {
  return runIn(checksSeen(seen), given);
}

function runIn(seen: ChecksSeen, given: Given): ChecksOutcome {
  const { phase = preTasks, definitions = ['smoke'], stored = [], attempt = 1 } = given;
  return runChecks({ phase, definitions, stored, context: { ...context, attempt } }, seen);
}

const known = { taskDefinitions: [aTaskDefinition()] };

function creationsIn({
  effects,
}: Pick<ChecksOutcome, 'effects'>): Extract<Effect, { type: 'create' }>[] {
  return effects.flatMap((effect) => (effect.type === 'create' ? [effect] : []));
}

/** The name under which the standard check is created first. */
const firstName = creationsIn(run({}, known))[0]?.object.metadata.name ?? '';

describe('a check that has no object yet', () => {
  test('is created under a name that follows from what it is, however often it is decided', () => {
    expect(firstName).toMatch(/^pre-smoke-[a-z0-9]{10,}$/);
    expect(creationsIn(run({}, known))[0]?.object.metadata.name).toBe(firstName);
  });

  test('gets another name in another attempt, phase or version', () => {
    const names = [
      creationsIn(run({ attempt: 2 }, known)),
      creationsIn(run({ phase: phaseOf('WorkloadPostDeployTasks') }, known)),
    ].map(([creation]) => creation?.object.metadata.name);
    expect(new Set([firstName, ...names]).size).toBe(3);
  });

  test('B3: is found by that name when the parent could not record it, and not created again', () => {
    const task = aTask({ metadata: { name: firstName } });
    expect(run({}, { ...known, tasks: [task] })).toMatchObject({
      effects: [],
      items: [{ definitionName: 'smoke', name: firstName, status: 'Progressing' }],
    });
  });

  test('B3: takes the next name when the first belongs to something else, and says how many were taken', () => {
    const refusals = { [`KeptnTask shop/${firstName}`]: 'NameTaken' } as const;
    const [creation] = creationsIn(run({}, { ...known, refusals }));
    const second = creation?.object.metadata.name ?? '';
    expect(second).not.toBe(firstName);
    const found = run({}, { ...known, refusals, tasks: [aTask({ metadata: { name: second } })] });
    expect(found.items).toMatchObject([{ name: second, collisionCount: 1 }]);
  });

  test.each(['no;no2', '[no]', 'No'])(
    'that asks for %j, which no definition can be called, says that and not "create it"',
    (name) => {
      const [item] = run({ definitions: [name] }, known).items;
      expect(item).toMatchObject({ status: 'Pending', reason: 'DefinitionNameInvalid' });
      expect(item?.message).toBe(
        `${JSON.stringify(name)} cannot be the name of any KeptnTaskDefinition; write names of lower-case letters, digits, - and ., and separate several by commas`,
      );
    },
  );

  test('B9: whose definition is missing waits with reason and message, and nothing is created', () => {
    const { items, effects } = run({ definitions: ['ghost'] }, known);
    expect(effects).toEqual([]);
    expect(items).toMatchObject([
      { definitionName: 'ghost', status: 'Pending', reason: 'DefinitionNotFound' },
    ]);
    expect(items[0]?.message).toMatch(/KeptnTaskDefinition ghost does not exist/);
  });

  test('B9: that the API server refuses says so in its words, and is tried again', () => {
    const refusals = { [`KeptnTask shop/${firstName}`]: 'Forbidden' } as const;
    const outcome = run({}, { ...known, refusals });
    expect(outcome.items).toMatchObject([{ status: 'Pending', reason: 'Forbidden' }]);
    expect(outcome.effects).toHaveLength(1);
  });

  test('is one evaluation in a phase of evaluations', () => {
    const seen = { evaluationDefinitions: [anEvaluationDefinition()] };
    const [creation] = creationsIn(run({ phase: preEvaluations, definitions: ['cpu-free'] }, seen));
    expect(creation?.kind.kind).toBe('KeptnEvaluation');
    expect(creation?.object.metadata.name).toMatch(/^pre-eval-cpu-free-/);
  });

  test('that is named twice, or by nothing, runs once, or not', () => {
    expect(run({ definitions: ['smoke', '', 'smoke'] }, known).effects).toHaveLength(1);
  });
});

describe('a check whose object is recorded', () => {
  const stored: ItemStatus[] = [
    { definitionName: 'smoke', status: 'Progressing', name: 'pre-smoke-12345' },
  ];

  test('B3: keeps the name that is recorded, also one that Keptn made up', () => {
    const task = aTask({ metadata: { name: 'pre-smoke-12345' }, status: { status: 'Succeeded' } });
    expect(run({ stored }, { ...known, tasks: [task] })).toMatchObject({
      effects: [],
      items: [{ name: 'pre-smoke-12345', status: 'Succeeded' }],
    });
  });

  test('B2: is looked for live before anything is concluded from its absence', () => {
    const { look, items } = run({ stored }, known);
    expect(look).toMatchObject([{ namespace: 'shop', name: 'pre-smoke-12345' }]);
    expect(items).toEqual(stored);
  });

  test('B2: is lost when it is gone, and not run again', () => {
    const live = { 'KeptnTask shop/pre-smoke-12345': 'absent' } as const;
    expect(run({ stored }, { ...known, live })).toMatchObject({
      effects: [],
      look: [],
      items: [{ status: 'Failed', reason: 'TaskLost' }],
    });
  });

  test('B2: is lost when another object has its name', () => {
    const live = { 'KeptnTask shop/pre-smoke-12345': 'present' } as const;
    expect(run({ stored }, { ...known, live }).items).toMatchObject([{ reason: 'TaskLost' }]);
  });

  test('that has ended is not looked at again, whatever has become of its object', () => {
    const ended: ItemStatus[] = [{ ...stored[0], status: 'Failed', reason: 'JobLost' }];
    const task = aTask({ metadata: { name: 'pre-smoke-12345' }, status: { status: 'Succeeded' } });
    expect(run({ stored: ended }, { ...known, tasks: [task] }).items).toEqual(ended);
    expect(run({ stored: ended }, known)).toMatchObject({ items: ended, look: [], effects: [] });
  });

  test('copies its end: state, time, and why', () => {
    const task = aTask({
      metadata: { name: 'pre-smoke-12345' },
      status: {
        status: 'Failed',
        startTime: '2026-01-01T00:00:05Z',
        endTime: '2026-01-01T00:00:09Z',
        conditions: [summary('False', 'BackoffLimitExceeded', 'exit code 3')],
      },
    });
    expect(run({ stored }, { tasks: [task] }).items).toMatchObject([
      {
        status: 'Failed',
        startTime: '2026-01-01T00:00:05Z',
        endTime: '2026-01-01T00:00:09Z',
        reason: 'BackoffLimitExceeded',
        message: 'exit code 3',
      },
    ]);
  });

  test('T7: costs its parent no write while it runs, begins late or tries again', () => {
    const at = (status: NonNullable<KeptnTask['status']>) =>
      run({ stored }, { tasks: [aTask({ metadata: { name: 'pre-smoke-12345' }, status })] }).items;
    const first = at({ status: 'Pending' });
    expect(
      at({ status: 'Progressing', conditions: [summary('Unknown', 'JobRunning', 'a')] }),
    ).toEqual(first);
    expect(
      at({ status: 'Progressing', conditions: [summary('Unknown', 'Retrying', 'b')] }),
    ).toEqual(first);
  });

  test('T7: an evaluation whose objectives are not met yet costs its parent one write, and none per attempt', () => {
    const evaluations = ['attempt 1 of 10', 'attempt 2 of 10'].map((message) =>
      anEvaluation({
        metadata: { name: 'e' },
        status: {
          overallStatus: 'Progressing',
          conditions: [summary('Unknown', 'ObjectivesNotMet', message)],
        },
      }),
    );
    const item: ItemStatus = { definitionName: 'cpu-free', status: 'Progressing', name: 'e' };
    const [first = [], second] = evaluations.reduce<(readonly ItemStatus[])[]>(
      (items, evaluation) => [
        ...items,
        run(
          { phase: preEvaluations, definitions: ['cpu-free'], stored: items.at(-1) ?? [item] },
          { evaluations: [evaluation] },
        ).items,
      ],
      [],
    );
    expect(first).toMatchObject([{ reason: 'ObjectivesNotMet', message: 'attempt 1 of 10' }]);
    expect(second).toEqual(first);
  });

  test('that waits for help says why, in the words it had first', () => {
    const stalled = (message: string, item: readonly ItemStatus[]) =>
      run(
        { stored: item },
        {
          tasks: [
            aTask({
              metadata: { name: 'pre-smoke-12345' },
              status: {
                status: 'Progressing',
                conditions: [
                  summary('Unknown', 'ImagePullBackOff', message),
                  { ...summary('True', 'ImagePullBackOff', message), type: 'Stalled' },
                ],
              },
            }),
          ],
        },
      ).items;
    const first = stalled('back-off 10 s', stored);
    expect(first).toMatchObject([{ reason: 'ImagePullBackOff', message: 'back-off 10 s' }]);
    expect(stalled('back-off 20 s', first)).toEqual(first);
  });
});

function summary(status: 'True' | 'False' | 'Unknown', reason: string, message: string) {
  return { type: 'Succeeded', status, reason, message, lastTransitionTime: '2026-01-01T00:00:09Z' };
}

describe('whatever the world looks like', () => {
  const names = ['a', 'b', 'c'];
  const anItem = fc.record(
    {
      definitionName: fc.constantFrom(...names),
      status: fc.constantFrom(...keptnStates),
      name: fc.constantFrom('', 'x', 'y'),
    },
    { requiredKeys: ['definitionName', 'status'] },
  );
  const aWorld = fc.record({
    definitions: fc.array(fc.constantFrom(...names), { maxLength: 5 }),
    stored: fc.uniqueArray(anItem, { selector: ({ definitionName }) => definitionName }),
    tasks: fc.array(
      fc.record({ name: fc.constantFrom('x', 'y', 'z'), status: fc.constantFrom(...keptnStates) }),
    ),
    defined: fc.subarray(names),
    gone: fc.boolean(),
  });

  function seenIn(world: typeof aWorld extends fc.Arbitrary<infer W> ? W : never): ChecksSeen {
    const seen = checksSeen({
      tasks: world.tasks.map(({ name, status }) =>
        aTask({ metadata: { name }, status: { status } }),
      ),
      taskDefinitions: world.defined.map((name) => aTaskDefinition({ metadata: { name } })),
    });
    return { ...seen, live: world.gone ? answering(() => 'absent') : new Map() };
  }

  test('there is never more than one object to be made for a definition, and none for one that is recorded', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const outcome = runIn(seenIn(world), world);
        const made = creationsIn(outcome).map(({ object }) => object.metadata.name);
        expect(new Set(made).size).toBe(made.length);
        const recorded = world.stored.filter(
          ({ name, status }) => (name ?? '') !== '' || isCompleted(status),
        );
        for (const { definitionName } of recorded) {
          expect(made.some((name) => name.startsWith(`pre-${definitionName}-`))).toBe(false);
        }
      }),
    );
  });

  test('ends absorb, and a second look at the same world says the same', () => {
    fc.assert(
      fc.property(aWorld, (world) => {
        const seen = seenIn(world);
        const { items } = runIn(seen, world);
        for (const before of world.stored.filter(({ status }) => isCompleted(status))) {
          if (!world.definitions.includes(before.definitionName)) continue;
          expect(items).toContainEqual(before);
        }
        expect(runIn(seen, { ...world, stored: items }).items).toEqual(items);
      }),
    );
  });
});

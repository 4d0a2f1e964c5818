import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptnStates } from '../../../src/api/keptn/states.ts';
import { type Mode, modes, stricter } from '../../../src/api/keptn/mode.ts';
import { checkModes, modeOf } from '../../../src/domain/check/check-modes.ts';
import { isPassed } from '../../../src/domain/phase/phases.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { aTask, aTaskDefinition, aWorkloadVersion } from '../../support/builders/builders.ts';
import { after, settle } from '../../support/builders/cart-version.ts';
import { conditionIn, workloadVersionSeen } from '../../support/observed/lifecycle-seen.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';

const key = (name: string) => `sluice.keptn.sh/${name}`;
const settings = { blockDeployment: true, minimumMode: 'observe' } as const;
const namespace = (annotations: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name: 'shop', annotations },
});
const definition = (name: string, mode?: string) =>
  aTaskDefinition({
    metadata: { name, ...(mode !== undefined && { annotations: { [key('mode')]: mode } }) },
  });

describe('the mode of a check', () => {
  test('is what the nearest says: its definition, its workload or KeptnAppContext, its Namespace, the cluster', () => {
    const mild = namespace({ [key('mode')]: 'warn' });
    expect(modeOf(definition('a'), checkModes('observe', mild, settings))).toBe('observe');
    expect(modeOf(definition('a', 'block'), checkModes('observe', mild, settings))).toBe('block');
    const byAnnotation = { ...settings, mode: 'observe' } as const;
    expect(modeOf(definition('a'), checkModes(undefined, undefined, byAnnotation))).toBe('observe');
    expect(modeOf(definition('a'), checkModes(undefined, mild, byAnnotation))).toBe('warn');
  });

  test('is what its definition says, then its Namespace, then the cluster', () => {
    const strict = checkModes(undefined, namespace({}), settings);
    const mild = checkModes(undefined, namespace({ [key('mode')]: 'warn' }), settings);
    expect(modeOf(definition('a'), strict)).toBe('block');
    expect(modeOf(definition('a'), mild)).toBe('warn');
    expect(modeOf(definition('a', 'block'), mild)).toBe('block');
    expect(modeOf(definition('a', 'warn'), strict)).toBe('warn');
    expect(
      modeOf(
        definition('a'),
        checkModes(undefined, undefined, { ...settings, blockDeployment: false }),
      ),
    ).toBe('warn');
  });

  test.each(['observed', 'Warn', '', 'no'])('is not said by "%s"', (word) => {
    const modesHere = checkModes(undefined, namespace({ [key('mode')]: word }), settings);
    expect(modeOf(definition('a', word), modesHere)).toBe('block');
  });

  test('is never milder than the minimum of its Namespace or of the cluster', () => {
    const aMode = fc.constantFrom(...modes);
    const aWord = fc.option(fc.constantFrom<string>(...modes, 'nonsense'), { nil: undefined });
    const aSetting = fc.record({
      own: aWord,
      ofWorkload: aWord,
      ofNamespace: aWord,
      floor: aWord,
      minimumMode: aMode,
      mode: fc.option(aMode, { nil: undefined }),
      blockDeployment: fc.boolean(),
    });
    fc.assert(
      fc.property(aSetting, ({ own, ofWorkload, ofNamespace, floor, ...ofCluster }) => {
        const annotations = {
          ...(ofNamespace !== undefined && { [key('mode')]: ofNamespace }),
          ...(floor !== undefined && { [key('minimum-mode')]: floor }),
        };
        const mode = modeOf(
          definition('a', own),
          checkModes(ofWorkload, namespace(annotations), ofCluster),
        );
        const ofFloor: Mode = modes.find((one) => one === floor) ?? 'observe';
        const least = stricter(ofCluster.minimumMode, ofFloor);
        expect(stricter(mode, least)).toBe(mode);
      }),
    );
  });
});

describe('a version whose checks have modes', () => {
  const names = ['a', 'b', 'c'];
  const world = (given: Record<string, { mode?: string; state?: (typeof keptnStates)[number] }>) =>
    workloadVersionSeen({
      version: aWorkloadVersion({
        spec: { preDeploymentTasks: Object.keys(given) },
        status: {
          status: 'Progressing',
          currentPhase: 'WorkloadPreDeployTasks',
          preDeploymentTaskStatus: Object.entries(given).flatMap(([name, { state }]) =>
            state === undefined
              ? []
              : [{ definitionName: name, name: `pre-${name}-1`, status: 'Progressing' as const }],
          ),
        },
      }),
      tasks: Object.entries(given).flatMap(([name, { state }]) =>
        state === undefined
          ? []
          : [aTask({ metadata: { name: `pre-${name}-1` }, status: { status: state } })],
      ),
      taskDefinitions: Object.entries(given).map(([name, { mode }]) => definition(name, mode)),
    });

  test('is released after a failure that warns, and says what would have blocked', () => {
    const seen = world({ a: { mode: 'warn', state: 'Failed' }, b: { state: 'Succeeded' } });
    expect(isReleased(after(seen))).toBe(true);
    expect(conditionIn(after(seen), 'WouldBlock')).toMatchObject({
      status: 'True',
      reason: 'CheckWarned',
      message: expect.stringContaining('would have blocked: a'),
    });
    const reasons = (decideWorkloadVersion(seen).events ?? []).map(({ reason }) => reason);
    expect(reasons.filter((reason) => reason === 'WouldBlock')).toHaveLength(2);
  });

  test('waits for a check that may block, although another one has failed and warns', () => {
    for (const b of [{ mode: 'block', state: 'Progressing' as const }, { mode: 'block' }]) {
      const seen = settle(world({ a: { mode: 'warn', state: 'Failed' }, b }), 3);
      expect(isReleased(seen.version.status)).toBe(false);
      expect(seen.version.status?.status).toBe('Progressing');
    }
  });

  test('is released at once where all of them observe, and follows them to their end', () => {
    const running = settle(world({ a: { mode: 'observe', state: 'Progressing' } }), 2);
    expect(isReleased(running.version.status)).toBe(true);
    expect(conditionIn(running.version.status ?? {}, 'Released')).toMatchObject({
      reason: 'Observed',
    });
    const failed = aTask({ metadata: { name: 'pre-a-1' }, status: { status: 'Failed' } });
    const over = { ...running, tasks: new Map([['pre-a-1', failed]]) };
    expect(conditionIn(after(over), 'WouldBlock')?.message).toContain('would have blocked: a');
    expect(after(over).preDeploymentStatus).toBe('Warning');
    const events = (decideWorkloadVersion(over).events ?? []).map(({ reason }) => reason);
    // On the version and on its owner.
    expect(events.filter((reason) => reason === 'WouldBlock')).toHaveLength(2);
  });

  test('is released by what blocks, and not by what observes', () => {
    const open = { a: { mode: 'observe', state: 'Progressing' as const } };
    const waits = settle(world({ ...open, b: { mode: 'block', state: 'Progressing' } }), 2);
    expect(isReleased(waits.version.status)).toBe(false);
    const passes = settle(world({ ...open, b: { mode: 'block', state: 'Succeeded' } }), 2);
    expect(isReleased(passes.version.status)).toBe(true);
  });

  test('does not wait for what cannot begin and only observes, and says that it would have blocked', () => {
    const seen = world({ a: { mode: 'observe' } });
    const missing = settle(
      {
        ...seen,
        taskDefinitions: new Map(),
        modes: { otherwise: 'observe', floor: 'observe' },
      },
      2,
    );
    expect(isReleased(missing.version.status)).toBe(true);
    expect(conditionIn(missing.version.status ?? {}, 'WouldBlock')?.message).toContain(
      'DefinitionNotFound',
    );
  });

  test('is never released after a failure that blocks, whatever the others do', () => {
    const aCheck = fc.record({
      mode: fc.constantFrom(...modes),
      state: fc.constantFrom(...keptnStates),
    });
    fc.assert(
      fc.property(fc.tuple(aCheck, aCheck, aCheck), (checks) => {
        const given = Object.fromEntries(names.map((name, index) => [name, checks[index] ?? {}]));
        const status = settle(world(given), 3).version.status;
        const hasBlocking = checks.some(
          ({ mode, state }) => mode === 'block' && (state === 'Failed' || state === 'Deprecated'),
        );
        if (hasBlocking) {
          expect(isReleased(status)).toBe(false);
          expect(isPassed(status?.preDeploymentStatus)).toBe(false);
        }
      }),
    );
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { keptnStates } from '../../../src/api/keptn/states.ts';
import { type Mode, modes, stricter } from '../../../src/api/keptn/mode.ts';
import { modeOf, modesOfNamespace } from '../../../src/domain/check/check-modes.ts';
import { isPassed } from '../../../src/domain/phase/phases.ts';
import { isReleased } from '../../../src/domain/gate/release.ts';
import { aTask, aTaskDefinition, aWorkloadVersion } from '../../support/builders/builders.ts';
import { after, settle } from '../../support/builders/cart-version.ts';
import { conditionIn, workloadVersionSeen } from '../../support/observed/lifecycle-seen.ts';
import { decideWorkloadVersion } from '../../../src/domain/workload/workload-version.ts';

const key = (name: string) => `sluice.keptn.sh/${name}`;
const settings = { blockDeployment: true, minimumMode: 'warn' } as const;
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
  test('is what the nearest says: its definition, its Namespace, the cluster', () => {
    const strict = modesOfNamespace(namespace({}), settings);
    const mild = modesOfNamespace(namespace({ [key('mode')]: 'warn' }), settings);
    expect(modeOf(definition('a'), strict)).toBe('block');
    expect(modeOf(definition('a'), mild)).toBe('warn');
    expect(modeOf(definition('a', 'block'), mild)).toBe('block');
    expect(modeOf(definition('a', 'warn'), strict)).toBe('warn');
    expect(
      modeOf(definition('a'), modesOfNamespace(undefined, { ...settings, blockDeployment: false })),
    ).toBe('warn');
  });

  test.each(['observe', 'Warn', '', 'no'])('is not said by "%s"', (word) => {
    const modesHere = modesOfNamespace(namespace({ [key('mode')]: word }), settings);
    expect(modeOf(definition('a', word), modesHere)).toBe('block');
  });

  test('is never milder than the minimum of its Namespace or of the cluster', () => {
    const aMode = fc.constantFrom(...modes);
    const aWord = fc.option(fc.constantFrom<string>(...modes, 'nonsense'), { nil: undefined });
    const aSetting = fc.record({
      own: aWord,
      ofNamespace: aWord,
      floor: aWord,
      minimumMode: aMode,
      blockDeployment: fc.boolean(),
    });
    fc.assert(
      fc.property(aSetting, ({ own, ofNamespace, floor, ...ofCluster }) => {
        const annotations = {
          ...(ofNamespace !== undefined && { [key('mode')]: ofNamespace }),
          ...(floor !== undefined && { [key('minimum-mode')]: floor }),
        };
        const mode = modeOf(
          definition('a', own),
          modesOfNamespace(namespace(annotations), ofCluster),
        );
        const ofFloor: Mode = floor === 'block' ? 'block' : 'warn';
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

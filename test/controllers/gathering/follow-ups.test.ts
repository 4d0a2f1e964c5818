import { describe, expect, test } from 'vitest';

import type { TaskParent } from '../../../src/api/keptn/follow-up.ts';
import { KeptnAppVersion } from '../../../src/api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import { KeptnTask } from '../../../src/api/keptn/task.ts';
import { KeptnWorkloadVersion } from '../../../src/api/keptn/workload-version.ts';
import {
  chainBefore,
  followedKey,
  versionMetadata,
} from '../../../src/controllers/gathering/follow-ups.ts';
import { ownedBy } from '../../../src/api/object.ts';
import { anAppVersion, anEvaluation, aWorkloadVersion } from '../../support/builders/builders.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import { aTask } from '../../support/builders/task-builders.ts';

describe('the chain of a follow-up', () => {
  /** The task `name` of definition `name`, which follows `of`. */
  function follower(
    name: string,
    of: Pick<TaskParent, 'kind' | 'name'>,
    definition?: string,
  ): KeptnTask {
    const parent: TaskParent = { ...of, trigger: 'onSuccess', depth: 1 };
    const trigger = { ...of, status: 'Succeeded', ...(definition && { definition }) };
    return aTask({
      metadata: { name },
      spec: { taskDefinition: name, parent, context: { trigger } },
    });
  }

  test('is empty for what follows nothing', () => {
    expect(chainBefore(aTask(), fixedLookup([]))).toEqual([]);
  });

  test('names the definitions from the first to its parent', () => {
    const ofEvaluation = { kind: 'KeptnEvaluation', name: 'post-eval-fast-x' };
    const first = follower('first', ofEvaluation, 'fast');
    const second = follower('second', { kind: 'KeptnTask', name: 'first' }, 'notify');
    expect(chainBefore(second, fixedLookup([first]))).toEqual([
      'KeptnEvaluationDefinition fast',
      'notify',
    ]);
  });

  test('begins where the cache ends, and with a version by its name', () => {
    const second = follower('second', { kind: 'KeptnTask', name: 'gone' }, 'notify');
    expect(chainBefore(second, fixedLookup([]))).toEqual(['notify']);
    const ofVersion = follower('one', { kind: 'KeptnAppVersion', name: 'shop-1' });
    expect(chainBefore(ofVersion, fixedLookup([]))).toEqual(['KeptnAppVersion shop-1']);
  });

  test('ends also where somebody has made tasks follow one another in a circle', () => {
    const one = follower('one', { kind: 'KeptnTask', name: 'two' }, 'b');
    const two = follower('two', { kind: 'KeptnTask', name: 'one' }, 'a');
    expect(chainBefore(one, fixedLookup([one, two])).length).toBeLessThan(100);
  });
});

describe('a task wakes', () => {
  const evaluation = (uid?: string) =>
    anEvaluation({
      ...(uid !== undefined && { metadata: { uid } }),
      status: {
        retryCount: 1,
        evaluationStatus: {},
        overallStatus: 'Failed',
        followUps: [{ definitionName: 'undo', status: 'Pending' }],
      },
    });
  const child = aTask({
    metadata: { ownerReferences: [ownedBy(KeptnEvaluation, evaluation())] },
  });

  test('the evaluation it follows, and no object of another kind by that name', () => {
    const { name } = evaluation().metadata;
    const lookup = fixedLookup([evaluation(), aTask({ metadata: { name } })]);
    expect(followedKey(child, KeptnEvaluation, lookup)).toMatchObject([{ name }]);
    expect(followedKey(child, KeptnTask, lookup)).toEqual([]);
  });

  test('nobody without an owner', () => {
    expect(followedKey(aTask(), KeptnTask, fixedLookup([aTask()]))).toEqual([]);
  });
});

describe('the metadata of an evaluation', () => {
  const metadata = { commit: 'abc' };

  test('is that of the version that owns it', () => {
    const appVersion = anAppVersion({ spec: { metadata } });
    const ofApp = anEvaluation({
      metadata: { ownerReferences: [ownedBy(KeptnAppVersion, appVersion)] },
    });
    expect(versionMetadata(ofApp, fixedLookup([appVersion]))).toEqual(metadata);
    const version = aWorkloadVersion({
      spec: { metadata },
      status: { appContextMetadata: { stage: 'dev', commit: 'old' } },
    });
    const ofWorkload = anEvaluation({
      metadata: { ownerReferences: [ownedBy(KeptnWorkloadVersion, version)] },
    });
    const told = versionMetadata(ofWorkload, fixedLookup([version]));
    expect(told).toEqual({ stage: 'dev', commit: 'abc' });
    expect(versionMetadata(ofWorkload, fixedLookup([]))).toEqual({});
  });

  test('is none for one made by hand', () => {
    const { ownerReferences: _, ...byHand } = anEvaluation().metadata;
    const evaluation = { ...anEvaluation(), metadata: byHand };
    expect(versionMetadata(evaluation, fixedLookup([]))).toEqual({});
  });
});

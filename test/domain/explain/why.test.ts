import { describe, expect, test } from 'vitest';
import type { Pod } from '../../../src/api/builtin.ts';
import {
  keptnAnnotations,
  schedulingGate,
  sluiceKeys,
} from '../../../src/api/keptn/annotations.ts';
import type { KeptnAppVersion, KeptnAppVersionStatus } from '../../../src/api/keptn/app-version.ts';
import type { FollowUpStatus } from '../../../src/api/keptn/follow-up.ts';
import type { ItemStatus } from '../../../src/api/keptn/item-status.ts';
import type { KeptnState } from '../../../src/api/keptn/states.ts';
import type { KeptnEvaluation } from '../../../src/api/keptn/evaluation.ts';
import type { KeptnTask } from '../../../src/api/keptn/task.ts';
import type { KeptnWorkload } from '../../../src/api/keptn/workload.ts';
import type {
  KeptnWorkloadVersion,
  KeptnWorkloadVersionStatus,
} from '../../../src/api/keptn/workload-version.ts';
import type { Condition, KubernetesObject, ObjectMeta } from '../../../src/api/object.ts';
import type { Finding } from '../../../src/domain/explain/finding.ts';
import { factLines } from '../../../src/cli/explain/fact-lines.ts';
import { whyNamespace } from '../../../src/domain/explain/why-namespace.ts';
import { whyOwner } from '../../../src/domain/explain/why-owner.ts';
import { whyPod } from '../../../src/domain/explain/why-pod.ts';
import { whyAppVersion, whyWorkloadVersion } from '../../../src/domain/explain/why-version.ts';
import { fixedLookup } from '../../support/memory/fixed-lookup.ts';
import {
  aDeployment,
  aPod,
  aReplicaSet,
  namespace,
  ownedBy,
} from '../../support/builders/workloads.ts';

const apiVersion = 'lifecycle.keptn.sh/v1';

const deployment = aDeployment();
const named = {
  [keptnAnnotations.app]: 'shop',
  [keptnAnnotations.workload]: 'cart',
  [keptnAnnotations.version]: '2.0.0',
};
const replicaSet = aReplicaSet({ owners: [ownedBy(deployment)], template: { annotations: named } });
/** What made it names no workload. */
const plainSet = aReplicaSet({ owners: [ownedBy(deployment)] });

function heldPod(gates: readonly string[] = [schedulingGate]): Pod {
  const pod = aPod({ owners: [ownedBy(replicaSet)], annotations: named });
  return { ...pod, spec: { ...pod.spec, schedulingGates: gates.map((name) => ({ name })) } };
}

const workload: KeptnWorkload = {
  apiVersion,
  kind: 'KeptnWorkload',
  metadata: { name: 'shop-cart', namespace, ownerReferences: [ownedBy(deployment)] },
  spec: {
    app: 'shop',
    version: '2.0.0',
    resourceReference: { uid: 'uid-of-cart-5d4', kind: 'ReplicaSet', name: 'cart-5d4' },
  },
};

function aVersion(status?: KeptnWorkloadVersionStatus): KeptnWorkloadVersion {
  return {
    apiVersion,
    kind: 'KeptnWorkloadVersion',
    metadata: { name: 'shop-cart-2.0.0', namespace },
    spec: { ...workload.spec, workloadName: 'shop-cart' },
    ...(status && { status }),
  };
}

function anAppVersion(status?: KeptnAppVersionStatus): KeptnAppVersion {
  return {
    apiVersion,
    kind: 'KeptnAppVersion',
    metadata: { name: 'shop-2.0.0-6b86b273', namespace },
    spec: { appName: 'shop', version: '2.0.0', workloads: [{ name: 'cart', version: '2.0.0' }] },
    ...(status && { status }),
  };
}

const failedTask: KeptnTask = {
  apiVersion,
  kind: 'KeptnTask',
  metadata: { name: 'pre-load-test-x', namespace },
  spec: { taskDefinition: 'load-test' },
  status: {
    status: 'Failed',
    reason: 'BackoffLimitExceeded',
    message: 'p95 is 2.3 s',
    exitCode: 1,
    jobName: 'j',
  },
};

const inPreTasks: KeptnWorkloadVersionStatus = {
  currentPhase: 'WorkloadPreDeployTasks',
  status: 'Failed',
  preDeploymentStatus: 'Failed',
  deploymentStatus: 'Deprecated',
  preDeploymentTaskStatus: [
    { definitionName: 'fine', name: 'pre-fine-x', status: 'Succeeded' },
    { definitionName: 'load-test', name: 'pre-load-test-x', status: 'Failed' },
  ],
};

const lookup = (...objects: KubernetesObject[]) =>
  fixedLookup([deployment, replicaSet, ...objects]);

/** The facts as the command line puts them at the first moment of 2026. */
function wordsOf(finding: Finding | undefined): string[] {
  return factLines(finding?.facts ?? {}, Date.parse('2026-01-01T00:00:00Z'));
}

const running = (pod: Pod): Pod => ({ ...pod, status: { phase: 'Running' } });

const released = aVersion({
  conditions: [
    {
      type: 'Released',
      status: 'True',
      reason: 'ChecksPassed',
      message: '',
      lastTransitionTime: '2026-01-01T12:00:00Z',
    },
  ],
});

function aNamespace(metadata: Partial<ObjectMeta> & { managedFields?: unknown }): KubernetesObject {
  const uid = 'uid-of-namespace';
  const recorded = metadata.annotations && { [sluiceKeys.optInRecorded]: uid };
  const annotations = { ...recorded, ...metadata.annotations };
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: namespace, uid, ...metadata, annotations },
  };
}

/** The names on the way to the first cause. */
function chain(finding: Finding): string[] {
  const [cause] = finding.because;
  return [
    `${finding.mark} ${finding.kind} ${finding.name}`,
    ...(cause === undefined ? [] : chain(cause)),
  ];
}

describe('a held Pod', () => {
  test('leads by way of its version to the task that failed, with the words of the Job', () => {
    const why = whyPod(heldPod(), lookup(aVersion(inPreTasks), failedTask));
    expect(why.says).toBe('held: shop-cart-2.0.0 has failed');
    expect(chain(why)).toEqual([
      'failed Pod cart-5d4-x',
      'failed KeptnWorkloadVersion shop-cart-2.0.0',
      'failed KeptnTask pre-load-test-x',
    ]);
    const task = why.because[0]?.because[0];
    expect(task?.says).toBe('load-test Failed (BackoffLimitExceeded: p95 is 2.3 s)');
    expect(wordsOf(task)).toEqual(['Job j, exit code 1']);
  });

  test('tells how often a function ran, and what it returned', () => {
    const told: KeptnTask = {
      ...failedTask,
      status: { ...failedTask.status, runs: [{}, {}, {}], result: { p95: 2.3 } },
    };
    const why = whyPod(heldPod(), lookup(aVersion(inPreTasks), told));
    expect(wordsOf(why.because[0]?.because[0])).toEqual([
      'Job j, exit code 1, ran 3 times',
      'returned {"p95":2.3}',
    ]);
  });

  test('leads to a task that waits for somebody as to one that failed', () => {
    const condition = {
      type: 'Stalled',
      status: 'True',
      reason: 'NoPod',
      message: 'quota',
    } as const;
    const stalled: KeptnTask = {
      ...failedTask,
      status: {
        status: 'Progressing',
        conditions: [{ ...condition, lastTransitionTime: '2026-01-01T12:00:00Z' }],
      },
    };
    const version = aVersion({ ...inPreTasks, status: 'Progressing' });
    const task = whyPod(heldPod(), lookup(version, stalled)).because[0]?.because[0];
    expect(task?.mark).toBe('failed');
    const { status } = stalled;
    const waits = aVersion({ ...inPreTasks, ...status });
    expect(whyPod(heldPod(), lookup(waits, stalled)).says).toBe(
      'held: shop-cart-2.0.0 cannot go on until this is mended',
    );
  });

  test('leads to the check of the application while its version has not begun', () => {
    const evaluation: KeptnEvaluation = {
      apiVersion,
      kind: 'KeptnEvaluation',
      metadata: { name: 'pre-eval-cpus-x', namespace },
      spec: { evaluationDefinition: 'cpus', workloadVersion: '', retries: 5 },
      status: {
        retryCount: 2,
        overallStatus: 'Progressing',
        evaluationStatus: {
          free: { value: '0', status: 'Failed', message: "value '0' did not meet objective '>1'" },
        },
        nextAttemptTime: '2026-01-01T00:00:05Z',
      },
    };
    const app = anAppVersion({
      currentPhase: 'AppPreDeployEvaluations',
      status: 'Progressing',
      preDeploymentStatus: 'Succeeded',
      preDeploymentEvaluationStatus: 'Progressing',
      preDeploymentEvaluationTaskStatus: [
        { definitionName: 'cpus', name: 'pre-eval-cpus-x', status: 'Progressing' },
      ],
    });
    const why = whyPod(heldPod(), lookup(aVersion(), app, evaluation));
    expect(chain(why)).toEqual([
      'waiting Pod cart-5d4-x',
      'waiting KeptnWorkloadVersion shop-cart-2.0.0',
      'waiting KeptnAppVersion shop-2.0.0-6b86b273',
      'waiting KeptnEvaluation pre-eval-cpus-x',
    ]);
    expect(wordsOf(why.because[0]?.because[0]?.because[0])).toEqual([
      "free Failed: value '0' did not meet objective '>1'",
      'measured 2 of 5 times, next at 2026-01-01T00:00:05Z (in 5s)',
    ]);
  });

  test('leads to the application that is still being gathered', () => {
    const why = whyPod(heldPod(), lookup(aVersion()));
    expect(chain(why).at(-1)).toBe('waiting KeptnApp shop');
  });

  test('of a version that was overtaken is told that it will not start', () => {
    const overtaken = aVersion({ status: 'Deprecated' });
    expect(whyPod(heldPod(), lookup(overtaken))).toMatchObject({
      mark: 'warning',
      says: 'held for good: shop-cart-2.0.0 was overtaken by a newer version',
    });
  });

  test('says so when its version is not recorded yet', () => {
    expect(whyPod(heldPod(), lookup())).toMatchObject({
      mark: 'waiting',
      says: 'held: version 2.0.0 of workload cart in application shop is not recorded yet',
      because: [],
    });
  });

  test('without annotations needs somebody', () => {
    const pod = {
      ...aPod({ owners: [ownedBy(replicaSet)] }),
      spec: { schedulingGates: [{ name: schedulingGate }] },
    };
    expect(whyPod(pod, fixedLookup([deployment, plainSet]))).toMatchObject({
      mark: 'failed',
      says: expect.stringContaining('keptn.sh/workload'),
    });
  });

  test('whose owner is not readable says which object is missing', () => {
    const pod = {
      ...aPod({ owners: [ownedBy(replicaSet)] }),
      spec: { schedulingGates: [{ name: schedulingGate }] },
    };
    expect(whyPod(pod, fixedLookup([])).says).toContain('ReplicaSet cart-5d4');
  });
});

describe('a Pod that Sluice does not hold', () => {
  test('names the foreign gate that does', () => {
    expect(whyPod(heldPod(['kueue.x-k8s.io/admission']), lookup())).toMatchObject({
      mark: 'waiting',
      says: expect.stringContaining('kueue.x-k8s.io/admission'),
    });
  });

  test('repeats what the scheduler says', () => {
    const pod: Pod = {
      ...heldPod([]),
      status: {
        phase: 'Pending',
        conditions: [
          { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message: '0/3 nodes' },
        ],
      },
    };
    expect(whyPod(pod, lookup(released)).says).toBe('not held; the scheduler says: 0/3 nodes');
  });

  test('and whose version was released is done', () => {
    expect(whyPod(running(heldPod([])), lookup(released))).toMatchObject({
      mark: 'done',
      says: 'not held, Running',
    });
  });

  const why = (pod: Pod, ...objects: KubernetesObject[]): Finding =>
    whyPod(pod, lookup(...objects));
  const notFound = { mark: 'warning', because: [] };

  test('although its version has failed is a failure, and leads to the version', () => {
    const found = why(running(heldPod([])), aVersion(inPreTasks), failedTask);
    expect(found).toMatchObject({ mark: 'failed', facts: { reason: 'PastTheWebhook' } });
    expect(found.because[0]?.name).toBe('shop-cart-2.0.0');
  });

  test('and whose gate went without a release is no success', () => {
    const pod = running(heldPod([]));
    const marked = { ...pod.metadata.annotations, [keptnAnnotations.gateRemoved]: 'true' };
    const opened = { ...pod, metadata: { ...pod.metadata, annotations: marked } };
    expect(why(opened, aVersion())).toMatchObject({
      mark: 'warning',
      facts: { reason: 'GateRemoved' },
    });
  });

  test('in a Namespace that is not opted in is not checked, and the command that opts in is named', () => {
    const found = why(running(heldPod([])), aNamespace({}));
    expect(found).toMatchObject({ ...notFound, facts: { reason: 'NamespaceNotOptedIn' } });
    expect(found.facts.remedies?.join()).toContain(
      `kubectl annotate namespace ${namespace} --overwrite keptn.sh/lifecycle-toolkit=enabled`,
    );
  });

  test('in a Namespace with a label in place of the annotation is told that the label does not count', () => {
    const labels = { [keptnAnnotations.lifecycleToolkit]: 'enabled' };
    expect(why(running(heldPod([])), aNamespace({ labels })).says).toContain(
      'label keptn.sh/lifecycle-toolkit does not count',
    );
  });

  test('in an opted-in Namespace without the label of Sluice is told that Sluice does not run', () => {
    const annotations = { [keptnAnnotations.lifecycleToolkit]: 'enabled' };
    expect(why(running(heldPod([])), aNamespace({ annotations }))).toMatchObject({
      ...notFound,
      facts: { reason: 'NamespaceNotLabelled' },
    });
  });

  test('in a Namespace that the installation leaves out is told so', () => {
    const annotations = { [keptnAnnotations.lifecycleToolkit]: 'enabled' };
    const labels = { 'sluice.keptn.sh/enabled': 'excluded' };
    const found = why(running(heldPod([])), aNamespace({ annotations, labels }));
    expect(found).toMatchObject({ ...notFound, facts: { reason: 'NamespaceExcluded' } });
    expect(found.says).toContain('deniedNamespaces');
  });

  test('while what ran at the opt-in is not on record is told so', () => {
    const annotations = {
      [keptnAnnotations.lifecycleToolkit]: 'enabled',
      [sluiceKeys.optInRecorded]: 'uid-of-another',
    };
    const labels = { [sluiceKeys.enabled]: 'true' };
    const found = why(running(heldPod([])), aNamespace({ annotations, labels }));
    expect(found.facts.reason).toBe('OptInNotRecorded');
  });

  test('and is older than the opt-in is told so', () => {
    const pod = running(heldPod([]));
    const old = {
      ...pod,
      metadata: { ...pod.metadata, creationTimestamp: '2026-01-01T00:00:00Z' },
    };
    const optedIn = aNamespace({
      annotations: { [keptnAnnotations.lifecycleToolkit]: 'enabled' },
      labels: { [sluiceKeys.enabled]: 'true' },
      managedFields: [
        {
          time: '2026-01-01T00:05:00Z',
          fieldsV1: { 'f:metadata': { 'f:annotations': { 'f:keptn.sh/lifecycle-toolkit': {} } } },
        },
      ],
    });
    expect(why(old, optedIn).facts.reason).toBe('OlderThanOptIn');
  });

  test('and was annotated after its admission is told that only the Pod names its workload', () => {
    const pod = running(heldPod([]));
    const found = whyPod(pod, fixedLookup([deployment, plainSet]));
    expect(found).toMatchObject({ ...notFound, facts: { reason: 'AnnotatedAfterAdmission' } });
    expect(found.says).toContain('on the Pod alone, neither in its Pod template nor on its owner');
    expect(found.facts.remedies?.join('\n')).toContain('--show-managed-fields');
  });

  test('without an owner is told that nothing is checked for it', () => {
    const bare = running(aPod({ annotations: { [keptnAnnotations.workload]: 'cart' } }));
    expect(why(bare).mark).toBe('warning');
  });

  test('and names no workload is told what is missing', () => {
    const pod = running(aPod({ owners: [ownedBy(plainSet)] }));
    expect(whyPod(pod, fixedLookup([deployment, plainSet]))).toMatchObject({
      ...notFound,
      facts: { reason: 'NotAnnotated' },
      says: expect.stringContaining('keptn.sh/workload'),
    });
  });
});

test('a check that could not be created is shown with its reason, under the name of its definition', () => {
  const message = 'KeptnTaskDefinition load-test does not exist';
  const version = aVersion({
    currentPhase: 'WorkloadPreDeployTasks',
    status: 'Progressing',
    preDeploymentStatus: 'Pending',
    preDeploymentTaskStatus: [
      { definitionName: 'load-test', status: 'Pending', reason: 'DefinitionNotFound', message },
    ],
  });
  expect(whyWorkloadVersion(version, lookup()).because).toEqual([
    expect.objectContaining({
      kind: 'KeptnTaskDefinition',
      name: 'load-test',
      mark: 'failed',
      says: `load-test Pending (DefinitionNotFound: ${message})`,
    }),
  ]);
});

test('an application version in its deployment phase lists the workloads that are not through', () => {
  const app = anAppVersion({
    currentPhase: 'AppDeploy',
    status: 'Progressing',
    workloadOverallStatus: 'Progressing',
  });
  expect(chain(whyAppVersion(app, lookup(aVersion(inPreTasks), failedTask)))).toEqual([
    'waiting KeptnAppVersion shop-2.0.0-6b86b273',
    'failed KeptnWorkloadVersion shop-cart-2.0.0',
    'failed KeptnTask pre-load-test-x',
  ]);
});

test('a Deployment counts its held Pods and leads to the current version of its workload', () => {
  const why = whyOwner(deployment, lookup(heldPod(), workload, aVersion(inPreTasks), failedTask));
  expect(why).toMatchObject({ mark: 'failed', says: '1 of 1 Pods held' });
  expect(chain(why)[1]).toBe('failed KeptnWorkloadVersion shop-cart-2.0.0');
});

test('a Deployment without a workload is told what is missing', () => {
  expect(whyOwner(deployment, lookup())).toMatchObject({
    mark: 'warning',
    says: expect.stringContaining('keptn.sh/workload'),
  });
});

describe('follow-ups', () => {
  const followUp = (
    name: string,
    status: KeptnState,
    followUps: FollowUpStatus[] = [],
  ): KeptnTask => ({
    apiVersion,
    kind: 'KeptnTask',
    metadata: { name, namespace },
    spec: { taskDefinition: name, checkType: 'on-failure' },
    status: { status, ...(status === 'Failed' && { reason: 'BackoffLimitExceeded' }), followUps },
  });
  const listed = (name: string, status: KeptnState): FollowUpStatus => ({
    trigger: 'onFailure',
    definitionName: name,
    name,
    status,
  });
  const notCreated: FollowUpStatus = {
    trigger: 'onFailure',
    definitionName: 'nothere',
    status: 'Pending',
    reason: 'DefinitionNotFound',
    message: 'KeptnTaskDefinition nothere does not exist',
  };

  test('of a failed check are shown under it, those that succeeded too, and chains of them whole', () => {
    const check = { ...failedTask, status: { ...failedTask.status } };
    check.status.followUps = [
      listed('told', 'Succeeded'),
      listed('roll-back', 'Failed'),
      notCreated,
    ];
    const rollBack = followUp('roll-back', 'Failed', [listed('page', 'Progressing')]);
    const page = followUp('page', 'Progressing');
    const objects = lookup(
      aVersion(inPreTasks),
      check,
      rollBack,
      page,
      followUp('told', 'Succeeded'),
    );
    const [shown] = whyWorkloadVersion(aVersion(inPreTasks), objects).because;
    expect(shown).toMatchObject({
      kind: 'KeptnTask',
      name: 'pre-load-test-x',
      because: [
        { kind: 'KeptnTask', name: 'told', mark: 'done', says: 'onFailure: told Succeeded' },
        {
          kind: 'KeptnTask',
          name: 'roll-back',
          mark: 'failed',
          says: 'onFailure: roll-back Failed (BackoffLimitExceeded)',
          because: [{ name: 'page', mark: 'waiting', says: 'onFailure: page Progressing' }],
        },
        {
          kind: 'KeptnTaskDefinition',
          name: 'nothere',
          mark: 'failed',
          says: 'onFailure: nothere Pending (DefinitionNotFound: KeptnTaskDefinition nothere does not exist)',
        },
      ],
    });
  });

  test('of a check that has passed are shown with it, and change nothing of how the version stands', () => {
    const fine: KeptnTask = {
      ...followUp('pre-fine-x', 'Succeeded'),
      spec: { taskDefinition: 'fine' },
      status: { status: 'Succeeded', followUps: [listed('page', 'Failed')] },
    };
    const version = aVersion({
      currentPhase: 'Completed',
      status: 'Succeeded',
      preDeploymentStatus: 'Succeeded',
      preDeploymentTaskStatus: [
        {
          definitionName: 'fine',
          name: 'pre-fine-x',
          status: 'Succeeded',
          followUps: [listed('page', 'Failed')],
        },
      ],
    });
    expect(whyWorkloadVersion(version, lookup(fine, followUp('page', 'Failed')))).toMatchObject({
      mark: 'done',
      says: 'Completed',
      because: [{ name: 'pre-fine-x', mark: 'done', because: [{ name: 'page', mark: 'failed' }] }],
    });
  });

  test('of a version are shown under it', () => {
    const version = anAppVersion({
      currentPhase: 'AppDeploy',
      status: 'Failed',
      workloadOverallStatus: 'Failed',
      followUps: [notCreated],
    });
    expect(whyAppVersion(version, lookup(version)).because).toMatchObject([
      { kind: 'KeptnTaskDefinition', name: 'nothere' },
    ]);
  });

  test('that are said to follow themselves come to an end', () => {
    const loop = followUp('loop', 'Failed', [listed('loop', 'Failed')]);
    const version = anAppVersion({ status: 'Failed', followUps: [listed('loop', 'Failed')] });
    expect(JSON.stringify(whyAppVersion(version, lookup(loop))).length).toBeLessThan(10_000);
  });
});

describe('an application version that was deployed', () => {
  const condition = (said: string, message = ''): Condition => {
    const [type = '', status, reason = ''] = said.split(' ');
    const lastTransitionTime = '2026-01-01T12:00:00Z';
    return {
      type,
      status: status === 'True' ? status : 'False',
      reason,
      message,
      lastTransitionTime,
    };
  };
  const isDeployed = condition('Deployed True Deployed');
  const promote: KeptnTask = {
    ...failedTask,
    metadata: { name: 'promotion-git-x', namespace },
    spec: { taskDefinition: 'git' },
  };
  const promotionTaskStatus: ItemStatus[] = [
    { definitionName: 'git', name: 'promotion-git-x', status: 'Failed' },
  ];

  test('and whose promotion failed says so, and leads to the task', () => {
    const version = anAppVersion({
      currentPhase: 'PromotionTasks',
      status: 'Failed',
      promotionStatus: 'Failed',
      promotionTaskStatus,
      conditions: [isDeployed, condition('Promoted False PromotionFailed')],
    });
    expect(whyAppVersion(version, lookup(promote))).toMatchObject({
      mark: 'failed',
      facts: { notes: ['deployed, but its promotion has failed'] },
      because: [{ name: 'promotion-git-x', mark: 'failed' }],
    });
  });

  test('and whose promotion failed as a Warning leads to the task as well', () => {
    const version = anAppVersion({
      currentPhase: 'Completed',
      status: 'Succeeded',
      promotionStatus: 'Warning',
      promotionTaskStatus,
      conditions: [
        condition(
          'Succeeded True CompletedWithWarning',
          'failed, but not blocking: PromotionTasks',
        ),
        isDeployed,
        condition('Promoted False PromotionFailed'),
      ],
    });
    expect(whyAppVersion(version, lookup(promote))).toMatchObject({
      mark: 'warning',
      says: 'Completed: failed, but not blocking: PromotionTasks',
      facts: { notes: ['deployed, but its promotion has failed'] },
      because: [{ name: 'promotion-git-x', mark: 'failed' }],
    });
  });

  test('and was not promoted says why', () => {
    const version = anAppVersion({
      currentPhase: 'Completed',
      status: 'Succeeded',
      conditions: [
        isDeployed,
        condition(
          'Promoted False PromotionSkipped',
          'not promoted after a Warning: AppPostDeployTasks',
        ),
      ],
    });
    expect(whyAppVersion(version, lookup()).facts.notes).toEqual([
      'deployed, but not promoted after a Warning: AppPostDeployTasks',
    ]);
  });
});

describe('a Deployment whose Pods Sluice does not hold', () => {
  const optedIn = aNamespace({
    annotations: { [keptnAnnotations.lifecycleToolkit]: 'enabled' },
    labels: { [sluiceKeys.enabled]: 'true' },
  });
  const why = (owner: KubernetesObject, ...objects: KubernetesObject[]): Finding =>
    whyOwner(owner, lookup(...objects));

  test('in a Namespace that is not opted in is told that first', () => {
    expect(why(deployment, aNamespace({})).facts.reason).toBe('NamespaceNotOptedIn');
  });

  test('and none of whose Pods could be created repeats what the API server said', () => {
    const refused = {
      ...deployment,
      status: {
        conditions: [
          {
            type: 'ReplicaFailure',
            status: 'True',
            reason: 'FailedCreate',
            message: 'exceeded quota: compute',
            lastTransitionTime: '2026-01-01T12:00:00Z',
          },
        ],
      },
    } as const;
    expect(why(refused, optedIn)).toMatchObject({
      says: expect.stringContaining('exceeded quota: compute'),
      facts: { reason: 'PodsRefused' },
    });
    expect(why(refused, optedIn, workload, released)).toMatchObject({
      says: expect.stringContaining('exceeded quota: compute'),
    });
  });

  test('and whose Pods are older than Sluice is told so by one of them', () => {
    const found = why(deployment, optedIn, running(heldPod([])));
    expect(found.mark).toBe('warning');
    expect(found.because.map(({ facts }) => facts.reason)).toEqual(['PastTheWebhook']);
  });

  test('because its version is through is done', () => {
    const status = { ...released.status, status: 'Succeeded', currentPhase: 'Completed' } as const;
    const found = why(deployment, optedIn, running(heldPod([])), workload, aVersion(status));
    expect(found).toMatchObject({ mark: 'done', facts: { pods: { all: 1, held: 0 } } });
  });
});

describe('a Namespace', () => {
  const key = keptnAnnotations.lifecycleToolkit;
  const why = (given: Parameters<typeof aNamespace>[0], ...objects: KubernetesObject[]) =>
    whyNamespace(aNamespace(given), lookup(aNamespace(given), ...objects));

  test.each<[string, Parameters<typeof aNamespace>[0], string]>([
    ['without an opt-in', {}, `it has no annotation ${key}: enabled`],
    ['with another value', { annotations: { [key]: 'true' } }, `annotation ${key} is "true"`],
    ['with a label', { labels: { [key]: 'enabled' } }, `label ${key} does not count`],
    [
      'with a misspelt key',
      { annotations: { 'keptn.sh/lifecyle-toolkit': 'enabled' } },
      'annotation keptn.sh/lifecyle-toolkit is not read',
    ],
  ])('%s is told why nothing in it is checked, and the command', (...[, given, says]) => {
    const found = why(given);
    expect(found).toMatchObject({ mark: 'warning', facts: { reason: 'NamespaceNotOptedIn' } });
    expect(found.says).toContain(says);
    expect(found.facts.remedies?.join()).toContain('kubectl annotate namespace');
  });

  test('that is opted in counts what it holds, and leads to what has failed', () => {
    const given = {
      annotations: { [key]: 'enabled' },
      labels: { [sluiceKeys.enabled]: 'true' },
    };
    const recorded = {
      ...given.annotations,
      [sluiceKeys.optInRecorded]: aNamespace({}).metadata.uid ?? '',
    };
    const failed = { ...inPreTasks, status: 'Failed', preDeploymentStatus: 'Failed' } as const;
    const found = why({ ...given, annotations: recorded }, heldPod(), aVersion(failed));
    expect(found).toMatchObject({ mark: 'waiting', facts: { pods: { all: 1, held: 1 } } });
    expect(found.says).toBe('its workloads are checked; 1 of 1 Pods held');
    expect(found.because.map(({ name }) => name)).toEqual(['shop-cart-2.0.0']);
  });
});

describe('a version that a hand has released', () => {
  const byHand = (status: 'True' | 'False'): KeptnWorkloadVersionStatus => ({
    status: 'Succeeded',
    currentPhase: 'Completed',
    preDeploymentStatus: 'Warning',
    releasedByHand: {
      user: 'alice',
      time: '2026-01-01T10:00:00Z',
      reason: 'hotfix INC-1',
      until: '2026-01-01T11:00:00Z',
    },
    conditions: [
      {
        type: 'Released',
        status,
        reason: status === 'True' ? 'ReleasedByHand' : 'ReleaseExpired',
        message: 'the release by hand is over, and its checks have not passed',
        lastTransitionTime: '2026-01-01T10:00:00Z',
      },
    ],
  });
  const byAlice = 'alice released it by hand until 2026-01-01T11:00:00Z: hotfix INC-1';

  test('says who, why and until when', () => {
    const { facts } = whyWorkloadVersion(aVersion(byHand('True')), fixedLookup([]));
    expect(facts.notes).toEqual([byAlice]);
  });

  test('says of a Pod that came too late what helps, and of one that came in time nothing bad', () => {
    const known = lookup(workload, aVersion(byHand('False')));
    const held = whyPod(heldPod(), known);
    expect(held).toMatchObject({
      mark: 'failed',
      says: 'held: the release by hand is over, and its checks have not passed',
    });
    expect(held.because[0]?.facts.remedies?.[0]).toContain('sluice.keptn.sh/retry=failed');
    const pod = heldPod([]);
    const early = { ...pod.metadata, creationTimestamp: '2026-01-01T10:30:00Z' };
    const started = { ...pod, metadata: early, status: { phase: 'Running' } };
    expect(whyPod(started, known).mark).toBe('done');
  });
});

test('what was refused by the last request by hand is said', () => {
  const message = 'retry by alice was refused: no check of it has failed';
  const refused: KeptnWorkloadVersionStatus = {
    status: 'Succeeded',
    steering: [
      {
        id: '1',
        verb: 'retry',
        time: '2026-01-01T10:00:00Z',
        outcome: 'Refused',
        reason: 'NothingToRetry',
        message,
      },
    ],
  };
  expect(whyWorkloadVersion(aVersion(refused), fixedLookup([])).facts.notes).toEqual([message]);
});

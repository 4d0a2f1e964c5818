import type { IndexDefinition } from '../../src/ports/index-definition.ts';
import { describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import type { Verdict } from '../../src/admission/verdict.ts';
import { allow } from '../../src/admission/verdict.ts';
import { reviewWorkload } from '../../src/admission/review-workload.ts';
import { ReplicaSetKind, type ReplicaSet } from '../../src/api/builtin.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { templateDigest } from '../../src/kubernetes/projection/template-digest.ts';
import { project } from '../../src/kubernetes/projection/projections.ts';
import type { WorkloadManifest } from '../../src/lint/workload/workload-manifest.ts';
import {
  aConfig,
  anAppContext,
  anEvaluationDefinition,
  aTaskDefinition,
  aWorkloadVersion,
} from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { requestFor } from '../support/builders/reviews.ts';
import { aManifest, type ManifestDescribed } from '../support/builders/workload-manifests.ts';

const byOwner: IndexDefinition = {
  kind: ReplicaSetKind,
  name: 'owner-uid',
  values: ({ metadata }) => metadata.ownerReferences?.map(({ uid }) => uid) ?? [],
};
const indexes = [...admissionIndexes, byOwner] as readonly IndexDefinition[];

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };

function review(
  object: WorkloadManifest,
  { cached = [], before }: { cached?: readonly KubernetesObject[]; before?: WorkloadManifest } = {},
): Verdict {
  const request = requestFor(object, {
    ...(before && { operation: 'UPDATE', oldObject: before }),
  });
  return reviewWorkload(request, fixedLookup(cached, indexes), { ...places, templateDigest });
}

const warned = (verdict: Verdict): readonly string[] => {
  if (verdict.type === 'denied') throw new Error(verdict.message);
  expect(verdict.patch).toEqual([]);
  return verdict.warnings;
};

const inTemplate = 'spec.template.metadata.annotations';
const named = { 'keptn.sh/app': 'shop', 'keptn.sh/workload': 'cart', 'keptn.sh/version': '1.0.0' };
const strict = aConfig({
  metadata: { namespace: 'keptn-system' },
  spec: { strictValidation: true },
});

const smoke = aTaskDefinition();
const cpuFree = anEvaluationDefinition();

interface Case {
  readonly what: string;
  readonly manifest: ManifestDescribed;
  readonly cached?: readonly KubernetesObject[];
  readonly warnings: readonly string[];
}

const accepted: readonly Case[] = [
  {
    what: 'keys of others that are short, too',
    manifest: { podAnnotations: { ...named, 'kapp.sh/versions': '1', 'test.sh/workload': 'x' } },
    warnings: [],
  },
  { what: 'without any annotation', manifest: {}, warnings: [] },
  { what: 'with app, workload and version', manifest: { podAnnotations: named }, warnings: [] },
  {
    what: 'with a workload alone: it is an app of its own, and its version is computed',
    manifest: { podAnnotations: { 'keptn.sh/workload': 'cart' } },
    warnings: [],
  },
  {
    what: 'with the recommended labels alone',
    manifest: {
      podLabels: { 'app.kubernetes.io/name': 'cart', 'app.kubernetes.io/version': '1' },
      metadata: { labels: { 'app.kubernetes.io/name': 'cart' } },
    },
    warnings: [],
  },
  {
    what: 'with a version label that names no workload, as many have',
    manifest: { podLabels: { 'app.kubernetes.io/version': '1' } },
    warnings: [],
  },
  {
    what: 'with everything on the object, and nothing on the Pod template',
    manifest: { annotations: { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke' } },
    cached: [smoke],
    warnings: [],
  },
  {
    what: 'with the same annotations in both places',
    manifest: { annotations: named, podAnnotations: named },
    warnings: [],
  },
  {
    what: 'with keys of other people',
    manifest: {
      annotations: { 'kept.io/x': '1', 'helm.sh/resource-policy': 'keep', plain: 'x' },
      podAnnotations: { 'prometheus.io/scrape': 'true' },
    },
    warnings: [],
  },
  {
    what: 'with definitions that are there, shared ones too',
    manifest: {
      podAnnotations: {
        ...named,
        'keptn.sh/pre-deployment-tasks': 'smoke, shared',
        'keptn.sh/post-deployment-evaluations': 'cpu-free',
        'sluice.keptn.sh/on-failure-tasks': 'smoke',
      },
    },
    cached: [
      smoke,
      aTaskDefinition({ metadata: { name: 'shared', namespace: 'keptn-system' } }),
      cpuFree,
    ],
    warnings: [],
  },
];

const told: readonly Case[] = [
  {
    what: 'names that no definition can have',
    manifest: {
      podAnnotations: {
        ...named,
        'keptn.sh/pre-deployment-tasks': 'no;no2',
        'keptn.sh/post-deployment-tasks': 'No',
        'keptn.sh/pre-deployment-evaluations': '[no]',
      },
    },
    warnings: [
      `${inTemplate}[keptn.sh/pre-deployment-tasks]: "no;no2" cannot be the name of anything; name a KeptnTaskDefinition, and separate several by commas`,
      `${inTemplate}[keptn.sh/post-deployment-tasks]: "No" cannot be the name of anything; name a KeptnTaskDefinition, and separate several by commas`,
      `${inTemplate}[keptn.sh/pre-deployment-evaluations]: "[no]" cannot be the name of anything; name a KeptnEvaluationDefinition, and separate several by commas`,
    ],
  },
  {
    what: 'an app without a workload',
    manifest: { podAnnotations: { 'keptn.sh/app': 'shop' } },
    warnings: [
      `${inTemplate}[keptn.sh/app]: no workload is named, so the Pods start without any check; add keptn.sh/workload beside it`,
    ],
  },
  {
    what: 'a version without a workload, on the object',
    manifest: { annotations: { 'keptn.sh/version': '1' } },
    warnings: [
      'metadata.annotations[keptn.sh/version]: no workload is named, so the Pods start without any check; add keptn.sh/workload beside it',
    ],
  },
  {
    what: 'checks without a workload',
    manifest: { podAnnotations: { 'keptn.sh/pre-deployment-tasks': 'smoke' } },
    warnings: [
      `${inTemplate}[keptn.sh/pre-deployment-tasks]: no workload is named, so the Pods start without any check; add keptn.sh/workload beside it`,
    ],
  },
  {
    what: 'a container that is not there',
    manifest: { podAnnotations: { 'keptn.sh/workload': 'cart', 'keptn.sh/container': 'car' } },
    warnings: [
      `${inTemplate}[keptn.sh/container]: The container name 'car' specified in keptn.sh/container does not match any containers in the pod; name one of them, or set keptn.sh/version`,
    ],
  },
  {
    what: 'checks on the object while the Pod template names the workload by a label of every chart',
    manifest: {
      annotations: { 'keptn.sh/pre-deployment-tasks': 'smoke' },
      podLabels: { 'app.kubernetes.io/name': 'cart' },
    },
    warnings: [
      'metadata.annotations[keptn.sh/pre-deployment-tasks]: has no effect: the Pod template names the workload, and then nothing else is read; move it to spec.template.metadata.annotations',
    ],
  },
  {
    what: 'a version in the Pod template while the object names the workload',
    manifest: {
      annotations: { 'keptn.sh/workload': 'cart', 'keptn.sh/version': '2' },
      podAnnotations: { 'keptn.sh/version': '1' },
    },
    warnings: [
      `${inTemplate}[keptn.sh/version]: has no effect: the workload is named in metadata, and what stands there comes first; move it there`,
    ],
  },
  {
    what: 'a label that an annotation of the same key hides',
    manifest: { podAnnotations: named, podLabels: { 'keptn.sh/version': '0.9.0' } },
    warnings: [
      'spec.template.metadata.labels[keptn.sh/version]: has no effect: the annotation of this key comes first',
    ],
  },
  {
    what: 'a container beside a version',
    manifest: { podAnnotations: { ...named, 'keptn.sh/container': 'cart' } },
    warnings: [
      `${inTemplate}[keptn.sh/container]: has no effect: the version is given, so it is not taken from an image`,
    ],
  },
  {
    what: 'a slip in a key',
    manifest: { podAnnotations: { ...named, 'keptn.sh/pre-deployment-task': 'smoke' } },
    warnings: [
      `${inTemplate}[keptn.sh/pre-deployment-task]: this key has no effect; did you mean keptn.sh/pre-deployment-tasks?`,
    ],
  },
  {
    what: 'slips in prefix and prefix alone',
    manifest: {
      podAnnotations: {
        ...named,
        'ketpn.sh/version': '1',
        'keptn.sh/on-failure-tasks': 'smoke',
      },
    },
    warnings: [
      `${inTemplate}[ketpn.sh/version]: this key has no effect; did you mean keptn.sh/version?`,
      `${inTemplate}[keptn.sh/on-failure-tasks]: this key has no effect; did you mean sluice.keptn.sh/on-failure-tasks?`,
    ],
  },
  {
    what: 'the opt-in of a Namespace',
    manifest: { annotations: { 'keptn.sh/lifecycle-toolkit': 'enabled' } },
    warnings: [
      'metadata.annotations[keptn.sh/lifecycle-toolkit]: has no effect here: a Namespace opts in, with an annotation of this key',
    ],
  },
  {
    what: 'the record that a gate was removed, in a template',
    manifest: { podAnnotations: { ...named, 'keptn.sh/scheduling-gate-removed': 'true' } },
    warnings: [
      `${inTemplate}[keptn.sh/scheduling-gate-removed]: has no effect: it records what happened to one Pod, and is taken off new ones; remove it`,
    ],
  },
  {
    what: 'metadata that is no list of pairs',
    manifest: { podAnnotations: { ...named, 'keptn.sh/metadata': 'team=a, b=c=d' } },
    warnings: [`${inTemplate}[keptn.sh/metadata]: "b=c=d" is left out, it is not key=value`],
  },
  {
    what: 'definitions that are not there',
    manifest: {
      podAnnotations: {
        ...named,
        'keptn.sh/pre-deployment-tasks': 'smoke,load',
        'keptn.sh/pre-deployment-evaluations': 'latency',
        'sluice.keptn.sh/on-success-tasks': 'notify',
      },
    },
    cached: [smoke],
    warnings: [
      `${inTemplate}[keptn.sh/pre-deployment-tasks]: not seen yet; KeptnTaskDefinition load is waited for (in shop or keptn-system)`,
      `${inTemplate}[keptn.sh/pre-deployment-evaluations]: not seen yet; KeptnEvaluationDefinition latency is waited for (in shop or keptn-system)`,
      `${inTemplate}[sluice.keptn.sh/on-success-tasks]: not seen yet; KeptnTaskDefinition notify is waited for (in shop or keptn-system)`,
    ],
  },
  {
    what: 'a progress deadline that the checks of app and workload may outlast',
    manifest: {
      podAnnotations: { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke' },
      progressDeadlineSeconds: 349,
    },
    cached: [smoke, cpuFree, anAppContext({ spec: { preDeploymentEvaluations: ['cpu-free'] } })],
    warnings: [
      'spec.progressDeadlineSeconds: 349 is shorter than the checks before the deployment may take (5m50s), and the roll-out would be reported as failed; set it above 350, or annotate sluice.keptn.sh/progress-deadline=raise',
    ],
  },
  {
    what: 'a progress deadline that the tasks of app and workload together may outlast',
    manifest: {
      podAnnotations: { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke' },
      progressDeadlineSeconds: 599,
    },
    cached: [smoke, anAppContext({ spec: { preDeploymentTasks: ['smoke'] } })],
    warnings: [
      'spec.progressDeadlineSeconds: 599 is shorter than the checks before the deployment may take (10m0s), and the roll-out would be reported as failed; set it above 600, or annotate sluice.keptn.sh/progress-deadline=raise',
    ],
  },
  {
    what: 'a Rollout whose usual deadline the checks may outlast',
    manifest: {
      kind: 'Rollout',
      podAnnotations: { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke,slow' },
    },
    cached: [smoke, aTaskDefinition({ metadata: { name: 'slow' }, spec: { timeout: '11m' } })],
    warnings: [
      'spec.progressDeadlineSeconds: 600 is shorter than the checks before the deployment may take (11m0s), and the roll-out would be reported as failed; set it above 660, or annotate sluice.keptn.sh/progress-deadline=raise',
    ],
  },
];

describe('a workload is accepted in silence', () => {
  test.each(accepted)('$what', ({ manifest, cached = [] }) => {
    expect(warned(review(aManifest(manifest), { cached }))).toEqual([]);
    expect(review(aManifest(manifest), { cached: [...cached, strict] })).toEqual(allow());
  });

  test.each(['StatefulSet', 'DaemonSet'] as const)('a %s without a deadline of its own', (kind) => {
    const podAnnotations = { ...named, 'keptn.sh/pre-deployment-tasks': 'slow' };
    const slow = aTaskDefinition({ metadata: { name: 'slow' }, spec: { timeout: '11m' } });
    const warnings = warned(review(aManifest({ kind, podAnnotations }), { cached: [slow] }));
    expect(warnings.filter((text) => text.includes('progressDeadlineSeconds'))).toEqual([]);
  });

  test('with a deadline as long as its checks', () => {
    const podAnnotations = { ...named, 'keptn.sh/pre-deployment-tasks': 'smoke' };
    const manifest = aManifest({ podAnnotations, progressDeadlineSeconds: 300 });
    expect(review(manifest, { cached: [smoke] })).toEqual(allow());
  });

  test('a Rollout whose Pod template is that of a Deployment it names', () => {
    const rollout = aManifest({ kind: 'Rollout', annotations: { 'keptn.sh/app': 'shop' } });
    const spec = { workloadRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart' } };
    expect(review({ ...rollout, spec } as WorkloadManifest)).toEqual(allow());
  });

  test('that cannot be read: the API server will say so', () => {
    expect(review({ ...aManifest(), spec: 'text' } as unknown as WorkloadManifest)).toEqual(
      allow(),
    );
  });

  test('that is being deleted', () => {
    const podAnnotations = { 'keptn.sh/app': 'shop' };
    const metadata = { deletionTimestamp: '2026-01-01T00:00:00Z' };
    expect(review(aManifest({ podAnnotations, metadata }))).toEqual(allow());
  });
});

describe('a workload is accepted with a word about', () => {
  test.each(told)('$what', ({ manifest, cached = [], warnings }) => {
    expect(warned(review(aManifest(manifest), { cached }))).toEqual(warnings);
  });

  test('what its generated name does not change', () => {
    const { name: _, ...metadata } = aManifest().metadata;
    const manifest = { ...aManifest({ podAnnotations: { 'keptn.sh/app': 'shop' } }), metadata };
    expect(warned(review(manifest as WorkloadManifest))).toHaveLength(1);
  });
});

describe('in strict mode', () => {
  const isMissing = (warning: string) => warning.includes('is waited for');
  const neverWorks = (warning: string) => warning.includes('does not match any containers');

  test.each(told)('$what is refused in the same words, unless it is only missing', (one) => {
    const verdict = review(aManifest(one.manifest), { cached: [...(one.cached ?? []), strict] });
    const wrong = one.warnings
      .filter((warning) => !isMissing(warning))
      .map((text) => (neverWorks(text) ? text : `${text} (strictValidation is on)`));
    if (wrong.length === 0) return expect(warned(verdict)).toEqual(one.warnings);
    const group = one.manifest.kind === 'Rollout' ? 'Rollout.argoproj.io' : 'Deployment.apps';
    expect(verdict).toMatchObject({
      type: 'denied',
      message: `${group} "cart" is invalid: ${wrong.join('; ')}`,
    });
  });

  test('of somebody else’s namespace means nothing while the operator has a KeptnConfig', () => {
    const cached = [
      aConfig({ metadata: { namespace: 'keptn-system' } }),
      aConfig({ metadata: { namespace: 'shop' }, spec: { strictValidation: true } }),
    ];
    const manifest = aManifest({ podAnnotations: { 'keptn.sh/app': 'shop' } });
    expect(warned(review(manifest, { cached }))).toHaveLength(1);
  });
});

describe('an update', () => {
  const half = { 'keptn.sh/app': 'shop' };
  const before = aManifest({ podAnnotations: half });

  test.each<[string, ManifestDescribed]>([
    ['of nothing', { podAnnotations: half }],
    [
      'of what controllers and other tools write',
      {
        podAnnotations: half,
        annotations: { 'deployment.kubernetes.io/revision': '2', 'example.com/x': 'y' },
      },
    ],
    [
      'that restarts it',
      {
        podAnnotations: { ...half, 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' },
      },
    ],
  ])('%s is answered with nothing, strict or not', (_what, described) => {
    const after = aManifest(described);
    expect(review(after, { before })).toEqual(allow());
    expect(review(after, { before, cached: [strict] })).toEqual(allow());
    expect(review(before, { before: after, cached: [strict] })).toEqual(allow());
  });

  test.each<[string, ManifestDescribed]>([
    ['of the Pod template', { podAnnotations: half, containers: [{ name: 'cart', image: 'b' }] }],
    ['of the annotations', { podAnnotations: half, annotations: { 'keptn.sh/version': '1' } }],
    ['of the deadline', { podAnnotations: half, progressDeadlineSeconds: 10 }],
  ])('%s is judged', (_what, described) => {
    expect(warned(review(aManifest(described), { before }))).toHaveLength(1);
    expect(review(aManifest(described), { before, cached: [strict] }).type).toBe('denied');
  });
});

describe('a version that has been released', () => {
  const image = (tag: string) => [{ name: 'cart', image: `cart:${tag}` }];
  const first = aManifest({ podAnnotations: named, containers: image('a') });
  const second = aManifest({ podAnnotations: named, containers: image('b') });
  const released = (revisions: string[] = [], status: 'True' | 'False' = 'True') =>
    aWorkloadVersion({
      status: {
        releasedRevisions: revisions,
        conditions: [
          {
            type: 'Released',
            status,
            reason: 'ChecksPassed',
            message: '',
            lastTransitionTime: '2026-01-01T00:00:00Z',
          },
        ],
      },
    });
  /** The ReplicaSet that a Deployment was made into, as the caches hold it. */
  const replicaSetOf = (manifest: WorkloadManifest, uid: string): ReplicaSet => {
    const { template } = manifest.spec;
    const labels = { ...template?.metadata?.labels, 'pod-template-hash': uid };
    return project(ReplicaSetKind, {
      metadata: {
        name: `cart-${uid}`,
        namespace: 'shop',
        uid,
        ownerReferences: [
          { apiVersion: 'apps/v1', kind: 'Deployment', name: 'cart', uid: 'uid-of-cart' },
        ],
      },
      spec: { template: { ...template, metadata: { ...template?.metadata, labels } } },
    }) as ReplicaSet;
  };
  const reused = [
    `${inTemplate}[keptn.sh/version]: version 1.0.0 of workload cart has been released with another Pod template, so these Pods start without checks; give them a new version`,
  ];

  test('with what an update replaces', () => {
    expect(warned(review(second, { before: first, cached: [released()] }))).toEqual(reused);
    expect(review(second, { before: first, cached: [released(), strict] }).type).toBe('denied');
  });

  test('is told with every kind of workload', () => {
    for (const kind of ['StatefulSet', 'DaemonSet', 'Rollout'] as const) {
      const before = aManifest({ kind, podAnnotations: named, containers: image('a') });
      const after = aManifest({ kind, podAnnotations: named, containers: image('b') });
      expect(warned(review(after, { before, cached: [released()] }))).toEqual(reused);
    }
  });

  test('is not told before it is released, nor of another version', () => {
    expect(review(second, { before: first })).toEqual(allow());
    expect(review(second, { before: first, cached: [released([], 'False')] })).toEqual(allow());
    const next = aManifest({
      podAnnotations: { ...named, 'keptn.sh/version': '2.0.0' },
      containers: image('b'),
    });
    expect(review(next, { before: first, cached: [released()] })).toEqual(allow());
  });

  test('is told of a version that has failed and is applied again, with the command that helps', () => {
    const conditions = [
      {
        type: 'Succeeded',
        status: 'False' as const,
        reason: 'TaskFailed',
        message: 'smoke: exit code 3',
        lastTransitionTime: '2026-01-01T00:00:00Z',
      },
    ];
    const failed = aWorkloadVersion({ status: { status: 'Failed', conditions } });
    expect(warned(review(second, { before: first, cached: [failed] }))).toEqual([
      `${inTemplate}[keptn.sh/version]: version 1.0.0 of workload shop-cart has failed (smoke: exit code 3), and its Pods are held. Give what has changed a new version. It is checked again if the definition of a failed check is changed, and once any other cause is mended by: kubectl annotate kwv shop-cart-1.0.0 -n shop sluice.keptn.sh/retry=failed`,
    ]);
    expect(review(second, { before: first, cached: [failed, strict] }).type).toBe('allowed');
    const byHand = { ...strict, spec: { ...strict.spec, repeatFailedChecks: false } };
    expect(warned(review(second, { before: first, cached: [failed, byHand] }))).toEqual([
      expect.stringMatching(
        /new version\. Once the cause is mended, it is checked again by: kubectl annotate /,
      ),
    ]);
  });

  test('is told when an older version comes back with another template', () => {
    const next = aManifest({
      podAnnotations: { ...named, 'keptn.sh/version': '2.0.0' },
      containers: image('c'),
    });
    const cached = [released(['one']), replicaSetOf(first, 'one')];
    expect(warned(review(second, { before: next, cached }))).toEqual(reused);
    expect(review(first, { before: next, cached })).toEqual(allow());
  });

  test('is not told when it comes back as one of the templates it was released with', () => {
    const cached = [
      released(['one', 'two']),
      replicaSetOf(first, 'one'),
      replicaSetOf(second, 'two'),
    ];
    expect(review(first, { before: second, cached })).toEqual(allow());
  });

  test('is not told when it was merely restarted', () => {
    const restarted = aManifest({
      podAnnotations: { ...named, 'kubectl.kubernetes.io/restartedAt': '2026-01-01T00:00:00Z' },
      containers: image('a'),
    });
    const annotated = {
      ...first,
      metadata: { ...first.metadata, annotations: { 'keptn.sh/x': '' } },
    };
    for (const set of [replicaSetOf(restarted, 'one'), replicaSetOf(first, 'one')]) {
      const cached = [released(['one']), set];
      expect(review(restarted, { before: second, cached })).toEqual(allow());
      expect(review(annotated, { before: second, cached })).toEqual(allow());
    }
  });

  test('is not told of a version that is computed: it is what its template is', () => {
    const computed = (tag: string) =>
      aManifest({
        podAnnotations: {
          'keptn.sh/app': 'shop',
          'keptn.sh/workload': 'cart',
          'keptn.sh/container': 'cart',
        },
        containers: [
          { name: 'cart', image: 'cart:1.0.0' },
          { name: 'side', image: tag },
        ],
      });
    expect(review(computed('b'), { before: computed('a'), cached: [released()] })).toEqual(allow());
  });
});

describe('a value that is longer than anything that is read', () => {
  const long = { ...named, 'keptn.sh/workload': 'x'.repeat(120_000) };

  test('is refused, and the key is named', () => {
    expect(review(aManifest({ podAnnotations: long }))).toMatchObject({
      type: 'denied',
      causes: [
        {
          path: `${inTemplate}[keptn.sh/workload]`,
          message: 'has 120000 characters; at most 1024 are read: shorten it',
        },
      ],
    });
  });

  test('that was there before hinders no other change', () => {
    const before = aManifest({ podAnnotations: long });
    const after = aManifest({ podAnnotations: { ...long, 'keptn.sh/version': '2.0.0' } });
    expect(review(after, { before }).type).toBe('allowed');
  });
});

describe('a workload whose template names a node', () => {
  const placed = (described: ManifestDescribed = {}) =>
    aManifest({ nodeName: 'node-1', podAnnotations: named, ...described });

  test.each(['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'] as const)(
    'is refused when it is annotated, without strict mode too: %s',
    (kind) => {
      const verdict = review(placed({ kind }));
      expect(verdict).toMatchObject({
        type: 'denied',
        message: expect.stringContaining('no gate can hold'),
        causes: [{ path: 'spec.template.spec.nodeName' }],
      });
    },
  );

  test('is refused when only the object around it is annotated, and told what else is wrong', () => {
    const verdict = review(
      placed({
        podAnnotations: {},
        annotations: { ...named, 'keptn.sh/pre-deployment-tasks': 'no' },
      }),
    );
    expect(verdict).toMatchObject({
      type: 'denied',
      causes: [{ path: 'spec.template.spec.nodeName' }],
      warnings: [expect.stringContaining('KeptnTaskDefinition no')],
    });
  });

  test('is nobody’s concern when nothing is annotated, or when an update leaves the template alone', () => {
    expect(review(placed({ podAnnotations: {} }))).toEqual(allow());
    expect(review(placed({ metadata: { labels: { a: 'b' } } }), { before: placed() })).toEqual(
      allow(),
    );
  });
});

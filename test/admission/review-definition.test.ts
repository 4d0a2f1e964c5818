import { describe, expect, test } from 'vitest';
import { judgeApplied, judgeDeletion } from '../../src/admission/review-definition.ts';
import { allow, warn } from '../../src/admission/verdict.ts';
import { KeptnAppContext } from '../../src/api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import type { Kind, KubernetesObject } from '../../src/api/object.ts';
import type { AdmissionRequest } from '../../src/api/review.ts';
import type { Lookup } from '../../src/domain/lookup.ts';
import {
  aConfig,
  anAppContext,
  anAppVersion,
  anEvaluationDefinition,
  aTaskDefinition,
  aWorkloadVersion,
  standardObjects,
} from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { nested } from '../support/builders/nested.ts';
import { requestFor } from '../support/builders/reviews.ts';

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };

const withSpec = (spec: unknown, metadata: object = {}) => {
  const definition = aTaskDefinition();
  return { ...definition, metadata: { ...definition.metadata, ...metadata }, spec };
};

const judge = (
  object: KubernetesObject,
  more?: Partial<AdmissionRequest>,
  others: readonly KubernetesObject[] = [],
) => {
  const resource = ownKinds.find(({ kind }) => kind === object.kind);
  if (resource === undefined) throw new Error(`no kind ${object.kind}`);
  return judgeApplied(resource, places)(requestFor(object, more), fixedLookup(others));
};

const strict = aConfig({
  metadata: { namespace: 'keptn-system' },
  spec: { strictValidation: true },
});

const none = 'Forbidden! Either Container, Python, or Deno field must be defined (or Bash)';
const several =
  'Forbidden! Only one of Container, Python, or Deno field can be defined (Bash included)';

function rejects(spec: unknown, message: string): void {
  expect(judge(withSpec(spec))).toEqual({
    type: 'denied',
    message: `KeptnTaskDefinition.lifecycle.keptn.sh "${aTaskDefinition().metadata.name}" is invalid: spec: ${message}`,
    causes: [{ path: 'spec', message }],
  });
}

describe('a KeptnTaskDefinition', () => {
  test.each(['deno', 'python', 'bash'])(
    'is accepted with %s alone, even an empty one',
    (runner) => {
      expect(judge(withSpec({ [runner]: {} })).type).toBe('allowed');
    },
  );

  test('is rejected without a runner, in Keptn’s words', () => {
    rejects({}, none);
    rejects({ retries: 3 }, none);
  });

  test('is rejected with several runners, in Keptn’s words', () => {
    rejects({ deno: {}, python: {} }, `${several}; deno and python are set`);
    rejects(
      { container: { name: 'c', image: 'c:1' }, deno: {}, python: {} },
      `${several}; container and deno and python are set`,
    );
  });

  test('is rejected when its spec is no object, and the field is named', () => {
    expect(judge(withSpec('text'))).toMatchObject({ causes: [{ path: 'spec' }] });
  });
});

describe('an object of any kind', () => {
  test.each(standardObjects.map((object) => [object.kind, object] as const))(
    'that is as it should be is accepted and nothing is said: %s',
    (_, object) => {
      expect(judge(object, {}, standardObjects)).toEqual(allow());
    },
  );

  test('is judged whatever Keptn has left in its status', () => {
    const left: object = { status: 'a word' };
    expect(judge({ ...aTaskDefinition(), ...left })).toEqual(allow());
  });

  test('is named by its own name where the request has none', () => {
    expect(judge(withSpec({}), { name: '' })).toMatchObject({
      message: expect.stringContaining('KeptnTaskDefinition.lifecycle.keptn.sh "smoke" is invalid'),
    });
  });
});

describe('an update of an object that could not be created today', () => {
  const bad = withSpec({ deno: {}, python: {}, retries: 1 });

  test('is accepted when it leaves the spec alone', () => {
    const reordered = withSpec({ retries: 1, python: {}, deno: {} }, { labels: { a: 'b' } });
    expect(judge(reordered, { operation: 'UPDATE', oldObject: bad })).toEqual(allow());
  });

  test('is accepted while the object is being deleted', () => {
    const leaving = withSpec({}, { deletionTimestamp: '2026-01-01T00:00:00Z' });
    expect(judge(leaving, { operation: 'UPDATE', oldObject: bad })).toEqual(allow());
  });

  test('is rejected when it changes the spec and leaves it bad', () => {
    const changed = withSpec({ deno: {}, python: {}, retries: 2 });
    expect(judge(changed, { operation: 'UPDATE', oldObject: bad }).type).toBe('denied');
    expect(judge(bad, { operation: 'CREATE', oldObject: bad }).type).toBe('denied');
  });

  test('is compared through any depth', () => {
    const deep = (end: string) => {
      let value: unknown = end;
      for (let level = 0; level < 50_000; level += 1) value = [value];
      return withSpec({ deno: {}, python: value });
    };
    const update = { operation: 'UPDATE' } as const;
    expect(judge(deep('a'), { ...update, oldObject: deep('a') })).toEqual(allow());
    expect(judge(deep('a'), { ...update, oldObject: deep('b') }).type).toBe('denied');
  });

  test('is not warned of either when it leaves the spec alone', () => {
    const context = anAppContext({ spec: { promotionTasks: ['gone'] } });
    expect(judge(context).type).toBe('allowed');
    expect(judge(context)).not.toEqual(allow());
    expect(judge(context, { operation: 'UPDATE', oldObject: context })).toEqual(allow());
  });
});

describe('what is doubtful, risky or missing', () => {
  const container = { name: 'c', image: 'c' };
  const definition = aTaskDefinition({
    spec: { container, attemptTimeout: '5s', onSuccess: ['gone'] },
  });
  const risky =
    'c has no tag, which means latest: what runs can change unseen; name a version or a digest';
  const doubtful = 'has no effect on a container, only on functions; remove it';
  const missing =
    'spec.onSuccess[0]: not seen yet; KeptnTaskDefinition gone is waited for (in shop or keptn-system)';

  test('is let in with a warning', () => {
    expect(judge(definition)).toEqual(
      warn(`spec.container.image: ${risky}`, `spec.attemptTimeout: ${doubtful}`, missing),
    );
  });

  test('is refused in strict mode, but for what is missing', () => {
    const suffix = ' (strictValidation is on)';
    expect(judge(definition, {}, [strict])).toEqual({
      type: 'denied',
      message: `KeptnTaskDefinition.lifecycle.keptn.sh "smoke" is invalid: spec.container.image: ${risky}${suffix}; spec.attemptTimeout: ${doubtful}${suffix}`,
      causes: [
        { path: 'spec.container.image', message: risky + suffix },
        { path: 'spec.attemptTimeout', message: doubtful + suffix },
      ],
      warnings: [missing],
    });
    const onlyMissing = aTaskDefinition({ spec: { onSuccess: ['gone'] } });
    expect(judge(onlyMissing, {}, [strict])).toEqual(warn(missing));
  });

  test('is told beside an error, too', () => {
    const both = aTaskDefinition({ spec: { timeout: '-1s', onSuccess: ['gone'] } });
    expect(judge(both)).toMatchObject({
      type: 'denied',
      causes: [{ path: 'spec.timeout' }],
      warnings: [missing],
    });
  });

  test('is told although there is a line break in it, with which the API server would drop the warning', () => {
    const map = { 'db\npassword': 'x' };
    const broken = aTaskDefinition({
      spec: { deno: { inline: { code: 'x' }, parameters: { map } } },
    });
    expect(judge(withSpec(broken.spec))).toMatchObject({
      warnings: [expect.stringMatching(/^spec\.deno\.parameters\.map\[db\ufffdpassword\]: /)],
    });
  });

  test('is told as long as somebody may read it', () => {
    const names = Array.from({ length: 900 }, (_, index) => `Bad ${index}`);
    const verdict = judge(anAppContext({ spec: { preDeploymentTasks: names } }));
    if (verdict.type !== 'denied') throw new Error('let in');
    expect(verdict.causes.length).toBe(51);
    expect(verdict.causes.at(-1)).toEqual({
      path: 'spec',
      message: 'has 850 more problems like these',
    });
  });

  test('is not claimed while the caches are not filled', () => {
    const lookup = { ...fixedLookup([]), isSynced: () => false };
    const request = requestFor(aTaskDefinition({ spec: { onSuccess: ['gone'] } }));
    expect(judgeApplied(KeptnTaskDefinition, places)(request, lookup)).toEqual(allow());
  });

  test('is told once for each object, however often it is named', () => {
    const names = { preDeploymentTasks: ['gone', 'other'], postDeploymentTasks: ['gone'] };
    expect(judge(anAppContext({ spec: { ...names, promotionTasks: ['gone'] } }))).toEqual(
      warn(
        'spec.preDeploymentTasks[0] and 2 more: not seen yet; KeptnTaskDefinition gone is waited for (in shop or keptn-system)',
        'spec.preDeploymentTasks[1]: not seen yet; KeptnTaskDefinition other is waited for (in shop or keptn-system)',
      ),
    );
  });

  test('is not told of what was let in a moment ago', () => {
    const lookup: Lookup = {
      ...fixedLookup([]),
      isExpected: ({ kind }, namespace, name) =>
        `${kind} ${namespace}/${name}` === 'KeptnTaskDefinition shop/gone',
    };
    const request = requestFor(aTaskDefinition({ spec: { onSuccess: ['gone'] } }));
    expect(judgeApplied(KeptnTaskDefinition, places)(request, lookup)).toEqual(allow());
  });

  test('of which there is much is cut short', () => {
    const preDeploymentTasks = Array.from({ length: 40 }, (_, index) => `gone-${index}`);
    const verdict = judge(anAppContext({ spec: { preDeploymentTasks } }));
    const warnings = verdict.type === 'allowed' ? verdict.warnings : [];
    expect(warnings).toHaveLength(12);
    expect(warnings.at(-1)).toBe('and 29 more problems like these');
  });
});

describe('deleting a definition', () => {
  const smoke = aTaskDefinition();
  const running = aWorkloadVersion({
    spec: { preDeploymentTasks: ['smoke'] },
    status: { status: 'Progressing' },
  });

  function deletion(definition: KubernetesObject, others: readonly KubernetesObject[]) {
    const resource =
      definition.kind === KeptnTaskDefinition.kind
        ? KeptnTaskDefinition
        : KeptnEvaluationDefinition;
    const { object: oldObject, ...request } = requestFor(definition, { operation: 'DELETE' });
    return judgeDeletion(resource, places)(
      { ...request, oldObject },
      fixedLookup([definition, ...others]),
    );
  }

  test('that nobody needs is accepted, and nothing is said', () => {
    const over = aWorkloadVersion({ spec: running.spec, status: { status: 'Succeeded' } });
    expect(deletion(smoke, [over, anAppContext()])).toEqual(allow());
  });

  test('names the versions that are not over and need it', () => {
    const app = anAppVersion({ spec: { promotionTasks: ['smoke'] } });
    expect(deletion(smoke, [running, app])).toEqual(
      warn(
        'KeptnTaskDefinition smoke is still needed by KeptnAppVersion shop-1.0.0-6b86b273, KeptnWorkloadVersion shop-cart-1.0.0, which will wait for it to come back',
      ),
    );
  });

  test('names nothing that is in other namespaces', () => {
    const shared = aTaskDefinition({ metadata: { name: 'smoke', namespace: 'keptn-system' } });
    const far = aWorkloadVersion({
      metadata: { namespace: 'secret-team' },
      spec: { preDeploymentTasks: ['smoke'] },
    });
    expect(deletion(shared, [far])).toEqual(
      warn(
        'KeptnTaskDefinition smoke is still needed by 1 in other namespaces, which will wait for it to come back',
      ),
    );
  });

  test('that only phases which are over have run is accepted, and nothing is said', () => {
    const spec = { preDeploymentTasks: ['smoke'] };
    const status = { status: 'Progressing', preDeploymentStatus: 'Succeeded' } as const;
    expect(deletion(smoke, [aWorkloadVersion({ spec, status })])).toEqual(allow());
    const again = { ...spec, postDeploymentTasks: ['smoke'] };
    expect(deletion(smoke, [aWorkloadVersion({ spec: again, status })])).not.toEqual(allow());
  });

  test('does not claim that a version waits for what is only to follow it', () => {
    const version = aWorkloadVersion({ spec: { onSuccess: ['smoke'] } });
    expect(deletion(smoke, [version])).toEqual(
      warn('KeptnTaskDefinition smoke is still named by KeptnWorkloadVersion shop-cart-1.0.0'),
    );
  });

  test('names the definitions and contexts that name it, a few of them', () => {
    const naming = ['a', 'b', 'c', 'd'].map((name) =>
      aTaskDefinition({ metadata: { name }, spec: { 'on-failure': 'smoke' } }),
    );
    const context = anAppContext({ spec: { postDeploymentTasks: ['smoke'] } });
    expect(deletion(smoke, [context, ...naming])).toEqual(
      warn(
        'KeptnTaskDefinition smoke is still named by KeptnAppContext shop, KeptnTaskDefinition a, KeptnTaskDefinition b and 2 more',
      ),
    );
  });

  test('of an evaluation counts evaluations only', () => {
    const definition = anEvaluationDefinition();
    const version = (field: 'preDeploymentEvaluations' | 'preDeploymentTasks') =>
      aWorkloadVersion({ spec: { [field]: ['cpu-free'] } });
    expect(deletion(definition, [version('preDeploymentTasks')])).toEqual(allow());
    expect(deletion(definition, [version('preDeploymentEvaluations')])).not.toEqual(allow());
  });

  test('with a shared one to fall back to leaves nobody waiting', () => {
    const shared = aTaskDefinition({ metadata: { namespace: 'keptn-system' } });
    expect(deletion(smoke, [running, shared])).toEqual(allow());
    expect(deletion(shared, [running, smoke])).toEqual(allow());
  });

  test('of a shared one counts all namespaces that have none of their own', () => {
    const shared = aTaskDefinition({ metadata: { namespace: 'keptn-system' } });
    expect(deletion(shared, [running])).not.toEqual(allow());
  });

  test('of another namespace is of no concern', () => {
    const elsewhere = { ...running, metadata: { ...running.metadata, namespace: 'other' } };
    expect(deletion(smoke, [elsewhere])).toEqual(allow());
  });
});

test('everything that rules look up is cached on every replica', async () => {
  const { watchedKinds } = await import('../../src/process/watched-kinds.ts');
  const asked = new Set<string>();
  const note = (kind: Kind) => void asked.add(`${kind.kind} ${kind.view ?? ''}`);
  const all = fixedLookup(standardObjects);
  const lookup: typeof all = {
    ...all,
    get: (kind, ...place) => (note(kind), all.get(kind, ...place)),
    list: (kind, ...place) => (note(kind), all.list(kind, ...place)),
  };
  for (const object of standardObjects) {
    const resource = ownKinds.find(({ kind }) => kind === object.kind);
    if (resource !== undefined) judgeApplied(resource, places)(requestFor(object), lookup);
  }
  const rich = aTaskDefinition({
    spec: { serviceAccount: { name: 'a' }, job: { envFrom: [{ configMapRef: { name: 'a' } }] } },
  });
  judgeApplied(KeptnTaskDefinition, places)(requestFor(rich), lookup);
  const deleted = requestFor(aTaskDefinition(), {
    operation: 'DELETE',
    oldObject: aTaskDefinition(),
  });
  judgeDeletion(KeptnTaskDefinition, places)(deleted, lookup);
  const cached = watchedKinds('admission', []).watched.map(
    ({ kind }) => `${kind.kind} ${kind.view ?? ''}`,
  );
  expect([...asked].filter((kind) => !cached.includes(kind))).toEqual([]);
  expect(asked).toContain(`${KeptnAppVersion.kind} `);
  expect(asked).toContain(`${KeptnAppContext.kind} `);
  expect(asked.size).toBeGreaterThanOrEqual(9);
});

describe('an object that is nested too deeply', () => {
  const kinds = standardObjects.filter(({ kind }) => ownKinds.some((own) => own.kind === kind));

  test.each(kinds.map((object) => [object.kind, object] as const))(
    'is refused, and the place is named: %s',
    (_kind, object) => {
      const spec = { ...object.spec, odd: nested(10_000) };
      expect(judge(Object.assign({}, object, { spec }))).toMatchObject({
        type: 'denied',
        causes: [
          { path: 'spec.odd.x', message: 'is nested deeper than 64 levels; make it flatter' },
        ],
      });
    },
  );

  test('that was stored before can still be labelled and finalized', () => {
    const spec = { container: nested(10_000) };
    const after = withSpec(spec, { labels: { team: 'shop' } });
    expect(judge(after, { operation: 'UPDATE', oldObject: withSpec(spec) })).toEqual(allow());
  });

  test('is refused where an older version hid it', () => {
    const annotations = { 'sluice.keptn.sh/conversion-problem': 'is nested deeper than 64 levels' };
    expect(judge(withSpec({ deno: { inline: { code: '1' } } }, { annotations }))).toMatchObject({
      type: 'denied',
      causes: [{ path: 'metadata.annotations[sluice.keptn.sh/conversion-problem]' }],
    });
  });

  test('is deleted like any other', () => {
    const { container } = { container: nested(10_000) };
    const request = requestFor(withSpec({ container }), { operation: 'DELETE' });
    const oldObject = withSpec({ container });
    expect(
      judgeDeletion(KeptnTaskDefinition, places)({ ...request, oldObject }, fixedLookup([])).type,
    ).toBe('allowed');
  });
});

import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  appName,
  appVersionName,
  childName,
  functionConfigMapName,
  functionCopyName,
  generationHash,
  hashedName,
  isLegalName,
  jobName,
  resourceName,
  workloadName,
  workloadVersionName,
} from '../../src/domain/names.ts';

const anyText = fc.oneof(
  fc.string({ maxLength: 300 }),
  fc.string({ unit: fc.constantFrom('a', 'Z', '0', '-', '.', '_', '/', '+', 'ü'), maxLength: 300 }),
);
const label = fc.stringMatching(/^[a-z]([-a-z0-9]{0,60}[a-z0-9])?$/);

describe("Keptn's name rule", () => {
  const a = (length: number): string => 'a'.repeat(length);
  const b = (length: number): string => 'b'.repeat(length);

  test.each([
    ['short parts are joined', ['one', 'two', 'three'], 20, 5, 'one-two-three'],
    ['a long first part is cut by the excess', [a(25), 'two', 'six'], 20, 5, `${a(12)}-two-six`],
    ['a long second part is cut by the excess', ['one', b(25), 'six'], 20, 5, `one-${b(12)}-six`],
    [
      'the first is cut to the minimum before the second is',
      [a(20), b(11), 'last'],
      20,
      5,
      `${a(5)}-${b(9)}-last`,
    ],
    [
      'a minimum that cannot hold is halved',
      [a(20), b(11), 'last'],
      20,
      100,
      `${a(6)}-${b(8)}-last`,
    ],
    ['the last part is never cut', ['one', b(25)], 10, 2, `on-${b(25)}`],
    [
      'underscores and case are changed, nothing else',
      ['One_1', '1.0+Build/x'],
      40,
      5,
      'one-1-1.0+build/x',
    ],
  ])('%s', (_, ...[parts, longest, shortest, want]) => {
    expect(resourceName(parts, { longest, shortest })).toBe(want);
  });

  test.each([
    [1, '6b86b273'],
    [2, 'd4735e3a'],
    [3, '4e074085'],
    [4, '4b227777'],
  ])('generation %d hashes to %s', (generation, hash) => {
    expect(generationHash(generation)).toBe(hash);
  });
});

describe('names of apps, workloads and versions', () => {
  test("are Keptn's where those are legal", () => {
    expect([
      appName('My_Shop'),
      workloadName('shop', 'Cart_1'),
      workloadVersionName('shop-cart', '1.0'),
      appVersionName('shop', '1.0-RC1', 1),
    ]).toEqual(['my-shop', 'shop-cart-1', 'shop-cart-1.0', 'shop-1.0-rc1-6b86b273']);
  });

  test("are byte-identical to Keptn's rule for any legal result", () => {
    fc.assert(
      fc.property(label, label, (workload, version) => {
        expect(workloadVersionName(workload, version)).toBe(resourceName([workload, version]));
      }),
    );
  });

  test.each([
    ['1.0+build', 'shop-cart-1.0-build-'],
    ['5000/app', 'shop-cart-5000-app-'],
    ['', 'shop-cart-'],
    ['..', 'shop-cart-'],
    ['v1.-x', 'shop-cart-v1.x-'],
  ])('version "%s" is made legal and gets a hash', (version, stem) => {
    const name = workloadVersionName('shop-cart', version);
    expect(name.startsWith(stem)).toBe(true);
    expect(name.slice(stem.length)).toMatch(/^[a-z2-7]{10}$/);
  });

  test('are frozen where a hash was needed', () => {
    expect([
      workloadVersionName('shop-cart', '1.0+build'),
      workloadVersionName('shop-cart', ''),
      appVersionName('shop', '5000/app', 2),
      appName('§'),
    ]).toEqual([
      'shop-cart-1.0-build-bqvur3auc6',
      'shop-cart-6hh2rq76a7',
      'shop-5000-app-d4735e3a-vfpkrn6omw',
      'kp3u34hxuk',
    ]);
  });

  test('are always legal', () => {
    fc.assert(
      fc.property(anyText, anyText, fc.nat(), (one, other, generation) => {
        for (const name of [
          appName(one),
          workloadName(one, other),
          workloadVersionName(one, other),
          appVersionName(one, other, generation),
          hashedName(one, [other]),
        ]) {
          expect(isLegalName(name)).toBe(true);
        }
      }),
    );
  });

  test('of two versions that needed legalising never coincide', () => {
    fc.assert(
      fc.property(anyText, anyText, (one, other) => {
        fc.pre(one !== other && !isLegalName(`shop-${one}`) && !isLegalName(`shop-${other}`));
        fc.pre(one.toLowerCase().replaceAll('_', '-') !== other.toLowerCase().replaceAll('_', '-'));
        expect(workloadVersionName('shop', one)).not.toBe(workloadVersionName('shop', other));
      }),
    );
  });

  test('are told apart by a hash where one name stands for two things', () => {
    expect(hashedName('shop-cart', ['shop', 'cart'])).not.toBe(
      hashedName('shop-cart', ['shop-', 'cart']),
    );
  });
});

describe('names of tasks, evaluations and Jobs', () => {
  const child = {
    checkType: 'pre',
    definition: 'check',
    parentUid: 'uid-1',
    phase: 'WorkloadPreDeployTasks',
    role: 'task',
    attempt: 1,
    collisionCount: 0,
  };
  const job = { taskName: 'pre-check-abc', taskUid: 'uid-2', attempt: 1, collisionCount: 0 };

  test('are frozen', () => {
    expect([
      childName(child),
      childName({ ...child, collisionCount: 1 }),
      childName({ ...child, checkType: 'promotion', definition: 'd'.repeat(253) }),
      jobName(job),
      jobName({ ...job, attempt: 2 }),
      jobName({ ...job, taskName: 't'.repeat(253) }),
    ]).toEqual([
      'pre-check-hf4pw4kmca',
      'pre-check-7yf2qxepgf',
      `promotion-${'d'.repeat(31)}-hdkevy7nns`,
      'pre-check-abc-6tuwougtve',
      'pre-check-abc-6qgkr5tkxi',
      `${'t'.repeat(52)}-6tuwougtve`,
    ]);
  });

  test('say check type and definition', () => {
    expect(childName(child)).toMatch(/^pre-check-[a-z2-7]{10}$/);
    expect(jobName(job)).toMatch(/^pre-check-abc-[a-z2-7]{10}$/);
  });

  test('differ in each part of the identity', () => {
    const others = [
      { definition: 'other' },
      { parentUid: 'uid-9' },
      { phase: 'WorkloadPostDeployTasks' },
      { role: 'on-success' },
      { attempt: 2 },
      { collisionCount: 1 },
    ].map((change) => childName({ ...child, ...change }));
    expect(new Set([childName(child), ...others]).size).toBe(7);
  });

  test('fit into a label together with the Job made from them, whatever the definition is called', () => {
    fc.assert(
      fc.property(
        anyText,
        fc.constantFrom('pre', 'promotion', 'post-eval'),
        (definition, checkType) => {
          const taskName = childName({ ...child, definition, checkType });
          const name = jobName({ ...job, taskName });
          expect(isLegalName(taskName)).toBe(true);
          expect(isLegalName(name)).toBe(true);
          expect(name.length).toBeLessThanOrEqual(63);
          expect(name.startsWith(`${taskName}-`)).toBe(true);
        },
      ),
    );
  });

  test("a ConfigMap for code has Keptn's name", () => {
    expect(functionConfigMapName('check')).toBe('keptnfn-check');
    expect(functionConfigMapName('c'.repeat(253))).toHaveLength(253);
  });

  test('a ConfigMap for code is legal where cutting the name would leave a dash at its end', () => {
    expect(functionConfigMapName(`${'c'.repeat(244)}-x`)).toMatch(/c-[a-z2-7]{10}$/);
  });

  test('a copy of code has a name of its own for every task', () => {
    expect(functionCopyName('check', 'uid-1')).toMatch(/^keptnfn-check-[a-z2-7]{10}$/);
    expect(functionCopyName('check', 'uid-1')).not.toBe(functionCopyName('check', 'uid-2'));
  });
});

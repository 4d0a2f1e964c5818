import { describe, expect, test } from 'vitest';
import { judgeTaskDefinition } from '../../src/admission/task-definition.ts';
import { allow } from '../../src/admission/verdict.ts';
import type { AdmissionRequest } from '../../src/api/review.ts';
import { aTaskDefinition } from '../support/builders.ts';
import { requestFor } from '../support/reviews.ts';

const withSpec = (spec: unknown, metadata: object = {}) => {
  const definition = aTaskDefinition();
  return { ...definition, metadata: { ...definition.metadata, ...metadata }, spec };
};

const judge = (object: ReturnType<typeof withSpec>, more?: Partial<AdmissionRequest>) =>
  judgeTaskDefinition(requestFor(object, more));

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
  test.each(['container', 'deno', 'python'])(
    'is accepted with %s alone, even an empty one',
    (runner) => {
      expect(judge(withSpec({ [runner]: {} }))).toEqual(allow());
    },
  );

  test('is rejected without a runner, in Keptn’s words', () => {
    rejects({}, none);
    rejects({ retries: 3 }, none);
    rejects({ deno: null }, none);
  });

  test('is rejected with several runners, in Keptn’s words', () => {
    rejects({ deno: {}, python: {} }, several);
    rejects({ container: {}, deno: {}, python: {} }, several);
  });

  test('is rejected when its spec is no object, and the field is named', () => {
    expect(judge(withSpec('text'))).toMatchObject({ causes: [{ path: 'spec' }] });
  });
});

describe('an update of a definition that could not be created today', () => {
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
});

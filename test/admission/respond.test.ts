import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { admissionIndexes } from '../../src/admission/indexes.ts';
import { type Webhook, webhooks } from '../../src/admission/registry.ts';
import { BadReview, respond } from '../../src/admission/respond.ts';
import { allow, allowWith, deny, type Verdict, warn } from '../../src/admission/verdict.ts';
import { aTaskDefinition } from '../support/builders/builders.ts';
import { fixedLookup } from '../support/memory/fixed-lookup.ts';
import { requestFor, reviewOf } from '../support/builders/reviews.ts';

const context = { lookup: fixedLookup([], admissionIndexes), now: 0 };
const table = webhooks({ operatorNamespace: 'keptn-system' });
const definition = aTaskDefinition();

/** The webhook of KeptnTaskDefinitions, with a handler that always says the same. */
function answering(verdict: Verdict): Webhook {
  const row = table.find(({ resource }) => resource.kind === 'KeptnTaskDefinition');
  if (row === undefined) throw new Error('no webhook for KeptnTaskDefinitions');
  return { ...row, handle: () => verdict };
}

const answer = (verdict: Verdict) =>
  respond(answering(verdict), reviewOf(requestFor(definition)), context);

describe('a verdict on the wire', () => {
  test('repeats the version of the question and the uid of the request', () => {
    expect(answer(allow())).toEqual({
      apiVersion: 'admission.k8s.io/v1',
      kind: 'AdmissionReview',
      response: { uid: 'review-1', allowed: true },
    });
  });

  test('carries a patch as JSON in base64', () => {
    const patch = [{ op: 'add', path: '/metadata/labels', value: { ü: '1' } }] as const;
    const { response } = answer(allowWith(patch));
    expect(response).toMatchObject({ allowed: true, patchType: 'JSONPatch' });
    const text = Buffer.from(response.patch ?? '', 'base64').toString('utf8');
    expect(JSON.parse(text)).toEqual(patch);
  });

  test('carries warnings', () => {
    expect(answer(warn('one', 'two')).response.warnings).toEqual(['one', 'two']);
  });

  test('that denies is a 422 which names the fields', () => {
    const { response } = answer(deny('Thing "x"', [{ path: 'spec.a', message: 'must be string' }]));
    expect(response).toEqual({
      uid: 'review-1',
      allowed: false,
      status: {
        code: 422,
        reason: 'Invalid',
        message: 'Thing "x" is invalid: spec.a: must be string',
        details: {
          group: 'lifecycle.keptn.sh',
          kind: 'KeptnTaskDefinition',
          name: definition.metadata.name,
          causes: [{ reason: 'FieldValueInvalid', field: 'spec.a', message: 'must be string' }],
        },
      },
    });
  });
});

describe('an envelope that is none', () => {
  const good = reviewOf(requestFor(definition));
  test.each([
    ['null', null],
    ['a list', []],
    ['an empty object', {}],
    ['another version', { ...good, apiVersion: 'admission.k8s.io/v1beta1' }],
    ['another kind', { ...good, kind: 'ConversionReview' }],
    ['no request', { ...good, request: undefined }],
    ['no uid', { ...good, request: { ...good.request, uid: '' } }],
    ['a uid that is no text', { ...good, request: { ...good.request, uid: 7 } }],
    [
      'an operation that does not exist',
      { ...good, request: { ...good.request, operation: 'PATCH' } },
    ],
    ['an object of another kind', reviewOf(requestFor({ ...definition, kind: 'KeptnTask' }))],
    [
      'an object of another version',
      reviewOf(requestFor({ ...definition, apiVersion: 'lifecycle.keptn.sh/v1beta1' })),
    ],
  ])('is the fault of the sender: %s', (_what, body) => {
    expect(() => respond(answering(allow()), body, context)).toThrow(BadReview);
  });

  test('keys that mean something to JavaScript mean nothing here', () => {
    const text = JSON.stringify(good).replace('{', '{"__proto__":{"request":{"uid":"x"}},');
    expect(respond(answering(allow()), JSON.parse(text), context).response.uid).toBe('review-1');
    const only = '{"__proto__":{"apiVersion":"admission.k8s.io/v1","kind":"AdmissionReview"}}';
    expect(() => respond(answering(allow()), JSON.parse(only), context)).toThrow(BadReview);
    expect(({} as Record<string, unknown>).request).toBeUndefined();
  });
});

describe('for every webhook', () => {
  test.each(table.map((row) => [row.name, row] as const))(
    '%s lets operations and subresources enter untouched that nobody registered',
    (_name, row) => {
      const { group, version, kind, plural } = row.resource;
      const object = {
        apiVersion: group === '' ? version : `${group}/${version}`,
        kind,
        metadata: { name: 'x' },
      };
      const unregistered = (['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const).filter(
        (operation) => !row.operations.some((registered) => registered === operation),
      );
      expect(unregistered.length).toBeGreaterThan(0);
      const requests = [
        ...unregistered.map((operation) => requestFor(object, { operation, object: null })),
        requestFor(object, {
          subResource: 'status',
          resource: { group, version, resource: plural },
        }),
      ];
      for (const request of requests) {
        expect(respond(row, reviewOf(request), context).response).toEqual({
          uid: 'review-1',
          allowed: true,
        });
      }
    },
  );

  test.each(table.map((row) => [row.name, row] as const))(
    '%s answers arbitrary objects with a verdict, never with an exception',
    (_name, row) => {
      const { group, version, kind, plural } = row.resource;
      fc.assert(
        fc.property(
          fc.oneof(fc.jsonValue(), fc.record({ metadata: fc.jsonValue(), spec: fc.jsonValue() })),
          fc.constantFrom(...row.operations),
          (object, operation) => {
            const request = {
              ...requestFor({ apiVersion: 'v1', kind, metadata: { name: 'x' } }),
              kind: { group, version, kind },
              resource: { group, version, resource: plural },
              operation,
              object,
              oldObject: object,
            };
            const { response } = respond(row, reviewOf(request), context);
            expect(response.uid).toBe('review-1');
            if (!response.allowed) expect(response.status?.code).toBe(422);
          },
        ),
      );
    },
  );

  test('arbitrary JSON is no envelope', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(() => respond(answering(allow()), body, context)).toThrow(BadReview);
      }),
    );
  });
});

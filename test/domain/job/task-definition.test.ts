import jsonpatch from 'fast-json-patch';
import { describe, expect, test } from 'vitest';
import { type ConfigMap, ConfigMapKind } from '../../../src/api/builtin.ts';
import {
  KeptnTaskDefinition,
  type KeptnTaskDefinitionSpec,
} from '../../../src/api/keptn/task-definition.ts';
import { type ObjectMeta, ownedBy } from '../../../src/api/object.ts';
import { functionConfigMap } from '../../../src/domain/job/function-config-map.ts';
import { blueprintOf } from '../../../src/domain/job/function-source.ts';
import type { Refusal } from '../../../src/domain/plan.ts';
import {
  decideTaskDefinition,
  type TaskDefinitionObservation,
} from '../../../src/domain/job/task-definition.ts';
import { aTaskDefinition } from '../../support/builders/task-builders.ts';
import { configMapRead } from '../../support/observed/config-map-read.ts';

const now = Date.UTC(2026, 0, 1);

function seen(
  given: Partial<TaskDefinitionObservation> & { spec?: KeptnTaskDefinitionSpec },
): TaskDefinitionObservation {
  const { spec = { deno: { inline: { code: 'x' } } }, ...more } = given;
  const definition = more.definition ?? aTaskDefinition('check').with(spec);
  const blueprint = blueprintOf('check', (name) => (name === 'check' ? definition : undefined));
  return {
    now,
    definition,
    blueprint,
    unread: [],
    configMap: undefined,
    configMapLive: 'unread',
    refusal: undefined,
    ...more,
  };
}

const inline = aTaskDefinition('check').with({ deno: { inline: { code: 'x' } } });

type Overrides = { [Field in keyof ObjectMeta]?: ObjectMeta[Field] | undefined };

function stored(metadata: Overrides = {}, code = 'x'): ConfigMap {
  const given = {
    name: 'keptnfn-check',
    namespace: 'shop',
    uid: 'uid-cm',
    ownerReferences: [ownedBy(KeptnTaskDefinition, inline)],
  };
  const made = functionConfigMap(given, code);
  // What is overridden with undefined is not there.
  return JSON.parse(JSON.stringify({ ...made, metadata: { ...made.metadata, ...metadata } }));
}

const refused = (reason: Refusal['reason']): Refusal => ({
  effect: { type: 'create', kind: ConfigMapKind, object: stored() },
  reason,
  message: 'the server says no',
});

const ready = (status: string, reason: string) => ({
  conditions: expect.arrayContaining([expect.objectContaining({ type: 'Ready', status, reason })]),
});

describe('inline code', () => {
  test('is kept in a ConfigMap of the definition, so that it goes with it (W19)', () => {
    expect(decideTaskDefinition(seen({}))).toEqual({
      effects: [
        {
          type: 'create',
          kind: ConfigMapKind,
          object: {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            metadata: {
              name: 'keptnfn-check',
              namespace: 'shop',
              labels: { 'sluice.keptn.sh/function': 'true' },
              ownerReferences: [ownedBy(KeptnTaskDefinition, inline)],
            },
            data: { code: 'x' },
          },
        },
      ],
    });
  });

  test('is named in the status once it is there', () => {
    const plan = decideTaskDefinition(seen({ configMap: configMapRead(stored()) }));
    expect(plan.effects).toBeUndefined();
    expect(plan.status?.to).toMatchObject({
      function: { configMap: 'keptnfn-check' },
      ...ready('True', 'Resolved'),
    });
  });

  test.each([
    ['other code', stored({}, 'old')],
    ['no data', { ...stored(), data: {} }],
    ['code under another key', { ...stored(), data: { note: 'x' } }],
    ['no label', stored({ labels: undefined })],
    ['another label only', stored({ labels: { team: 'shop' } })],
    ['no owner, as Keptn leaves it', stored({ ownerReferences: undefined, labels: undefined })],
    [
      'an owner that does not control it',
      stored({ ownerReferences: [{ apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p' }] }),
    ],
  ])('in a ConfigMap with %s is corrected, and nothing else is', (_, configMap) => {
    const [effect] =
      decideTaskDefinition(seen({ configMap: configMapRead(configMap) })).effects ?? [];
    expect(effect).toMatchObject({ type: 'patch', ref: { name: 'keptnfn-check' } });
    const operations = effect?.type === 'patch' ? structuredClone([...effect.operations]) : [];
    expect(operations[0]).toEqual({ op: 'test', path: '/metadata/uid', value: 'uid-cm' });
    const corrected = jsonpatch.applyPatch(
      structuredClone(configMap),
      operations,
      true,
    ).newDocument;
    expect(corrected.data).toEqual({ ...configMap.data, code: 'x' });
    expect(corrected.metadata.labels).toEqual({
      ...configMap.metadata.labels,
      'sluice.keptn.sh/function': 'true',
    });
    expect(
      decideTaskDefinition(seen({ configMap: configMapRead(corrected) })).effects,
    ).toBeUndefined();
  });

  test('does not take the ConfigMap of somebody else', () => {
    const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p', controller: true };
    const plan = decideTaskDefinition(
      seen({ configMap: configMapRead(stored({ ownerReferences: [owner] })) }),
    );
    expect(plan.effects).toBeUndefined();
    expect(plan.status?.to).toMatchObject(ready('False', 'NameTaken'));
    expect(plan.status?.to).not.toHaveProperty('function');
  });

  test('reads live what is in the way and not in the cache', () => {
    const refusal = refused('NameTaken');
    expect(decideTaskDefinition(seen({ refusal })).look).toMatchObject([{ name: 'keptnfn-check' }]);
    expect(decideTaskDefinition(seen({ refusal, configMapLive: 'absent' })).effects).toHaveLength(
      1,
    );
  });

  test('that cannot be stored says why, with one Event, while it is tried again', () => {
    const plan = decideTaskDefinition(seen({ refusal: refused('Forbidden') }));
    expect(plan.effects).toHaveLength(1);
    expect(plan.status?.to).toMatchObject(ready('False', 'ConfigMapRefused'));
    expect(plan.events).toMatchObject([
      {
        reason: 'ReconcileTaskFailed',
        reportedBy: 'keptntaskdefinition-controller',
        message: expect.stringContaining('the server says no'),
      },
    ]);
  });
});

describe('the status of a definition', () => {
  const before = { function: { configMap: 'keptnfn-check' } };
  const switched = (spec: KeptnTaskDefinitionSpec) => ({
    ...aTaskDefinition('check').with(spec),
    status: before,
  });

  test('forgets the ConfigMap when the source changes (W19)', () => {
    const definition = switched({ deno: { httpRef: { url: 'https://x' } } });
    const to = decideTaskDefinition(seen({ definition, configMap: configMapRead(stored()) })).status
      ?.to;
    expect(to).not.toHaveProperty('function');
    expect(to).toMatchObject(ready('True', 'Resolved'));
  });

  test('names the ConfigMap that the user keeps', () => {
    const definition = switched({ deno: { configMapRef: { name: 'mine' } } });
    expect(decideTaskDefinition(seen({ definition })).status?.to).toMatchObject({
      function: { configMap: 'mine' },
    });
  });

  test('says that a chain leads nowhere, after looking live', () => {
    const spec = { deno: { functionRef: { name: 'gone' } } };
    const unread = [{ kind: KeptnTaskDefinition, namespace: 'shop', name: 'gone' }];
    expect(decideTaskDefinition(seen({ spec, unread }))).toEqual({ look: unread });
    const plan = decideTaskDefinition(seen({ spec }));
    expect(plan.status?.to).toMatchObject(ready('False', 'DefinitionNotFound'));
  });

  test('shows a cycle as a path (B12)', () => {
    const plan = decideTaskDefinition(seen({ spec: { deno: { functionRef: { name: 'check' } } } }));
    expect(JSON.stringify(plan.status?.to)).toContain('check → check');
  });

  test('is written once', () => {
    const plan = decideTaskDefinition(seen({ spec: { container: { name: 'c' } } }));
    const status: KeptnTaskDefinition['status'] = JSON.parse(JSON.stringify(plan.status?.to));
    const definition = {
      ...aTaskDefinition('check').with({ container: { name: 'c' } }),
      ...(status && { status }),
    };
    expect(decideTaskDefinition(seen({ definition, now: now + 60_000 })).status?.to).toEqual(
      status,
    );
  });

  test('is left alone while the definition is being deleted', () => {
    const definition = aTaskDefinition('check', { deletionTimestamp: 'now' }).with(inline.spec);
    expect(decideTaskDefinition(seen({ definition }))).toEqual({});
  });
});

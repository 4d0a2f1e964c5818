import { describe, expect, test } from 'vitest';
import { ConfigMapMetadataKind, ServiceAccountMetadataKind } from '../../src/api/builtin.ts';
import { KeptnTask } from '../../src/api/keptn/task.ts';
import type { Kind } from '../../src/api/object.ts';
import { CheckDefinition } from '../../src/api/keptn/check-definition.ts';
import { allControllers } from '../../src/process/controllers.ts';
import { rights } from '../../src/install/rbac.ts';
import { watchedKinds } from '../../src/process/watched-kinds.ts';
import { configFrom } from '../../src/config/config.ts';
import { allIndexes } from '../support/memory/all-indexes.ts';

/** What must fit together although nothing but the API server would notice if it did not. */

const config = configFrom({ flags: new Map(), env: {} });
const controllers = allControllers(config);
const { watched } = watchedKinds(undefined, controllers);
const nameOf = ({ apiVersion, kind }: Kind): string => `${apiVersion} ${kind}`;
const watchedNames = new Set(watched.map(({ kind }) => nameOf(kind)));

test('every kind that a controller waits for is watched', () => {
  const awaited = allControllers(config).flatMap(({ watches }) =>
    watches.map(({ kind }) => nameOf(kind)),
  );
  expect(awaited.filter((name) => !watchedNames.has(name))).toEqual([]);
});

test('every index is of a kind that is watched, and no two of a kind share a name', () => {
  const names = allIndexes.map(({ kind, name }) => `${nameOf(kind)} ${name}`);
  expect(new Set(names).size).toBe(names.length);
  expect(
    allIndexes.map(({ kind }) => nameOf(kind)).filter((name) => !watchedNames.has(name)),
  ).toEqual([]);
});

test('no two controllers share a name, for names are labels of metrics and logs', () => {
  const names = allControllers(config).map(({ name }) => name);
  expect(new Set(names).size).toBe(names.length);
});

test('admission watches nothing that a process with both halves does not', () => {
  const { watched: ofAdmission, forAdmission } = watchedKinds('admission', controllers);
  const awaited = new Set(forAdmission.map(({ kind }) => kind));
  const notAwaited = ofAdmission.filter(({ kind }) => !awaited.has(kind));
  // Pods must not wait for what only tells what is missing.
  expect(notAwaited.map(({ kind }) => kind)).toEqual([
    ConfigMapMetadataKind,
    ServiceAccountMetadataKind,
  ]);
  expect(forAdmission.filter((spec) => !ofAdmission.includes(spec))).toEqual([]);
  expect(ofAdmission.filter(({ kind }) => !watchedNames.has(nameOf(kind)))).toEqual([]);
});

test('controllers alone wait for no cache of admission', () => {
  expect(watchedKinds('controllers', controllers).forAdmission).toEqual([]);
});

test.each([undefined, 'controllers'] as const)(
  'controllers run without the names of ConfigMaps and ServiceAccounts, and with everything else',
  (only) => {
    const { watched: all, forControllers } = watchedKinds(only, controllers);
    const notAwaited = all.filter((spec) => !forControllers.includes(spec));
    expect(notAwaited.map(({ kind }) => kind)).toEqual([
      ConfigMapMetadataKind,
      ServiceAccountMetadataKind,
    ]);
  },
);

test.each(['admission', 'controllers', undefined] as const)(
  'a Sluice that is newer than its CRDs starts without the kind CheckDefinition (--only %s)',
  (only) => {
    const specs = watchedKinds(only, controllers).watched;
    const ofChecks = specs.filter(({ kind }) => kind === CheckDefinition);
    expect(ofChecks).toEqual([{ kind: CheckDefinition, optional: true }]);
  },
);

describe('the rights of the service account', () => {
  const places = { namespace: 'keptn-system', leaseNamespace: 'keptn-system' };
  const rules = rights(places).flatMap((object) =>
    object.kind === 'ClusterRole' && object.metadata.name === 'sluice' ? rulesOf(object) : [],
  );
  const allows = (verb: string, group: string, resource: string): boolean =>
    rules.some(
      ({ apiGroups, resources, verbs }) =>
        apiGroups.includes(group) && resources.includes(resource) && verbs.includes(verb),
    );

  test.each(
    [...new Set(watched.map(({ kind }) => kind))].map((kind) => [kind.kind, kind] as const),
  )('let it watch every %s', (_name, { apiVersion, plural }) => {
    const group = apiVersion.includes('/') ? (apiVersion.split('/')[0] ?? '') : '';
    for (const verb of ['get', 'list', 'watch'])
      expect(allows(verb, group, plural), verb).toBe(true);
  });

  test('let it lift gates, run Jobs and write statuses', () => {
    expect(allows('patch', '', 'pods')).toBe(true);
    expect(allows('create', 'batch', 'jobs')).toBe(true);
    expect(allows('patch', KeptnTask.group, `${KeptnTask.plural}/status`)).toBe(true);
  });

  test('let it read a Secret by its name, and never list or watch Secrets', () => {
    expect(allows('get', '', 'secrets')).toBe(true);
    expect(allows('list', '', 'secrets') || allows('watch', '', 'secrets')).toBe(false);
  });

  test('contain no wildcard', () => {
    expect(JSON.stringify(rules)).not.toContain('*');
  });
});

test('a limit of workers holds for every controller', () => {
  const limited = configFrom({ flags: new Map([['workers', '2']]), env: {} });
  expect(Math.max(...allControllers(limited).map(({ workers = 8 }) => workers))).toBe(2);
});

interface Rule {
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly verbs: readonly string[];
}

function rulesOf(role: Readonly<Record<string, unknown>>): Rule[] {
  return role['rules'] as Rule[];
}

import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { convertObject } from '../../src/api/conversion/conversion.ts';
import { crdOf } from '../../src/api/crd.ts';
import { isJsonObject, type JsonObject } from '../../src/api/json.ts';
import { KeptnAppVersion } from '../../src/api/keptn/app-version.ts';
import { KeptnEvaluationDefinition } from '../../src/api/keptn/evaluation-definition.ts';
import { KeptnEvaluationProvider } from '../../src/api/keptn/evaluation-provider.ts';
import { servedKinds } from '../../src/api/keptn/registry.ts';
import { KeptnTaskDefinition } from '../../src/api/keptn/task-definition.ts';
import { KeptnWorkloadInstance } from '../../src/api/keptn/workload-instance.ts';
import { needsConverter, type Resource } from '../../src/api/resource.ts';
import { factsOf, type ReadableCrd } from '../support/observed/crd-facts.ts';
import { anythingLike } from '../support/builders/schema-arbitrary.ts';

/** The versions before the stored one, of every kind that Keptn served in several. */

const published = (kind: Resource): ReadableCrd => JSON.parse(JSON.stringify(crdOf(kind)));

const kinds = servedKinds.map((kind) => [kind.kind, kind] as const);

const olderFacts = readFileSync(
  new URL('../fixtures/keptn-older-api-facts.txt', import.meta.url),
  'utf8',
)
  .split(/^\[/m)
  .slice(1)
  .map((section) => {
    const [heading = '', ...lines] = section.split('\n');
    const [kind = '', version = ''] = heading.replace(']', '').split(' ');
    return { kind, version, facts: lines.filter((line) => line !== '') };
  });

describe('the versions that Keptn served', () => {
  it.each(olderFacts)('are served: $kind $version, with every field it had', (older) => {
    const kind = servedKinds.find((one) => one.kind === older.kind);
    const crd = kind && published(kind);
    const version = crd?.spec.versions.find(({ name }) => name === older.version);
    if (crd === undefined || version === undefined) throw new Error('the version is missing');
    const facts = factsOf({
      ...crd,
      spec: { ...crd.spec, versions: [{ ...version, storage: true }] },
    }).map((fact) => fact.replace(' required', ''));
    expect(older.facts.filter((fact) => !facts.includes(fact))).toEqual([]);
  });

  it('are all that is served beside the stored ones', () => {
    const known = olderFacts.map(({ kind, version }) => `${kind} ${version}`).toSorted();
    const served = servedKinds.flatMap(({ kind, versions }) =>
      versions.slice(1).map(({ name }) => `${kind} ${name}`),
    );
    expect(served.toSorted()).toEqual(known);
  });

  it.each(kinds)(
    'of %s ask for nothing that the stored version does not ask for',
    (_name, kind) => {
      const [stored, ...older] = published(kind).spec.versions;
      const required = (version: typeof stored) =>
        version?.schema.openAPIV3Schema.properties?.['spec']?.required ?? [];
      for (const version of older) {
        expect(required(stored)).toEqual(expect.arrayContaining([...required(version)]));
      }
    },
  );
});

describe('a CRD', () => {
  it.each(kinds)(
    'of %s is small enough for kubectl apply, which copies it into an annotation',
    (_name, kind) => {
      const url = 'https://sluice-conversion.sluice-system.svc:443/convert';
      expect(JSON.stringify(crdOf(kind, { url })).length).toBeLessThan(250_000);
    },
  );

  it('asks for a converter only where versions differ; the others are served without one', () => {
    const converted = servedKinds.filter(needsConverter).map(({ kind }) => kind);
    expect(converted).toEqual([
      'KeptnAppVersion',
      'KeptnTaskDefinition',
      'KeptnEvaluationDefinition',
      'KeptnWorkloadInstance',
    ]);
    for (const kind of servedKinds) {
      const { versions, conversion } = crdOf(kind).spec;
      expect(conversion.strategy).toBe('None');
      const served = versions.filter((version) => version.served).length;
      expect(served).toBe(needsConverter(kind) ? 1 : versions.length);
    }
  });

  it('tells those who use an outdated kind what to write instead, in as many characters as may be', () => {
    for (const kind of [KeptnEvaluationProvider, KeptnWorkloadInstance]) {
      for (const version of crdOf(kind).spec.versions) {
        expect(version).toMatchObject({ deprecated: true });
        expect(version.deprecationWarning?.length).toBeLessThanOrEqual(256);
      }
    }
    expect(KeptnEvaluationProvider.versions[0].deprecationWarning).toContain(
      'write a KeptnMetricsProvider (metrics.keptn.sh/v1)',
    );
  });
});

const to = (kind: Resource, version: string, object: JsonObject): JsonObject =>
  convertObject(object, `${kind.group}/${version}`, servedKinds);

const written = (kind: Resource, version: string, parts: JsonObject): JsonObject => ({
  apiVersion: `${kind.group}/${version}`,
  kind: kind.kind,
  metadata: { name: 'one', namespace: 'shop', annotations: { team: 'shop' } },
  ...parts,
});

describe.each([KeptnAppVersion, KeptnWorkloadInstance])('a status of $kind in v1alpha1', (kind) => {
  const [{ name: stored }] = kind.versions;
  const spec = { version: '1' };
  const items = (task: JsonObject, evaluation: JsonObject) => ({
    currentPhase: 'AppDeploy',
    preDeploymentTaskStatus: [{ ...task, status: 'Succeeded' }],
    postDeploymentEvaluationTaskStatus: [{ ...evaluation, status: 'Pending' }],
  });
  const old = items(
    { taskDefinitionName: 'migrate', taskName: 'pre-migrate-1' },
    { evaluationDefinitionName: 'cpu', evaluationName: 'post-eval-cpu-1' },
  );
  const now = items(
    { definitionName: 'migrate', name: 'pre-migrate-1' },
    { definitionName: 'cpu', name: 'post-eval-cpu-1' },
  );

  it('names its tasks and evaluations as the stored version does, and as before', () => {
    const inStored = to(kind, stored, written(kind, 'v1alpha1', { spec, status: old }));
    expect(inStored['status']).toEqual(now);
    expect(to(kind, 'v1alpha1', inStored)['status']).toEqual(old);
    expect(to(kind, 'v1alpha2', to(kind, 'v1alpha1', inStored))['status']).toEqual(now);
  });

  it('is converted without a spec, too, and whatever its shape', () => {
    for (const status of [old, { preDeploymentTaskStatus: [null, 5] }, 'text', null, []]) {
      const object = written(kind, 'v1alpha1', { spec: undefined, status });
      expect(() => to(kind, stored, object)).not.toThrow();
    }
    expect(to(kind, stored, written(kind, 'v1alpha1', { status: old }))['status']).toEqual(now);
  });
});

const several = servedKinds.filter(({ versions }) => versions.length > 1);
// What is long to make up has tests of its own with more runs.
const large: readonly Resource[] = [KeptnTaskDefinition, KeptnEvaluationDefinition];
const runs = (kind: Resource) => ({ numRuns: large.includes(kind) ? 20 : 50 });

describe.each(several)('every $kind', (kind) => {
  const names = kind.versions.map(({ name }) => name);
  const parts = new Map(
    kind.versions.map(({ name, spec, status }) => [
      name,
      fc.record({ spec: anythingLike(spec), status: anythingLike(status) }),
    ]),
  );

  it.each(names)('of %s comes back from every other version as it was', (from) => {
    const any = fc.tuple(parts.get(from) ?? fc.constant({}), fc.shuffledSubarray(names));
    fc.assert(
      fc.property(any, ([written_, way]) => {
        const object = written(kind, from, { ...written_ });
        const back = [...way, from].reduce((one, version) => to(kind, version, one), object);
        expect(back['spec']).toEqual(object['spec']);
        expect(back['status']).toEqual(object['status']);
        expect(ownAnnotations(back)).toEqual({ team: 'shop' });
      }),
      runs(kind),
    );
  });
});

/** What is not the remainder of a conversion. */
function ownAnnotations({ metadata }: JsonObject): JsonObject {
  const { annotations }: { annotations?: unknown } = isJsonObject(metadata) ? metadata : {};
  const all = isJsonObject(annotations) ? annotations : {};
  return Object.fromEntries(
    Object.entries(all).filter(([key]) => !key.startsWith('sluice.keptn.sh/conversion-')),
  );
}

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { stringify } from 'yaml';
import { webhooks } from '../../src/admission/registry.ts';
import { ConfigMapMetadataKind, ServiceAccountMetadataKind } from '../../src/api/builtin.ts';
import { isJsonObject, type JsonObject } from '../../src/api/json.ts';
import { KeptnConfig } from '../../src/api/keptn/config.ts';
import { ownKinds } from '../../src/api/keptn/registry.ts';
import type { KubernetesObject } from '../../src/api/object.ts';
import { lookupOver } from '../../src/cli/command/snapshot.ts';
import { judgeFiles } from '../../src/cli/lint/judge-files.ts';
import { manifestsIn } from '../../src/cli/manifests/manifest-documents.ts';
import { simulate } from '../../src/cli/simulate/simulation.ts';
import { settingsFrom } from '../../src/domain/settings/keptn-config.ts';
import { templateDigest } from '../../src/kubernetes/projection/template-digest.ts';
import { readManifest } from '../../src/lint/manifest-problems.ts';
import { parseWorkload, workloadKinds } from '../../src/lint/workload/workload-manifest.ts';
import { requestFor } from '../support/builders/reviews.ts';
import { samples } from '../support/builders/samples.ts';
import { anythingLike } from '../support/builders/schema-arbitrary.ts';

/** `sluice lint`, `sluice simulate` and the webhooks say the same of the same objects. */

const places = { operatorNamespace: 'keptn-system', definitionsNamespace: 'keptn-system' };
const all = webhooks({ ...places, templateDigest });

/** What was said of one object: whether it is refused, and every problem that is named. */
interface Said {
  readonly isRefused: boolean;
  readonly lines: readonly string[];
  readonly isAnythingMissing: boolean;
}

function isWorkload({ kind, apiVersion }: JsonObject | KubernetesObject): boolean {
  return workloadKinds.some((one) => one.kind === kind && one.apiVersion === apiVersion);
}

/** Whether something that is named is not there is said in other words while objects may still arrive. */
const missingWords = /there is no|does not exist|not there|is waited for/u;

function saidByWebhook(
  object: KubernetesObject,
  raw: JsonObject,
  world: readonly KubernetesObject[],
): Said | undefined {
  const webhook = all.find(
    ({ type, resource, operations }) =>
      type === 'validating' && resource.kind === object.kind && operations.includes('CREATE'),
  );
  if (webhook === undefined) return undefined;
  const reviewed = isWorkload(object) ? { ...raw, ...object } : object;
  const verdict = webhook.handle(requestFor(reviewed), lookupOver(world), 0);
  const causes = verdict.type === 'denied' ? verdict.causes : [];
  const lines = [
    ...causes.map(
      ({ path, message }) => `${path}: ${message.replace(' (strictValidation is on)', '')}`,
    ),
    ...(verdict.warnings ?? []),
  ];
  return { isRefused: verdict.type === 'denied', ...sorted(lines) };
}

function sorted(lines: readonly string[]): Pick<Said, 'lines' | 'isAnythingMissing'> {
  const plain = lines.filter((line) => !missingWords.test(line));
  return { lines: [...new Set(plain)].toSorted(), isAnythingMissing: plain.length < lines.length };
}

/** Rules by which the webhook of a workload refuses although it is not strict: the others warn there. */
const refusing = new Set(['node-name-set', 'identity-too-long']);

function saidByLint(
  object: KubernetesObject,
  texts: readonly string[],
  { index, isStrict }: { readonly index: number; readonly isStrict: boolean },
): Said | undefined {
  const files = texts.map((text, at) => ({ name: `${at}.yaml`, text }));
  const { findings } = judgeFiles(files, {
    namespace: 'default',
    ...places,
    known: [],
    complete: [...ownKinds, ServiceAccountMetadataKind, ConfigMapMetadataKind],
    isStrict: undefined,
    levels: {},
  });
  const own = findings.filter(({ file }) => file === `${index}.yaml`);
  // The schema in the CRD refuses these before any webhook is asked.
  if (own.some(({ rule }) => rule === 'not-as-declared')) return undefined;
  const lines = own.map(({ path, message }) => `${path}: ${message}`);
  const isRefused =
    isWorkload(object) && !isStrict
      ? own.some(({ rule }) => refusing.has(rule))
      : own.some(({ level }) => level === 'error');
  return { isRefused, ...sorted(lines) };
}

/** Compares what is said of each object of a world; answers how many were compared. */
function expectSame(raws: readonly JsonObject[]): number {
  const texts = raws.map((raw) => stringify(raw));
  const read = raws.map((raw) => readManifest(raw, 'default'));
  const world = read.flatMap((one) => (one.type === 'judged' ? [one.object] : []));
  const configs = lookupOver(world).list(KeptnConfig);
  const isStrict = settingsFrom(configs, places.operatorNamespace).strictValidation;
  let compared = 0;
  for (const [index, raw] of raws.entries()) {
    const one = read[index];
    if (one?.type !== 'judged') continue;
    const byLint = saidByLint(one.object, texts, { index, isStrict });
    const byWebhook = saidByWebhook(one.object, raw, world);
    if (byLint === undefined || byWebhook === undefined) continue;
    // The webhook names the first fifty or twelve of very many.
    if (byWebhook.lines.some((line) => line.includes('more problems like these'))) continue;
    compared += 1;
    if (isWorkload(raw) && byWebhook.isRefused) {
      // What is too long to be read is all that the webhook says then.
      expect(byLint.isRefused).toBe(true);
      expect(byLint.lines).toEqual(expect.arrayContaining([...byWebhook.lines]));
    } else expect({ object: raw, ...byLint }).toEqual({ object: raw, ...byWebhook });
    if (isWorkload(raw)) expectSameSimulated(raw, one.object, { world, byWebhook });
  }
  return compared;
}

function expectSameSimulated(
  raw: JsonObject,
  object: KubernetesObject,
  { world, byWebhook }: { world: readonly KubernetesObject[]; byWebhook: Said },
): void {
  const workload = parseWorkload(object);
  if (!workload.ok) return;
  const outcome = simulate({ manifest: raw, workload: workload.value }, world, places);
  const isRefused = outcome.warnings.some((line) => line.startsWith('refused: '));
  expect({ raw, isRefused }).toEqual({ raw, isRefused: byWebhook.isRefused });
  if (!isRefused) expect(sorted(outcome.warnings).lines).toEqual(byWebhook.lines);
}

test('of every sample in the repository', async () => {
  let compared = 0;
  const folders = new Map<string, JsonObject[]>();
  for await (const file of glob('**/*.yaml', { cwd: samples })) {
    const [top = ''] = file.split('/');
    const objects = manifestsIn(await readFile(join(samples, file), 'utf8')).manifests;
    // A later version of a sample takes the place of the first.
    const key = `${top}/${/\/v2\//u.test(file) ? 'v2' : ''}`;
    folders.set(key, [...(folders.get(key) ?? []), ...objects.map(({ object }) => object)]);
  }
  for (const objects of folders.values()) compared += expectSame(objects);
  expect(compared).toBeGreaterThan(40);
}, 60_000);

const names = fc.constantFrom('a', 'b', 'check', 'notify');
const namespaces = fc.constantFrom('shop', 'keptn-system');

const definitions = fc.oneof(
  ...ownKinds.map((resource) => {
    const spec = anythingLike(resource.versions[0].spec);
    return fc
      .record({ name: names, namespace: namespaces, spec })
      .map(({ name, namespace, spec: value }): JsonObject => ({
        apiVersion: resource.apiVersion,
        kind: resource.kind,
        metadata: { name, namespace },
        spec: value,
      }));
  }),
);

const keys = fc.constantFrom(
  'keptn.sh/app',
  'keptn.sh/workload',
  'keptn.sh/version',
  'keptn.sh/verson',
  'keptn.sh/container',
  'keptn.sh/pre-deployment-tasks',
  'keptn.sh/post-deployment-evaluations',
  'keptn.sh/metadata',
  'keptn.sh/lifecycle-toolkit',
  'keptn.sh/scheduling-gate-removed',
  'sluice.keptn.sh/mode',
  'sluice.keptn.sh/on-failure-tasks',
  'sluice.keptn.sh/deployment-timeout',
  'app.kubernetes.io/name',
);
const values = fc.constantFrom(
  'a',
  'check',
  'check,notify',
  'a=b',
  '20m',
  'x'.repeat(1_100),
  'enabled',
);
const annotations = fc.dictionary(keys, values, { maxKeys: 6 });

const workloads = fc
  .record({
    kind: fc.constantFrom(...workloadKinds),
    name: names,
    own: annotations,
    pod: annotations,
    image: fc.constantFrom('registry.example/a:1', 'registry.example/a', 'a@sha256:1'),
    nodeName: fc.option(fc.constant('node-1'), { nil: undefined }),
    seconds: fc.option(fc.constantFrom(1, 600), { nil: undefined }),
    strategy: fc.option(fc.constantFrom('Recreate', 'RollingUpdate', 'OnDelete'), {
      nil: undefined,
    }),
  })
  .map(({ kind, name, own, pod, image, nodeName, seconds, strategy }): JsonObject => {
    const template = {
      metadata: { labels: { app: name }, annotations: pod },
      spec: { containers: [{ name, image }], ...(nodeName !== undefined && { nodeName }) },
    };
    return {
      apiVersion: kind.apiVersion,
      kind: kind.kind,
      metadata: { name, namespace: 'shop', annotations: own },
      spec: {
        template,
        ...(seconds !== undefined && { progressDeadlineSeconds: seconds }),
        ...(strategy !== undefined && { strategy: { type: strategy } }),
      },
    };
  });

test('of five hundred generated definitions and workloads, among others that they name', () => {
  let compared = 0;
  fc.assert(
    fc.property(
      fc.uniqueArray(fc.oneof(definitions, workloads), {
        minLength: 1,
        maxLength: 6,
        selector: ({ kind, metadata }) =>
          JSON.stringify([
            kind,
            isJsonObject(metadata) && [metadata['name'], metadata['namespace']],
          ]),
      }),
      (world) => {
        compared += expectSame(world);
      },
    ),
    { numRuns: 400, seed: 16 },
  );
  expect(compared).toBeGreaterThan(500);
}, 120_000);

import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Ajv, type ValidateFunction } from 'ajv';
import { expect, test } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { ownKinds, servedKinds } from '../../src/api/keptn/registry.ts';
import { published } from '../../src/config/published.ts';
import { jsonSchemas, withSchemaHeaders } from '../../src/generate/json-schemas.ts';

const root = join(import.meta.dirname, '../..');
const files = new Map(jsonSchemas(servedKinds).map(({ path, content }) => [path, content]));
const ajv = new Ajv({ strict: false, validateFormats: false });
const validators = new Map<string, ValidateFunction>();

function validatorOf(path: string): ValidateFunction {
  const known = validators.get(path) ?? ajv.compile(JSON.parse(files.get(path) ?? 'false'));
  validators.set(path, known);
  return known;
}

interface Written {
  readonly apiVersion: string;
  readonly kind: string;
  readonly spec?: Record<string, unknown>;
}

function catalogueOf({ apiVersion, kind }: Written): string {
  const [group, version] = apiVersion.split('/');
  return `manifests/schemas/${group}/${kind.toLowerCase()}_${version}.json`;
}

test('there is a schema for every version of every kind, in both layouts', () => {
  const versions = servedKinds.flatMap(({ group, kind, versions: all }) =>
    all.flatMap(({ name }) => [
      `manifests/schemas/${group}/${kind.toLowerCase()}_${name}.json`,
      `manifests/schemas/kubeconform/${kind.toLowerCase()}-${group.split('.')[0]}-${name}.json`,
    ]),
  );
  expect([...files.keys()].toSorted()).toEqual(versions.toSorted());
  for (const content of files.values()) expect(content).not.toMatch(/x-kubernetes-|int32|int64/u);
});

test('every sample is as its schema says, and not with a field that nobody declared', async () => {
  let judged = 0;
  for await (const file of glob('manifests/samples/**/*.yaml', { cwd: root })) {
    for (const document of parseAllDocuments(await readFile(join(root, file), 'utf8'))) {
      const object = document.toJS() as Written | null;
      if (object === null || !ownKinds.some(({ kind }) => kind === object.kind)) continue;
      const validate = validatorOf(catalogueOf(object));
      expect([file, validate(object), validate.errors]).toEqual([file, true, null]);
      expect(validate({ ...object, spec: { ...object.spec, tpyo: 1 } })).toBe(false);
      expect(validate({ ...object, apiVersion: 'lifecycle.keptn.sh/v9' })).toBe(false);
      judged += 1;
    }
  }
  expect(judged).toBeGreaterThan(30);
}, 60_000);

test('each document of a sample names the schema of its kind, at the one published address', async () => {
  const texts: string[] = [];
  for await (const file of glob('manifests/samples/**/*.yaml', { cwd: root }))
    texts.push(await readFile(join(root, file), 'utf8'));
  const addresses = texts.flatMap((text) =>
    [...text.matchAll(/^# yaml-language-server: \$schema=(.*)$/gmu)].map(([, address]) => address),
  );
  expect(addresses.length).toBeGreaterThan(30);
  for (const address of addresses) {
    expect(files.has(address?.replace(published.schemas, 'manifests/schemas') ?? '')).toBe(true);
  }
});

test('a header is renewed, and only kinds of ours get one', () => {
  const text =
    '# why\napiVersion: lifecycle.keptn.sh/v1\nkind: KeptnApp\n---\nkind: Service\napiVersion: v1\n';
  const headed = withSchemaHeaders(text, servedKinds);
  expect(headed.split('\n')[0]).toBe(
    `# yaml-language-server: $schema=${published.schemas}/lifecycle.keptn.sh/keptnapp_v1.json`,
  );
  expect(headed.split('---\n')[1]).toBe('kind: Service\napiVersion: v1\n');
  expect(withSchemaHeaders(headed, servedKinds)).toBe(headed);
});

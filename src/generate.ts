import { glob, mkdir, readFile, readdir, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { stringify } from 'yaml';
import { converterConfig } from './admission/conversion-manifests.ts';
import { shippedRegistration } from './admission/manifests.ts';
import { crdOf } from './api/crd.ts';
import { forbiddenAddresses } from './api/text/forbidden-addresses.ts';
import { servedKinds } from './api/keptn/registry.ts';
import { settings } from './config/config.ts';
import { chartFiles, chartReference } from './generate/chart/chart-files.ts';
import { prometheusRule } from './generate/alert-rules.ts';
import { jsonSchemas, withSchemaHeaders } from './generate/json-schemas.ts';
import { kindReference } from './generate/kind-reference.ts';
import { lintInCi } from './generate/lint-in-ci.ts';
import { metricReference } from './generate/metric-reference.ts';
import { componentOf } from './generate/kustomize-component.ts';
import { settingReference } from './generate/setting-reference.ts';
import {
  type InstallationPart,
  installationParts,
  type InstallationSettings,
  objectsOfPart,
} from './install/installation.ts';
import type { Severity } from './lint/base/rule.ts';
import { version } from './process/version.ts';
import { rules } from './lint/rules.ts';
import { MetricRegistry } from './telemetry/metrics/registry.ts';

/**
 * Writes the generated files from their one source, or says which are out of step:
 *
 *     node src/generate.ts [--check]
 */

/** A generated file: its path from the top of the repository, and all of its content. */
export interface Artefact {
  readonly path: string;
  readonly content: string;
}

/** What lies in `manifests`: an installation in Keptn's namespace, its parts each from its one source. */
const shipped = { namespace: 'keptn-system', target: shippedRegistration.target } as const;
const shippedObjects = (...parts: readonly InstallationPart[]) =>
  parts.flatMap((part) => objectsOfPart(part, shipped)).map(({ object }) => object);

const crds = (): readonly Artefact[] =>
  servedKinds.map((kind) =>
    manifest(crdFile(kind), 'src/api/keptn', [crdOf(kind, converterConfig(shippedRegistration))]),
  );

const crdFile = ({ group, plural }: (typeof servedKinds)[number]) => `crds/${group}_${plural}.yaml`;

const installed = [
  { file: 'rights.yaml', source: 'src/install/rbac.ts', parts: ['rights'] },
  {
    file: 'conversion.yaml',
    source: 'src/admission/conversion-manifests.ts',
    parts: ['conversion'],
  },
  {
    file: 'deployment.yaml',
    source: 'src/install/workload.ts',
    parts: ['deployment'],
  },
  { file: 'webhooks.yaml', source: 'src/admission/registry.ts', parts: ['webhooks'] },
  { file: 'policies.yaml', source: 'src/admission/policies', parts: ['policy'] },
] as const;

const installation = (): readonly Artefact[] =>
  installed.map(({ file, source, parts }) => manifest(file, source, shippedObjects(...parts)));

/** `kubectl apply -k manifests`, and what overlays of your own build on. */
const kustomization = (): readonly Artefact[] => [
  manifest('kustomization.yaml', 'src/generate.ts', [
    {
      apiVersion: 'kustomize.config.k8s.io/v1beta1',
      kind: 'Kustomization',
      resources: [...servedKinds.map(crdFile), ...installed.map(({ file }) => file)],
    },
  ]),
];

/** Other ways to install, each a component to add to the kustomization above. */
const variants = {
  backstop: { backstop: true },
  'admission-policy': { webhookMode: 'admissionPolicy' },
} as const;

const components = (): readonly Artefact[] =>
  Object.entries(variants).flatMap(([folder, variant]) => {
    const objectsWith = (more: Partial<InstallationSettings>) =>
      installationParts
        .flatMap((part) => objectsOfPart(part, { ...shipped, ...more }))
        .map(({ object }) => object);
    const source = 'src/generate/kustomize-component.ts';
    const { component, added } = componentOf(objectsWith({}), objectsWith(variant));
    return [
      manifest(`${folder}/kustomization.yaml`, source, [component]),
      manifest(`${folder}/resources.yaml`, source, added),
    ];
  });

const chart = (): readonly Artefact[] => {
  const files = chartFiles(version);
  return [
    ...files.map(({ file, content }) => ({ path: `manifests/chart/${file}`, content })),
    { path: 'docs/reference/values.md', content: chartReference() },
  ];
};

const consequences: Readonly<Record<Severity, string>> = {
  error: 'refused',
  doubtful: 'warning; refused in strict mode',
  risky: 'warning; refused in strict mode',
  advice: 'warning',
  missing: 'warning and condition, until it is there',
};

const ruleReference = (): readonly Artefact[] => {
  const entries = rules.map(({ id, title, why, fix, severity, kinds }) =>
    [
      `## ${id}`,
      `**${title}** (${consequences[severity]})`,
      `For ${[...new Set(kinds.map(({ kind }) => kind))].join(', ')}.`,
      why,
      fix,
    ].join('\n\n'),
  );
  const heading =
    '# Rules\n\nWhat admission, controllers and the command line judge definitions by. How it is used: [validation.md](validation.md). Of Namespaces, Services, quotas, budgets and autoscalers no webhook of Sluice is asked: those rules are for `sluice lint` alone.';
  const content = ['<!-- Generated from src/lint by "npm run generate". Do not edit. -->', heading];
  return [{ path: 'docs/rules.md', content: `${[...content, ...entries].join('\n\n')}\n` }];
};

const reference = (): readonly Artefact[] => [
  { path: 'docs/reference/kinds.md', content: kindReference(servedKinds) },
  { path: 'docs/reference/settings.md', content: settingReference(Object.values(settings)) },
];

/** The runner imports nothing of `src`, and must not download from where providers must not be. */
const runnerRanges = (): readonly Artefact[] => {
  const ranges = Object.values(forbiddenAddresses).flat();
  const content = [
    '// Generated from src/api/text/forbidden-addresses.ts by "npm run generate". Do not edit.',
    '',
    '/** Where no script may be downloaded from, in CIDR notation. */',
    'export const forbiddenRanges: readonly string[] = [',
    ...ranges.map((range) => `  '${range}',`),
    '];',
    '',
  ].join('\n');
  return [{ path: 'runner/forbidden-ranges.ts', content }];
};

const monitoring = (): readonly Artefact[] => [
  {
    path: 'docs/reference/metrics.md',
    content: metricReference(new MetricRegistry([]).withProcess().families),
  },
  manifest('monitoring/prometheus-rule.yaml', 'src/generate/alert-rules.ts', [
    prometheusRule(shippedRegistration.operatorNamespace),
  ]),
];

const schemas = (): readonly Artefact[] => [...jsonSchemas(servedKinds), ...lintInCi(version)];

/** The samples as they are, with what tells an editor their schemas. */
async function sampleHeaders(top: string): Promise<readonly Artefact[]> {
  const found: Artefact[] = [];
  for await (const path of glob('manifests/samples/**/*.yaml', { cwd: top })) {
    const text = await readFile(join(top, path), 'utf8');
    found.push({ path, content: withSchemaHeaders(text, servedKinds) });
  }
  return found;
}

/** Everything that is generated; a new generator is another entry. */
const generators: readonly (() => readonly Artefact[])[] = [
  crds,
  installation,
  kustomization,
  components,
  chart,
  runnerRanges,
  ruleReference,
  reference,
  monitoring,
  schemas,
];

/** A file of Kubernetes objects below `manifests`; `source` is where its reader changes it. */
function manifest(file: string, source: string, objects: readonly unknown[]): Artefact {
  // Anchors and folded lines save space and make the file hard to read and compare.
  const style = { lineWidth: 0, aliasDuplicateObjects: false };
  const documents = objects.map((object) => stringify(object, style)).join('---\n');
  return {
    path: `manifests/${file}`,
    content: `# Generated from ${source} by "npm run generate". Do not edit.\n${documents}`,
  };
}

/** Folders in which every file is generated: what no generator names does not belong there. */
const generatedFolders: readonly string[] = [
  'manifests/crds',
  'manifests/schemas/kubeconform',
  ...new Set(servedKinds.map(({ group }) => `manifests/schemas/${group}`)),
];

/** One line per file below `top` that is missing, differs or does not belong; none when all are in step. */
export async function differences(top: string, wanted: readonly Artefact[]): Promise<string[]> {
  const judged = await Promise.all(
    wanted.map(async ({ path, content }) => {
      const present = await readFile(join(top, path), 'utf8').catch(absent);
      if (present === undefined) return [`missing  ${path}`];
      return present === content ? [] : [`differs  ${path}`];
    }),
  );
  const extra = await unwantedFiles(top, wanted);
  return [...judged.flat(), ...extra.map((path) => `extra    ${path}`)];
}

/** Brings the files below `top` in step. */
export async function writeAll(top: string, wanted: readonly Artefact[]): Promise<void> {
  for (const path of await unwantedFiles(top, wanted)) await rm(join(top, path));
  for (const { path, content } of wanted) {
    await mkdir(dirname(join(top, path)), { recursive: true });
    await writeFile(join(top, path), content);
  }
}

async function unwantedFiles(top: string, wanted: readonly Artefact[]): Promise<string[]> {
  const known = new Set(wanted.map(({ path }) => path));
  const found = await Promise.all(
    generatedFolders.map(async (folder) => {
      const names = await readdir(join(top, folder)).catch(absent);
      return (names ?? []).map((name) => `${folder}/${name}`);
    }),
  );
  return found
    .flat()
    .filter((path) => !known.has(path))
    .toSorted();
}

/** For a file or folder that is not there, undefined; any other error stays one. */
function absent(error: unknown): undefined {
  if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
  throw error;
}

async function main(): Promise<void> {
  const { values } = parseArgs({ options: { check: { type: 'boolean', default: false } } });
  const top = join(import.meta.dirname, '..');
  const wanted = [...generators.flatMap((generate) => generate()), ...(await sampleHeaders(top))];
  if (!values.check) {
    await writeAll(top, wanted);
    return;
  }
  const lines = await differences(top, wanted);
  if (lines.length === 0) return;
  const advice = 'Generated files are out of step; "npm run generate" brings them in step:';
  process.stderr.write(`${[advice, ...lines].join('\n')}\n`);
  process.exitCode = 1;
}

if (import.meta.main) await main();

import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parseAllDocuments } from 'yaml';
import { keptnAnnotations, recommendedLabels } from '../../src/api/keptn/annotations.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** A directory of manifests cannot be used; the message names the file. */
class ManifestsUnusable extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ManifestsUnusable';
  }
}

const metadataSchema = Type.Object({
  labels: Type.Optional(Type.Record(Type.String(), Type.String())),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
});

const manifestSchema = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Intersect([
    metadataSchema,
    Type.Object({ name: Type.String(), namespace: Type.Optional(Type.String()) }),
  ]),
});

const withTemplate = Type.Object({
  spec: Type.Object({ template: Type.Object({ metadata: Type.Optional(metadataSchema) }) }),
});

/** All manifests of a directory (`*.yaml`, `*.yml`, `*.json`, not of its subdirectories), in the order they can be applied. */
export async function manifestsIn(directory: string): Promise<Manifest[]> {
  const isDirectory = await stat(directory).then(
    (found) => found.isDirectory(),
    () => false,
  );
  if (!isDirectory) throw new ManifestsUnusable(`${directory} is no directory`);
  const files = (await readdir(directory))
    .filter((name) => /\.(?:ya?ml|json)$/u.test(name))
    .toSorted();
  const manifests = await Promise.all(files.map((name) => manifestsOf(join(directory, name))));
  if (manifests.flat().length === 0) throw new ManifestsUnusable(`${directory} holds no manifests`);
  return inOrder(manifests.flat());
}

async function manifestsOf(file: string): Promise<Manifest[]> {
  const documents = parseAllDocuments(await readFile(file, 'utf8'));
  if (!Array.isArray(documents)) return [];
  return documents.flatMap((document): Manifest[] => {
    const [problem] = document.errors;
    if (problem !== undefined) throw new ManifestsUnusable(`${file}: ${problem.message}`);
    const value: unknown = document.toJS();
    if (value === null) return [];
    if (!Value.Check(manifestSchema, value)) {
      throw new ManifestsUnusable(
        `${file}: not a manifest with apiVersion, kind and metadata.name`,
      );
    }
    return [value];
  });
}

const workloadKinds: readonly string[] = ['Deployment', 'StatefulSet', 'DaemonSet', 'Rollout'];

/** Namespaces first, workloads last: their Pods are to find their definitions. */
export function inOrder(manifests: readonly Manifest[]): Manifest[] {
  const rank = ({ kind }: Manifest): number => {
    if (kind === 'Namespace') return 0;
    return workloadKinds.includes(kind) ? 2 : 1;
  };
  return manifests.toSorted((a, b) => rank(a) - rank(b));
}

/** Whether a Namespace manifest opts in. */
export function optsIn(manifest: Manifest): boolean {
  const { metadata } = manifest;
  return (
    manifest.kind === 'Namespace' &&
    Value.Check(metadataSchema, metadata) &&
    metadata.annotations?.[keptnAnnotations.lifecycleToolkit] === 'enabled'
  );
}

/** A version that the manifests ask for. Without a number it will be computed. */
export interface WantedVersion {
  readonly workload: string;
  readonly version: string | undefined;
}

/** The versions that the manifests ask for in namespaces that opt in. */
export function wantedVersions(manifests: readonly Manifest[]): WantedVersion[] {
  const enabled = new Set(manifests.filter(optsIn).map(({ metadata }) => metadata.name));
  return manifests
    .filter(({ kind }) => workloadKinds.includes(kind))
    .filter(({ metadata }) => enabled.size === 0 || enabled.has(metadata.namespace ?? 'default'))
    .flatMap((manifest) => {
      const workload = said(manifest, [keptnAnnotations.workload, recommendedLabels.workload]);
      const version = said(manifest, [keptnAnnotations.version, recommendedLabels.version]);
      return workload === undefined ? [] : [{ workload, version: version?.toLowerCase() }];
    });
}

/** The namespaces that the manifests put something into. */
export function namespacesOf(manifests: readonly Manifest[]): string[] {
  const named = manifests.map(({ kind, metadata }) =>
    kind === 'Namespace' ? metadata.name : metadata.namespace,
  );
  return [...new Set(named.filter((name) => name !== undefined))];
}

/** What the Pod template says under one of these keys, or else the workload itself. */
function said(manifest: Manifest, keys: readonly string[]): string | undefined {
  const sources: unknown[] = [];
  if (Value.Check(withTemplate, manifest)) sources.push(manifest.spec.template.metadata);
  sources.push(manifest.metadata);
  return sources
    .filter((source) => Value.Check(metadataSchema, source))
    .flatMap(({ annotations, labels }) =>
      keys.flatMap((key) => [annotations?.[key], labels?.[key]]),
    )
    .find((value) => value !== undefined && value !== '');
}

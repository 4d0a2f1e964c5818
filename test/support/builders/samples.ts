import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Type } from 'typebox';
import { Value } from 'typebox/value';
import { parseAllDocuments } from 'yaml';
import { Scratch } from '../functions/function-run.ts';
import type { Manifest, TestCluster } from '../cluster/test-cluster.ts';

/** Where the samples are. */
export const samples = new URL('../../../manifests/samples/', import.meta.url).pathname;

/** One operation of a JSON patch on the objects of a kind, or on the one of that name. */
export interface Change {
  readonly kind: string;
  readonly name?: string;
  readonly op?: 'add' | 'replace';
  readonly path: string;
  readonly value: unknown;
}

/** A kustomization as somebody writes it who takes one over. */
export interface Overlay {
  readonly folder: string;
  readonly namespace: string;
  readonly changes?: readonly Change[];
}

/** Writes a kustomization on top of another, and answers its folder. */
export function overlayOn(scratch: Scratch, { folder, namespace, changes = [] }: Overlay): string {
  const path = join(scratch.path, 'overlay');
  mkdirSync(path);
  const kustomization = {
    apiVersion: 'kustomize.config.k8s.io/v1beta1',
    kind: 'Kustomization',
    namespace,
    sortOptions: { order: 'fifo' },
    resources: [relative(path, folder)],
    patches: changes.map(({ kind, name, ...operation }) => ({
      target: { kind, ...(name !== undefined && { name }) },
      patch: JSON.stringify([{ op: 'replace', ...operation }]),
    })),
  };
  scratch.file('overlay/kustomization.yaml', JSON.stringify(kustomization));
  return path;
}

/** A name for the namespace of a sample, which the sample makes itself. */
export function sampleNamespace(): string {
  return `sample-${randomBytes(5).toString('hex')}`;
}

/** What somebody has to change to have a sample in a cluster of their own, and a test to have it run fast. */
export const changes = {
  /** What the fake kubelet is told of Pods of tasks. */
  tasks: (annotations: Readonly<Record<string, string>>): Change => ({
    kind: 'KeptnTaskDefinition',
    op: 'add',
    path: '/metadata/annotations',
    value: annotations,
  }),
  prometheus: (url: string): readonly Change[] => [
    { kind: 'KeptnMetricsProvider', path: '/spec/targetServer', value: url },
    { kind: 'KeptnEvaluationDefinition', path: '/spec/retries', value: 2 },
    { kind: 'KeptnEvaluationDefinition', path: '/spec/retryInterval', value: '1s' },
  ],
  version: (version: string): Change => ({
    kind: 'Deployment',
    path: '/spec/template/metadata/annotations/keptn.sh~1version',
    value: version,
  }),
} as const;

/** `kubectl apply -k` of a kustomization on top of another. What kubectl refuses rejects with what it said. */
export async function applySample(cluster: TestCluster, overlay: Overlay): Promise<void> {
  using scratch = new Scratch();
  await cluster.kubectl(['apply', '-k', overlayOn(scratch, overlay)]);
}

/** The documents of a kustomization, in the order in which they are applied. */
export async function documentsOf(cluster: TestCluster, folder: string): Promise<Manifest[]> {
  const text = await cluster.kubectl(['kustomize', folder]);
  return parseAllDocuments(text).map((document) => {
    const manifest: unknown = document.toJS();
    if (!Value.Check(ManifestShape, manifest)) throw new Error(`no manifest in ${folder}`);
    return manifest;
  });
}

const ManifestShape = Type.Object({
  apiVersion: Type.String(),
  kind: Type.String(),
  metadata: Type.Object({ name: Type.String() }),
});

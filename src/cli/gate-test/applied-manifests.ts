import { ClusterError } from '../../api/cluster-error.ts';
import { isJsonObject, type JsonObject } from '../../api/json.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { readManifest } from '../../lint/manifest-problems.ts';
import { BadInput } from '../../process/terminal.ts';
import { manifestsIn } from '../manifests/manifest-documents.ts';
import { manifestFiles } from '../manifests/manifest-files.ts';
import type { PlayedSluice } from '../played/played-sluice.ts';
import type { TestCase } from './test-file.ts';

/** A manifest, and what is stored of it, or why it cannot be. */
interface Readied {
  readonly object: JsonObject;
  readonly stored?: KubernetesObject;
  readonly problem?: string;
}

/** What is applied: as the API server stores it, so in the stored version of Sluice's kinds. */
export async function manifestsOf({
  manifests,
  namespace,
  file,
}: TestCase): Promise<readonly Readied[]> {
  if (manifests.length === 0)
    throw new BadInput(`${file}: a case needs manifests: of its own, or those of the file`);
  const files = await manifestFiles(manifests);
  return files.flatMap(({ name, text }) => {
    const { manifests: found, broken } = manifestsIn(text);
    const [first] = broken;
    if (first !== undefined)
      throw new BadInput(`${name}:${first.line}:${first.column}: ${first.message}`);
    return found.flatMap(({ object }): Readied[] => {
      // What kustomize reads is no object of a cluster.
      if (String(object['apiVersion']).startsWith('kustomize.config.k8s.io')) return [];
      const read = readManifest(object, namespace);
      if (read.type === 'unreadable') {
        const [error] = read.errors;
        return [{ object, problem: `${error?.path ?? ''}: ${error?.message ?? ''}` }];
      }
      const stored = storedOf(object, read.type === 'judged' ? read.object : undefined);
      return stored === undefined ? [] : [{ object, stored }];
    });
  });
}

/** Of a kind of Sluice's the converted object; of others all that is written, which rules read only in part. */
function storedOf(
  raw: JsonObject,
  read: KubernetesObject | undefined,
): KubernetesObject | undefined {
  const { apiVersion, kind, metadata, ...rest } = raw;
  if (read !== undefined && read.apiVersion.includes('keptn.sh/')) return read;
  if (typeof apiVersion !== 'string' || typeof kind !== 'string' || !isJsonObject(metadata))
    return undefined;
  const { name } = metadata;
  if (typeof name !== 'string') return undefined;
  return { ...rest, apiVersion, kind, metadata: { ...metadata, name } };
}

/** Applies them, Namespaces first; answers what was not let in, with the reason. */
export function applyAll(
  given: readonly Readied[],
  { namespace, operatorNamespace, definitionsNamespace }: TestCase,
  play: PlayedSluice,
): ReadonlyMap<string, string> {
  const refused = new Map<string, string>();
  const isNamespace = ({ object }: Readied): boolean => object['kind'] === 'Namespace';
  const inOrder = [...given.filter(isNamespace), ...given.filter((one) => !isNamespace(one))];
  for (const name of [operatorNamespace, definitionsNamespace]) play.ensureNamespace(name, false);
  for (const one of inOrder) {
    const { kind, metadata } = one.object;
    const name = isJsonObject(metadata) ? String(metadata['name']) : '';
    if (one.problem !== undefined) {
      refused.set(`${String(kind)} ${name}`, one.problem);
      continue;
    }
    const { stored } = one;
    const known = stored && play.kindOf(stored);
    if (known === undefined || stored === undefined) continue;
    const place = known.namespaced ? (stored.metadata.namespace ?? namespace) : undefined;
    if (place !== undefined) play.ensureNamespace(place, true);
    const object = {
      ...stored,
      metadata: { ...stored.metadata, ...(place !== undefined && { namespace: place }) },
    };
    try {
      play.apply(known, object);
    } catch (error) {
      if (!(error instanceof ClusterError)) throw error;
      refused.set(`${known.kind} ${name}`, error.message);
    }
  }
  return refused;
}

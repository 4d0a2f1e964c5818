import type { CustomResourceDefinition } from '../api/crd.ts';
import { fieldOf, isJsonObject } from '../api/json.ts';
import type { Kind, KubernetesObject } from '../api/object.ts';
import type { Installed } from './installation.ts';

/**
 * In which versions the objects of a kind may lie in etcd. A CRD remembers every version that it ever stored
 * (`status.storedVersions`), and the API server refuses a CRD that no longer has one of them.
 */
export interface StoredVersions {
  readonly crd: string;
  /** The kind in the version that is stored from now on. */
  readonly kind: Kind;
  readonly storage: string;
  /** What the CRD remembers beside that version; its objects are to be rewritten. */
  readonly outdated: readonly string[];
  /** Those of them that Sluice does not have: they stay in the CRD, unserved, until nothing is stored in them. */
  readonly unknown: readonly string[];
}

/** What is stored of the kind of a CRD that is to be installed; undefined where there is no such CRD yet. */
export function storedVersions(
  wanted: CustomResourceDefinition,
  live: KubernetesObject | undefined,
): StoredVersions | undefined {
  if (live === undefined) return undefined;
  const { group, names, versions } = wanted.spec;
  const storage = versions.find((version) => version.storage)?.name ?? '';
  const remembered = textsIn(fieldOf(fieldOf(live, 'status'), 'storedVersions'));
  const outdated = remembered.filter((name) => name !== storage);
  const known = new Set(versions.map(({ name }) => name));
  return {
    crd: wanted.metadata.name,
    kind: {
      apiVersion: `${group}/${storage}`,
      kind: names.kind,
      plural: names.plural,
      namespaced: true,
      view: 'metadata',
    },
    storage,
    outdated,
    unknown: outdated.filter((name) => !known.has(name)),
  };
}

/** What will be done about it, as a line for people; undefined where nothing has to be. */
export function wordsOfStored({
  crd,
  storage,
  outdated,
  unknown,
}: StoredVersions): string | undefined {
  if (outdated.length === 0) return undefined;
  const kept =
    unknown.length === 0
      ? ''
      : `; ${unknown.join(', ')}, which Sluice does not have, stays until then without being served`;
  return `CustomResourceDefinition ${crd}: objects may be stored as ${outdated.join(', ')}; they are rewritten as ${storage}${kept}`;
}

/** The CRD with the versions of the live one that something may still be stored in. */
export function withStoredVersions(
  { kind, object }: Installed,
  live: KubernetesObject | undefined,
): Installed {
  const wanted = versionsIn(object);
  const known = new Set(wanted.map((version) => fieldOf(version, 'name')));
  const remembered = textsIn(fieldOf(fieldOf(live, 'status'), 'storedVersions'));
  const kept = versionsIn(live).flatMap((version) => {
    const name = fieldOf(version, 'name');
    const isNeeded = typeof name === 'string' && remembered.includes(name) && !known.has(name);
    return isNeeded && isJsonObject(version) ? [{ ...version, served: false, storage: false }] : [];
  });
  if (kept.length === 0) return { kind, object };
  const spec = fieldOf(object, 'spec');
  const withThem = { ...(isJsonObject(spec) && spec), versions: [...wanted, ...kept] };
  return { kind, object: Object.assign({ ...object }, { spec: withThem }) };
}

function versionsIn(crd: unknown): readonly unknown[] {
  const versions = fieldOf(fieldOf(crd, 'spec'), 'versions');
  return Array.isArray(versions) ? versions : [];
}

function textsIn(list: unknown): readonly string[] {
  return Array.isArray(list) ? list.filter((one) => typeof one === 'string') : [];
}

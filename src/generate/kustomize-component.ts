import { stringify } from 'yaml';
import { isEqualJson, isJsonObject } from '../api/json.ts';
import type { KubernetesObject } from '../api/object.ts';

/** The files of a component of kustomize that makes one installation of another. */
interface KustomizeComponent {
  readonly component: object;
  /** What only the component has, in `resources.yaml`. */
  readonly added: readonly KubernetesObject[];
}

const plainYaml = { lineWidth: 0, aliasDuplicateObjects: false } as const;

/**
 * What a component has to say to make `wanted` of `base`: objects that come along, and a
 * strategic merge patch for each that differs. Throws where the base has an object that is not wanted.
 */
export function componentOf(
  base: readonly KubernetesObject[],
  wanted: readonly KubernetesObject[],
): KustomizeComponent {
  const before = new Map(base.map((object) => [keyOf(object), object]));
  const after = new Set(wanted.map(keyOf));
  const unwanted = [...before.keys()].filter((key) => !after.has(key));
  if (unwanted.length > 0) throw new Error(`a component cannot remove ${unwanted.join(', ')}`);
  const added = wanted.filter((object) => !before.has(keyOf(object)));
  const changed = wanted.filter((object) => {
    const one = before.get(keyOf(object));
    return one !== undefined && !isEqualJson(one, object);
  });
  const patchOf = (object: KubernetesObject) => {
    const { apiVersion, kind, metadata } = object;
    const { name, namespace } = metadata;
    const difference = changedPart(before.get(keyOf(object)), object);
    const identity = { apiVersion, kind, metadata: { name, ...(namespace && { namespace }) } };
    return { ...identity, ...(isJsonObject(difference) ? difference : {}) };
  };
  const component = {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    resources: ['resources.yaml'],
    patches: changed.map((object) => ({ patch: stringify(patchOf(object), plainYaml) })),
  };
  return { component, added };
}

function keyOf({ apiVersion, kind, metadata: { namespace = '', name } }: KubernetesObject): string {
  return [apiVersion, kind, namespace, name].join(' ');
}

/**
 * What a strategic merge patch has to say to make `after` of `before`: the fields that differ, and of lists whose items have names
 * the items that differ. Throws where something would have to go: such a patch says that in other ways.
 */
function changedPart(before: unknown, after: unknown): unknown {
  if (isJsonObject(before) && isJsonObject(after)) {
    const gone = Object.keys(before).find((key) => !(key in after));
    if (gone !== undefined) throw new Error(`a component cannot take the field ${gone} away`);
    return Object.fromEntries(
      Object.entries(after).flatMap(([key, value]) =>
        isEqualJson(before[key], value) ? [] : [[key, changedPart(before[key], value)]],
      ),
    );
  }
  const [items, wanted] = [namedItems(before), namedItems(after)];
  if (items === undefined || wanted === undefined) return after;
  const gone = [...items.keys()].find((name) => !wanted.has(name));
  if (gone !== undefined) throw new Error(`a component cannot take the item ${gone} away`);
  // An item that comes along has its place only where all are named in their order.
  if ([...wanted.keys()].some((name) => !items.has(name))) return after;
  return [...wanted].flatMap(([name, item]) => {
    const part = changedPart(items.get(name), item);
    return isJsonObject(part) && Object.keys(part).length > 0 ? [{ name, ...part }] : [];
  });
}

/** The items of a list by their names; undefined where one has none. */
function namedItems(value: unknown): ReadonlyMap<string, unknown> | undefined {
  if (!Array.isArray(value)) return undefined;
  const entries = value.map((item: unknown): readonly [unknown, unknown] => [
    isJsonObject(item) ? item['name'] : undefined,
    item,
  ]);
  const named = entries.flatMap(([name, item]) =>
    typeof name === 'string' ? [[name, item] as const] : [],
  );
  return named.length === entries.length ? new Map(named) : undefined;
}

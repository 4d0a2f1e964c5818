import { stringify } from 'yaml';
import { isEqualJson } from '../api/json.ts';
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
  const component = {
    apiVersion: 'kustomize.config.k8s.io/v1alpha1',
    kind: 'Component',
    resources: ['resources.yaml'],
    patches: changed.map((object) => ({ patch: stringify(object, plainYaml) })),
  };
  return { component, added };
}

function keyOf({ apiVersion, kind, metadata: { namespace = '', name } }: KubernetesObject): string {
  return [apiVersion, kind, namespace, name].join(' ');
}

import { type ConfigMap, ConfigMapKind } from '../../../src/api/builtin.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { projected } from '../../../src/kubernetes/projection/projections.ts';

/** A stored ConfigMap as the controllers see it: the data is left out, `content` says what they may know of it. */
export function configMapRead(stored: ConfigMap): ConfigMap {
  const read = projected(ConfigMapKind, stored);
  if (!isConfigMap(read)) throw new Error(`${read.kind} is no ConfigMap`);
  return read;
}

function isConfigMap(object: KubernetesObject): object is ConfigMap {
  return object.kind === ConfigMapKind.kind;
}

import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { ConfigMapKind, type ConfigMap } from '../../api/builtin.ts';
import { type ObjectMeta, ownedBy } from '../../api/object.ts';
import type { Blueprint, Code } from './function-source.ts';
import { sha256 } from '../hash.ts';
import { functionConfigMapName, functionCopyName } from '../names.ts';
import { defined } from '../../api/json.ts';

/** The key under which a ConfigMap holds code (Keptn's). */
export const codeKey = 'code';

/**
 * The ConfigMap a Job mounts the code from, or undefined for code that is downloaded. A Pod can mount only what is in its
 * own namespace, so that inline code of a shared definition is mounted from a copy.
 */
export function configMapNameFor(code: Code, task: KeptnTask): string | undefined {
  switch (code.type) {
    case 'url':
      return undefined;
    case 'configMap':
      return code.name;
    case 'inline':
      return code.namespace === task.metadata.namespace
        ? functionConfigMapName(code.definition)
        : functionCopyName(code.definition, task.metadata.uid ?? '');
  }
}

/** The copy of its code that a task has to make before its Job can start; undefined where none is needed. */
export function codeCopyFor(blueprint: Blueprint, task: KeptnTask): ConfigMap | undefined {
  if (blueprint.type !== 'function') return undefined;
  const { code } = blueprint;
  if (code.type !== 'inline' || code.namespace === task.metadata.namespace) return undefined;
  return functionConfigMap(
    {
      name: functionCopyName(code.definition, task.metadata.uid ?? ''),
      ...defined({ namespace: task.metadata.namespace }),
      ownerReferences: [ownedBy(KeptnTask, task)],
    },
    code.code,
  );
}

/** A ConfigMap with code, labelled so that Sluice's cache holds it. */
export function functionConfigMap(metadata: ObjectMeta, code: string): ConfigMap {
  return {
    apiVersion: ConfigMapKind.apiVersion,
    kind: ConfigMapKind.kind,
    metadata: { ...metadata, labels: { [sluiceKeys.function]: 'true' } },
    data: { [codeKey]: code },
  };
}

/** Whether a ConfigMap that was read holds this code. */
export function holdsCode({ content }: ConfigMap, code: string): boolean {
  return content?.codeDigest === sha256(code);
}

/** Whether a ConfigMap that was read holds the code of a copy that is to be made, and nothing else. */
export function isCopyAsMade(read: ConfigMap, { data }: ConfigMap): boolean {
  const code = data?.[codeKey];
  return code !== undefined && holdsCode(read, code) && read.content?.hasOtherKeys === false;
}

import {
  KeptnTaskDefinition,
  type KeptnTaskDefinitionSpec,
} from '../../src/api/keptn/task-definition.ts';

/** A KeptnTaskDefinition in namespace `shop`: `aTaskDefinition('check').with({ deno: … })`. */
export function aTaskDefinition(
  name: string,
  metadata: Partial<KeptnTaskDefinition['metadata']> = {},
) {
  return {
    with: (spec: KeptnTaskDefinitionSpec): KeptnTaskDefinition => ({
      apiVersion: KeptnTaskDefinition.apiVersion,
      kind: KeptnTaskDefinition.kind,
      metadata: {
        name,
        namespace: 'shop',
        uid: `uid-of-${name}`,
        resourceVersion: '1',
        generation: 1,
        ...metadata,
      },
      spec,
    }),
  };
}

import { ConfigMapMetadataKind } from '../../api/builtin.ts';
import { fieldOf } from '../../api/json.ts';
import type { KeptnTaskDefinitionSpec } from '../../api/keptn/task-definition.ts';
import type { StatedReference } from './references.ts';

/**
 * The ConfigMaps a definition needs: its code (kept where the definition is), and what its Job reads (where the task runs).
 * One that is marked optional is not needed.
 */
export function configMapReferences(
  spec: KeptnTaskDefinitionSpec,
  namespaces: { readonly code: readonly string[]; readonly job: readonly string[] },
): readonly StatedReference[] {
  const code = (['deno', 'python', 'bash'] as const).flatMap((runner) =>
    named(`spec.${runner}.configMapRef`, spec[runner]?.configMapRef),
  );
  const { container, job } = spec;
  const ofJob = [
    ...entries(container?.env).flatMap(([index, env]) =>
      named(
        `spec.container.env[${index}].valueFrom.configMapKeyRef`,
        fieldOf(fieldOf(env, 'valueFrom'), 'configMapKeyRef'),
      ),
    ),
    ...entries(fieldOf(container, 'envFrom')).flatMap(([index, source]) =>
      named(`spec.container.envFrom[${index}].configMapRef`, fieldOf(source, 'configMapRef')),
    ),
    ...entries(job?.envFrom).flatMap(([index, source]) =>
      named(`spec.job.envFrom[${index}].configMapRef`, fieldOf(source, 'configMapRef')),
    ),
    ...entries(job?.volumes).flatMap(([index, volume]) => [
      ...named(`spec.job.volumes[${index}].configMap`, fieldOf(volume, 'configMap')),
      ...entries(fieldOf(fieldOf(volume, 'projected'), 'sources')).flatMap(([at, source]) =>
        named(
          `spec.job.volumes[${index}].projected.sources[${at}].configMap`,
          fieldOf(source, 'configMap'),
        ),
      ),
    ]),
  ];
  const stated = (list: typeof code, at: readonly string[]): readonly StatedReference[] =>
    list.map((one) => ({ ...one, kind: ConfigMapMetadataKind, namespaces: at }));
  return [...stated(code, namespaces.code), ...stated(ofJob, namespaces.job)];
}

function named(path: string, selector: unknown): readonly { path: string; name: string }[] {
  const name = fieldOf(selector, 'name');
  const isNeeded =
    typeof name === 'string' && name !== '' && fieldOf(selector, 'optional') !== true;
  return isNeeded ? [{ path: `${path}.name`, name }] : [];
}

function entries(list: unknown): readonly [number, unknown][] {
  return Array.isArray(list) ? [...list.entries()] : [];
}

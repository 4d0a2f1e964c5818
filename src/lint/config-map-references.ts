import { ConfigMapMetadataKind } from '../api/builtin.ts';
import type { KeptnTaskDefinitionSpec } from '../api/keptn/task-definition.ts';
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
        child(child(env, 'valueFrom'), 'configMapKeyRef'),
      ),
    ),
    ...entries(child(container, 'envFrom')).flatMap(([index, source]) =>
      named(`spec.container.envFrom[${index}].configMapRef`, child(source, 'configMapRef')),
    ),
    ...entries(job?.envFrom).flatMap(([index, source]) =>
      named(`spec.job.envFrom[${index}].configMapRef`, child(source, 'configMapRef')),
    ),
    ...entries(job?.volumes).flatMap(([index, volume]) => [
      ...named(`spec.job.volumes[${index}].configMap`, child(volume, 'configMap')),
      ...entries(child(child(volume, 'projected'), 'sources')).flatMap(([at, source]) =>
        named(
          `spec.job.volumes[${index}].projected.sources[${at}].configMap`,
          child(source, 'configMap'),
        ),
      ),
    ]),
  ];
  const stated = (list: typeof code, at: readonly string[]): readonly StatedReference[] =>
    list.map((one) => ({ ...one, kind: ConfigMapMetadataKind, namespaces: at }));
  return [...stated(code, namespaces.code), ...stated(ofJob, namespaces.job)];
}

function named(path: string, selector: unknown): readonly { path: string; name: string }[] {
  const name = child(selector, 'name');
  const isNeeded = typeof name === 'string' && name !== '' && child(selector, 'optional') !== true;
  return isNeeded ? [{ path: `${path}.name`, name }] : [];
}

/** A field of whatever it is: containers and volumes are Kubernetes's business and not typed in full. */
function child(value: unknown, field: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, field) : undefined;
}

function entries(list: unknown): readonly [number, unknown][] {
  return Array.isArray(list) ? [...list.entries()] : [];
}

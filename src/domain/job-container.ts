import type { Container } from '../api/builtin.ts';
import type { KeptnTask } from '../api/keptn/task.ts';
import { configMapNameFor } from './function-config-map.ts';
import type { FunctionBlueprint, Runner } from './function-source.ts';
import { goJson, goMap } from './go-json.ts';

/**
 * The one container of a task's Job and the volumes it needs (compatibility reference §5.2, §5.4). Others compare env names,
 * their order and their JSON, volumes and mounts by position and length: nothing may be added to these lists.
 */
export interface Workload {
  readonly container: Container;
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
}

/** The container of a function (Keptn's name). */
export const functionContainerName = 'keptn-function-runner';

// The kubelet then takes the last lines of the log where a container left no message: evidence at no cost.
const logsAsMessage = { terminationMessagePolicy: 'FallbackToLogsOnError' };

const runners: Readonly<Record<Runner, { mountPath: string }>> = {
  deno: { mountPath: '/var/data/function.ts' },
  python: { mountPath: '/var/data/function.py' },
};

/** The container that runs a function of one of the supported languages. */
export function functionWorkload(
  blueprint: FunctionBlueprint,
  task: KeptnTask,
  image: string,
): Workload {
  const { code, runner, cmdParameters } = blueprint;
  const { mountPath } = runners[runner];
  const configMap = configMapNameFor(code, task);
  // The task's own parameters fill gaps only: definitions win, as in Keptn.
  const data = { ...task.spec.parameters?.map, ...blueprint.parameters };
  const secret = task.spec.secureParameters?.secret || blueprint.secret;
  return {
    container: {
      name: functionContainerName,
      image,
      imagePullPolicy: 'IfNotPresent',
      env: [
        ...(Object.keys(data).length > 0 ? [{ name: 'DATA', value: goJson(goMap(data)) }] : []),
        keptnContext(task),
        { name: 'CMD_ARGS', value: cmdParameters },
        ...(secret === '' ? [] : [secureData(secret)]),
        { name: 'SCRIPT', value: code.type === 'url' ? code.url : mountPath },
      ],
      ...(configMap !== undefined && {
        volumeMounts: [{ name: 'function-mount', readOnly: true, mountPath, subPath: 'code' }],
      }),
      ...logsAsMessage,
    },
    volumes:
      configMap === undefined ? [] : [{ name: 'function-mount', configMap: { name: configMap } }],
  };
}

/**
 * A container of the user's own, as written but for KEPTN_CONTEXT and the termination message policy. Each volume it mounts
 * is kept in memory, as large as its memory limit or 1Gi (Keptn: the first one only, and one byte large).
 */
export function containerWorkload(container: Container, task: KeptnTask): Workload {
  const context = keptnContext(task);
  const env = container.env ?? [];
  const isSet = env.some(({ name }) => name === context.name);
  const sizeLimit = memoryLimit(container) ?? '1Gi';
  return {
    container: {
      ...logsAsMessage,
      ...container,
      env: isSet
        ? env.map((entry) => (entry.name === context.name ? context : entry))
        : [...env, context],
    },
    volumes: mountedVolumes(container).map((name) => ({
      name,
      emptyDir: { medium: 'Memory', sizeLimit },
    })),
  };
}

function keptnContext({ spec: { context = {} } }: KeptnTask): { name: string; value: string } {
  const { metadata = {} } = context;
  const value = goJson({
    workloadName: context.workloadName ?? '',
    appName: context.appName ?? '',
    appVersion: context.appVersion ?? '',
    workloadVersion: context.workloadVersion ?? '',
    taskType: context.taskType ?? '',
    objectType: context.objectType ?? '',
    ...(Object.keys(metadata).length > 0 && { metadata: goMap(metadata) }),
  });
  return { name: 'KEPTN_CONTEXT', value };
}

function secureData(secret: string) {
  const name = 'SECURE_DATA';
  return { name, valueFrom: { secretKeyRef: { name: secret, key: name } } };
}

function mountedVolumes({ volumeMounts }: Container): string[] {
  if (!Array.isArray(volumeMounts)) return [];
  const names = volumeMounts.map((mount: unknown) => field(mount, 'name'));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

function memoryLimit({ resources }: Container): string | number | undefined {
  const limit = field(field(resources, 'limits'), 'memory');
  return typeof limit === 'string' || typeof limit === 'number' ? limit : undefined;
}

function field(value: unknown, name: string): unknown {
  if (typeof value !== 'object' || value === null) return undefined;
  return Object.entries(value).find(([key]) => key === name)?.[1];
}

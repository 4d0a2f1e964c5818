import type { Container } from '../../api/builtin.ts';
import { defined, fieldOf } from '../../api/json.ts';
import type { JobOptions } from '../../api/keptn/job-options.ts';
import type { TaskTrigger } from '../../api/keptn/follow-up.ts';
import type { KeptnTask } from '../../api/keptn/task.ts';
import { configMapNameFor } from './function-config-map.ts';
import {
  type FunctionBlueprint,
  type Runner,
  type SecretVariable,
  secretVariables,
} from './function-source.ts';
import { goJson, goMap, type GoValue, goValue } from '../go/go-json.ts';
import { containerOptions } from './job-options.ts';
import { statusFile } from './runner-arguments.ts';

/**
 * The one container of a task's Job and the volumes it needs (docs/compatibility.md §5.2, §5.4). Others compare env names,
 * their order and their JSON, volumes and mounts by position and length: nothing may be added to these lists.
 */
export interface Workload {
  readonly container: Container;
  readonly volumes: readonly Readonly<Record<string, unknown>>[];
}

/** How the container of a function is started. */
export interface FunctionStart {
  readonly image: string;
  /** Arguments of Sluice's runner; undefined for images that take none. */
  readonly args: readonly string[] | undefined;
  readonly options: JobOptions;
  /** The task's own span, while tracing is on. */
  readonly traceparent: string | undefined;
}

/** The container of a function (Keptn's name). */
export const functionContainerName = 'keptn-function-runner';

// The kubelet then takes the last lines of the log where a container left no message: evidence at no cost.
const logsAsMessage = { terminationMessagePolicy: 'FallbackToLogsOnError' };

const runners: Readonly<Record<Runner, { mountPath: string }>> = {
  deno: { mountPath: '/var/data/function.ts' },
  python: { mountPath: '/var/data/function.py' },
  bash: { mountPath: '/var/data/function.sh' },
};

/** The container that runs a function of one of the supported languages. */
export function functionWorkload(
  blueprint: FunctionBlueprint,
  task: KeptnTask,
  start: FunctionStart,
): Workload {
  const { image, args, options } = start;
  const { code, runner, cmdParameters } = blueprint;
  const { mountPath } = runners[runner];
  const configMap = configMapNameFor(code, task);
  // The task's own parameters fill gaps only: definitions win, as in Keptn.
  const data = { ...task.spec.parameters?.map, ...blueprint.parameters };
  const secret = task.spec.secureParameters?.secret || blueprint.secret;
  const secrets = secretVariables([task.spec.secureParameters?.secrets, blueprint.secrets]);
  const volumeMounts = [
    ...(configMap === undefined
      ? []
      : [{ name: 'function-mount', readOnly: true, mountPath, subPath: 'code' }]),
    ...(options.volumeMounts ?? []),
  ];
  return {
    container: {
      name: functionContainerName,
      image,
      imagePullPolicy: 'IfNotPresent',
      env: [
        ...(Object.keys(data).length > 0
          ? [{ name: 'DATA', value: unexpanded(goJson(goMap(data))) }]
          : []),
        keptnContext(task, start.traceparent),
        { name: 'CMD_ARGS', value: cmdParameters },
        ...(secret === '' ? [] : [secretVariable({ name: secret, env: 'SECURE_DATA' })]),
        ...secrets.map(secretVariable),
        { name: 'SCRIPT', value: code.type === 'url' ? code.url : mountPath },
      ],
      ...(volumeMounts.length > 0 && { volumeMounts }),
      ...(args !== undefined && { args: [...args], terminationMessagePath: statusFile }),
      ...logsAsMessage,
      ...containerOptions(options),
    },
    volumes: [
      ...(configMap === undefined
        ? []
        : [{ name: 'function-mount', configMap: { name: configMap } }]),
      ...(options.volumes ?? []),
    ],
  };
}

/**
 * A container of the user's own, as written but for KEPTN_CONTEXT and the termination message policy; options fill what it
 * leaves open. Each volume that it mounts and that is not defined is kept in memory, as large as its memory limit or 1Gi (Keptn: the
 * first one only, and one byte large).
 */
export function containerWorkload(
  container: Container,
  task: KeptnTask,
  { options, traceparent }: Pick<FunctionStart, 'options' | 'traceparent'>,
): Workload {
  const context = keptnContext(task, traceparent);
  const env = container.env ?? [];
  const isSet = env.some(({ name }) => name === context.name);
  const sizeLimit = memoryLimit(container) ?? '1Gi';
  const volumeMounts = [...mountsOf(container), ...(options.volumeMounts ?? [])];
  const volumes = options.volumes ?? [];
  const declared = new Set(volumes.map(({ name }) => name));
  return {
    container: {
      ...logsAsMessage,
      ...containerOptions(options),
      ...container,
      ...(options.volumeMounts !== undefined && { volumeMounts }),
      env: isSet
        ? env.map((entry) => (entry.name === context.name ? context : entry))
        : [...env, context],
    },
    volumes: [
      ...mountedVolumes(container)
        .filter((name) => !declared.has(name))
        .map((name) => ({ name, emptyDir: { medium: 'Memory', sizeLimit } })),
      ...volumes,
    ],
  };
}

/** `traceparent` stands at the top as in Keptn's guide, and in the metadata as in Keptn: for functions to continue the trace. */
function keptnContext(
  { spec: { context = {} } }: KeptnTask,
  traceparent: string | undefined,
): { name: string; value: string } {
  const { trigger } = context;
  const carrier = traceparent === undefined ? {} : { traceparent };
  const metadata = { ...context.metadata, ...carrier };
  const value = goJson({
    workloadName: context.workloadName ?? '',
    appName: context.appName ?? '',
    appVersion: context.appVersion ?? '',
    workloadVersion: context.workloadVersion ?? '',
    taskType: context.taskType ?? '',
    objectType: context.objectType ?? '',
    ...carrier,
    ...(Object.keys(metadata).length > 0 && { metadata: goMap(metadata) }),
    ...(trigger !== undefined && { trigger: triggerJson(trigger) }),
  });
  return { name: 'KEPTN_CONTEXT', value: unexpanded(value) };
}

/** JSON in which Kubernetes finds nothing to expand: `$(DATA)` in a message would become other JSON, `$$` one dollar. */
function unexpanded(json: string): string {
  return json.replaceAll(/\$(?=[$(])/g, String.raw`\u0024`);
}

/** How the parent of a follow-up ended, without what is not known. */
function triggerJson(trigger: TaskTrigger): GoValue {
  const { kind, name, definition, status, reason, message, attempts, result } = trigger;
  return {
    kind,
    name,
    ...defined({ definition }),
    status,
    ...defined({ reason, message, attempts }),
    ...(result !== undefined && { result: goValue(result) }),
  };
}

function secretVariable({ name, key = 'SECURE_DATA', env }: SecretVariable) {
  return { name: env, valueFrom: { secretKeyRef: { name, key } } };
}

function mountsOf({ volumeMounts }: Container): readonly unknown[] {
  return Array.isArray(volumeMounts) ? volumeMounts : [];
}

function mountedVolumes(container: Container): string[] {
  const names = mountsOf(container).map((mount) => fieldOf(mount, 'name'));
  return [...new Set(names.filter((name) => typeof name === 'string'))];
}

function memoryLimit({ resources }: Container): string | number | undefined {
  const limit = fieldOf(fieldOf(resources, 'limits'), 'memory');
  return typeof limit === 'string' || typeof limit === 'number' ? limit : undefined;
}

import { defined, isJsonObject } from '../../api/json.ts';
import { KeptnTask, type TaskContext } from '../../api/keptn/task.ts';
import { parserOfKind } from '../../api/parse.ts';
import { unknownFields } from '../../api/unknown-fields.ts';
import { textOf, yamlIn } from './task-documents.ts';
import { isBuiltin, secretData, texts } from './task-objects.ts';
import { BadInput } from '../../process/terminal.ts';

/** What a made-up task runs for. */
export interface GivenContext {
  readonly context: TaskContext;
  readonly traceparent?: string;
}

/** What stands in the context of a task on this machine unless a file says something else. */
const madeUp: TaskContext = {
  workloadName: 'local-workload',
  appName: 'local',
  appVersion: '1.0.0',
  workloadVersion: '1.0.0',
  taskType: 'pre',
  objectType: 'Workload',
};

const parseTask = parserOfKind(KeptnTask, 'all');

/** The context in a file, YAML or JSON with the fields of KEPTN_CONTEXT; what it leaves out is made up. */
export async function contextFrom(file: string | undefined): Promise<GivenContext> {
  if (file === undefined) return { context: madeUp };
  const given = yamlIn(await textOf(file), file);
  if (!isJsonObject(given)) {
    throw new BadInput(`${file}: is no object with the fields of KEPTN_CONTEXT, such as appName`);
  }
  // Functions find it at the top and in the metadata; in a task it is neither.
  const { traceparent, ...context } = given;
  if (traceparent !== undefined && typeof traceparent !== 'string') {
    throw new BadInput(`${file}: traceparent: must be string`);
  }
  const task = parseTask({
    apiVersion: KeptnTask.apiVersion,
    kind: KeptnTask.kind,
    metadata: { name: 'local' },
    spec: { taskDefinition: 'local', context: { ...madeUp, ...context } },
  });
  if (!task.ok) {
    const problems = task.errors.map(
      ({ path, message }) => `${file}: ${unnested(path)}: ${message}`,
    );
    throw new BadInput(problems.join('\n'));
  }
  const unknown = unknownFields(KeptnTask.versions[0].spec, { context }, 'spec');
  if (unknown.length > 0) {
    const problems = unknown.map((path) => `${file}: ${unnested(path)}: there is no such field`);
    throw new BadInput(problems.join('\n'));
  }
  return {
    context: task.value.spec.context ?? madeUp,
    ...defined({ traceparent }),
  };
}

/** A Secret by its keys, and by its name where the file says it. */
export interface GivenSecret {
  readonly name: string | undefined;
  readonly data: Readonly<Record<string, string>>;
}

/** The Secret in a file: lines `KEY=value`, a Secret of Kubernetes, or just its keys and values as YAML or JSON. */
export async function secretFrom(file: string): Promise<GivenSecret> {
  const text = await textOf(file);
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  if (lines.length > 0 && lines.every((line) => /^[\w.-]+=/u.test(line))) {
    const pairs = lines.map((line) => {
      const [key = '', ...value] = line.replace(/\r$/u, '').split('=');
      return [key, value.join('=')];
    });
    return { name: undefined, data: Object.fromEntries(pairs) };
  }
  const secret = yamlIn(text, file);
  const wrong = `${file}: is no secret; write lines KEY=value, a Secret of Kubernetes, or keys and values as YAML or JSON`;
  if (!isJsonObject(secret)) throw new BadInput(wrong);
  if (!isBuiltin(secret, 'Secret')) {
    if ('kind' in secret) throw new BadInput(wrong);
    return { name: undefined, data: texts(secret) };
  }
  const { metadata } = secret;
  const name = isJsonObject(metadata) ? metadata['name'] : undefined;
  return { name: typeof name === 'string' ? name : undefined, data: secretData(secret) };
}

/** Parameters as `name=value`. */
export function parametersFrom(given: readonly string[]): Readonly<Record<string, string>> {
  const pairs = given.map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw new BadInput(`--parameter ${pair}: expected name=value`);
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
  return Object.fromEntries(pairs);
}

function unnested(path: string): string {
  return path.replace(/^spec\.context\.?/u, '') || 'context';
}

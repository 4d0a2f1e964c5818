import { NamespaceKind } from '../../api/builtin.ts';
import { isJsonObject, type JsonObject } from '../../api/json.ts';
import { keptnAnnotations } from '../../api/keptn/annotations.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { readManifest } from '../../lint/manifest-problems.ts';
import { parseWorkload, workloadKinds } from '../../lint/workload/workload-manifest.ts';
import { BadInput, FoundFailed } from '../../process/terminal.ts';
import { manifestsIn } from '../manifests/manifest-documents.ts';
import { manifestFiles } from '../manifests/manifest-files.ts';
import { type Asking, knownObjects } from '../manifests/read-objects.ts';
import { type OutputFormat, structured } from '../command/output-option.ts';
import { outcomeText } from './outcome-text.ts';
import { type Outcome, simulate, type Simulated } from './simulation.ts';

/** The options of `sluice simulate` as they were parsed. */
export interface SimulateOptions {
  readonly filename: readonly string[];
  readonly known?: readonly string[];
  readonly namespace: string;
  readonly operatorNamespace: string;
  readonly definitionsNamespace?: string;
  readonly output: OutputFormat;
  readonly patch?: boolean;
}

/** Simulates all workloads of the files. Throws `FoundFailed` when Pods would be refused, and `BadInput`. */
export async function simulateFiles(options: SimulateOptions, asking: Asking): Promise<void> {
  const { namespace, operatorNamespace, definitionsNamespace = operatorNamespace } = options;
  const given = await documentsIn(options.filename);
  const read = given.map((object) => ({ object, as: readManifest(object, namespace) }));
  const workloads = read.flatMap(({ object, as }): Simulated[] => {
    const isWorkload = workloadKinds.some(
      ({ kind, apiVersion }) => kind === object['kind'] && apiVersion === object['apiVersion'],
    );
    const parsed = isWorkload && as.type === 'judged' ? parseWorkload(as.object) : undefined;
    return parsed?.ok === true ? [{ manifest: object, workload: parsed.value }] : [];
  });
  if (workloads.length === 0) {
    throw new BadInput(
      `${options.filename.join(', ')}: holds no Deployment, StatefulSet, DaemonSet or Rollout`,
    );
  }
  for (const { object, as } of read) {
    if (as.type !== 'unreadable') continue;
    const { kind, metadata } = object;
    const name = isJsonObject(metadata) ? metadata['name'] : '';
    for (const { path, message } of as.errors) {
      asking.terminal.writeError(
        visibleText(`${String(kind)} ${String(name)}: ${path}: ${message}`) + '\n',
      );
    }
  }
  const known = await knownObjects(options.known ?? [], namespace, asking);
  const own = read.flatMap(({ as }) => (as.type === 'judged' ? [as.object] : []));
  const optedOut = namespacesOptedOut(
    [...known.objects, ...given.flatMap(namespaceOf)],
    known.isLive,
  );
  const outcomes = workloads.map((one) => {
    const outcome = simulate(one, [...known.objects, ...own], {
      operatorNamespace,
      definitionsNamespace,
    });
    return optedOut(outcome.namespace) ? unchecked(outcome) : outcome;
  });
  asking.terminal.write(shown(outcomes, options));
  if (outcomes.some(({ pods }) => pods === 'denied')) throw new FoundFailed();
}

async function documentsIn(paths: readonly string[]): Promise<readonly JsonObject[]> {
  const files = await manifestFiles(paths);
  return files.flatMap(({ name, text }) => {
    const { manifests, broken } = manifestsIn(text);
    const [first] = broken;
    if (first !== undefined)
      throw new BadInput(`${name}:${first.line}:${first.column}: ${first.message}`);
    return manifests.map(({ object }) => object);
  });
}

function namespaceOf(object: JsonObject): readonly KubernetesObject[] {
  if (object['kind'] !== NamespaceKind.kind || !isJsonObject(object['metadata'])) return [];
  const { name, annotations } = object['metadata'];
  const written = isJsonObject(annotations)
    ? annotations[keptnAnnotations.lifecycleToolkit]
    : undefined;
  const metadata = {
    name: String(name),
    annotations: {
      ...(typeof written === 'string' && { [keptnAnnotations.lifecycleToolkit]: written }),
    },
  };
  return [{ apiVersion: 'v1', kind: NamespaceKind.kind, metadata }];
}

/** Only of a Namespace that is known it can be said that it is not opted in. */
function namespacesOptedOut(objects: readonly KubernetesObject[], isLive: boolean) {
  const namespaces = objects.filter(({ kind }) => kind === NamespaceKind.kind);
  return (name: string): boolean => {
    const found = namespaces.findLast(({ metadata }) => metadata.name === name);
    if (found === undefined) return isLive;
    return found.metadata.annotations?.[keptnAnnotations.lifecycleToolkit] !== 'enabled';
  };
}

function unchecked(outcome: Outcome): Outcome {
  const why = `namespace ${outcome.namespace} is not opted in: it has no annotation ${keptnAnnotations.lifecycleToolkit}: enabled`;
  return { ...outcome, pods: 'starts', why, phases: [], patch: [], pod: undefined };
}

function shown(outcomes: readonly Outcome[], { output, patch = false }: SimulateOptions): string {
  return output === 'json' || output === 'yaml'
    ? structured(outcomes, output)
    : outcomes.map((outcome) => outcomeText(outcome, patch)).join('\n');
}

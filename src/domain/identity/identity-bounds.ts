import { keptnAnnotations, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { ObjectMeta } from '../../api/object.ts';

/** The longest name or version that is read, in characters: four times what the name of any object may have. */
const longestIdentity = 1_024;

/** The longest list of definitions, and the longest `keptn.sh/metadata`, in characters. */
const longestList = 16_384;

const limits: ReadonlyMap<string, number> = new Map<string, number>([
  [keptnAnnotations.workload, longestIdentity],
  [keptnAnnotations.version, longestIdentity],
  [keptnAnnotations.app, longestIdentity],
  [keptnAnnotations.container, longestIdentity],
  [recommendedLabels.workload, longestIdentity],
  [recommendedLabels.version, longestIdentity],
  [recommendedLabels.app, longestIdentity],
  [keptnAnnotations.preDeploymentTasks, longestList],
  [keptnAnnotations.postDeploymentTasks, longestList],
  [keptnAnnotations.preDeploymentEvaluations, longestList],
  [keptnAnnotations.postDeploymentEvaluations, longestList],
  [sluiceKeys.preDeploymentChecks, longestList],
  [sluiceKeys.postDeploymentChecks, longestList],
  [sluiceKeys.onSuccessTasks, longestList],
  [sluiceKeys.onFailureTasks, longestList],
  [keptnAnnotations.metadata, longestList],
  [sluiceKeys.deploymentTimeout, longestIdentity],
  [sluiceKeys.mode, longestIdentity],
  [sluiceKeys.definitionDeadline, longestIdentity],
  [sluiceKeys.appDeadline, longestIdentity],
  [sluiceKeys.metricDeadline, longestIdentity],
  [sluiceKeys.jobStartDeadline, longestIdentity],
]);

type Metadata = Pick<ObjectMeta, 'labels' | 'annotations'>;

/** A value of an identity that is longer than anything that is read. */
export interface TooLong {
  /** As the API server writes it: `annotations[keptn.sh/app]`. */
  readonly path: string;
  /** Without the path. */
  readonly message: string;
}

/** The first label or annotation of an identity that is too long; undefined where all can be read. */
export function tooLongIn({ annotations, labels }: Metadata): TooLong | undefined {
  // On the path of every Pod's admission: nothing is made unless there is something to say.
  for (const [key, longest] of limits) {
    if (lengthOf(annotations, key) > longest) return tooLong('annotations', key, annotations);
    if (lengthOf(labels, key) > longest) return tooLong('labels', key, labels);
  }
  return undefined;
}

function tooLong(field: string, key: string, values: Values): TooLong {
  const [length, longest] = [lengthOf(values, key), limits.get(key)];
  const message = `has ${length} characters; at most ${longest} are read: shorten it`;
  return { path: `${field}[${key}]`, message };
}

type Values = Readonly<Record<string, string>> | undefined;

function lengthOf(values: Values, key: string): number {
  return values !== undefined && Object.hasOwn(values, key) ? (values[key]?.length ?? 0) : 0;
}

/** As much of a value as is read: work on it stays small even where it is refused. */
export function bounded(key: string, value: string): string {
  return value.slice(0, limits.get(key) ?? longestIdentity);
}

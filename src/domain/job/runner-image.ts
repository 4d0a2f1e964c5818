import type { JobOptions } from '../../api/keptn/job-options.ts';
import type { Blueprint, BlueprintProblem, Runner } from './function-source.ts';

/** The image that runs the functions of a language. */
export interface RunnerImage {
  readonly image: string;
  /** Sluice's own, of this release: it repeats failed functions itself and says how each run went. */
  readonly isOwn: boolean;
}

/** The image of this reference. It is known to be Sluice's own by its name, in whatever registry. */
export function runnerImage(reference: string): RunnerImage {
  const [name = ''] = reference.slice(reference.lastIndexOf('/') + 1).split(/[:@]/, 1);
  return { image: reference, isOwn: /^sluice-functions(-deno|-python|-bash)?$/.test(name) };
}

/** Who repeats a failed function (KEP 90): its runner, in the same container, or Kubernetes, in a new one. */
export type FunctionRetries = 'insideContainer' | 'restartContainer';

/** What applies to the Jobs of all tasks. */
export interface JobSettings {
  readonly images: Readonly<Record<Runner, RunnerImage>>;
  /** Undefined: by the runner where the image is Sluice's own, otherwise by Kubernetes, as in Keptn. */
  readonly functionRetries: FunctionRetries | undefined;
  /** What Jobs get where their definition does not say it. */
  readonly jobDefaults: JobOptions;
  /** Hosts that code may be downloaded from; undefined is no restriction. */
  readonly allowedHosts?: readonly string[] | undefined;
}

/** Whether the container of a function repeats it by itself. */
export function retriesInside(image: RunnerImage, { functionRetries }: JobSettings): boolean {
  return functionRetries === undefined ? image.isOwn : functionRetries === 'insideContainer';
}

/**
 * Why a function must not run in its image: it relies on what only Sluice's runner does. Another one would run code unchecked,
 * with all permissions and without its arguments, and call that a success.
 */
export function foreignImageProblem(
  blueprint: Blueprint,
  settings: JobSettings,
): BlueprintProblem | undefined {
  if (blueprint.type === 'container') return undefined;
  const image = settings.images[blueprint.runner];
  if (image.isOwn || retriesInside(image, settings)) return undefined;
  const { code, permissions, args } = blueprint;
  const relied = [
    ...(code.type === 'url' && code.sha256 !== undefined ? ['httpRef.sha256'] : []),
    ...(permissions === undefined ? [] : ['permissions']),
    ...(args.length === 0 ? [] : ['args']),
  ];
  if (relied.length === 0) return undefined;
  return {
    type: 'problem',
    reason: 'RunnerImageForeign',
    message: `${relied.join(', ')} would have no effect: image ${image.image} is not known to have Sluice's runner; use a sluice-functions image, set functionRetries: insideContainer in the KeptnConfig if this one has it, or remove the setting`,
  };
}

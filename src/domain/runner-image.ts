import type { JobOptions } from '../api/keptn/job-options.ts';
import type { Runner } from './function-source.ts';

/** The image that runs the functions of a language. */
export interface RunnerImage {
  readonly image: string;
  /** Sluice's own, of this release: it repeats failed functions itself and says how each run went. */
  readonly isOwn: boolean;
}

/** The image of this reference. It is known to be Sluice's own by its name, in whatever registry. */
export function runnerImage(reference: string): RunnerImage {
  const name =
    reference
      .split('/')
      .at(-1)
      ?.replace(/[:@].*$/, '') ?? '';
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
}

/** Whether the container of a function repeats it by itself. */
export function retriesInside(image: RunnerImage, { functionRetries }: JobSettings): boolean {
  return functionRetries === undefined ? image.isOwn : functionRetries === 'insideContainer';
}

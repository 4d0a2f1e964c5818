import { sluiceKeys } from '../../api/keptn/annotations.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { LimitedWait, StatedDeadlines } from '../deadline.ts';
import { durationOr } from '../go/duration.ts';

/** The annotations that say how long a wait may last: on definitions, workloads, KeptnAppContexts and Namespaces. */
export const deadlineKeys: Readonly<Record<LimitedWait, string>> = {
  definition: sluiceKeys.definitionDeadline,
  app: sluiceKeys.appDeadline,
  metric: sluiceKeys.metricDeadline,
  jobStart: sluiceKeys.jobStartDeadline,
};

/** The limits that annotations say; `valueOf` reads one. What is no duration says nothing. */
export function statedDeadlines(valueOf: (key: string) => string | undefined): StatedDeadlines {
  const say = (wait: LimitedWait): StatedDeadlines => {
    const written = valueOf(deadlineKeys[wait])?.trim();
    return written === undefined || durationOr(written, -1) < 0 ? {} : { [wait]: written };
  };
  return { ...say('definition'), ...say('app'), ...say('metric'), ...say('jobStart') };
}

/** The limits that the annotations of an object say. */
export function deadlinesOn(object: KubernetesObject | undefined): StatedDeadlines {
  return statedDeadlines((key) => object?.metadata.annotations?.[key]);
}

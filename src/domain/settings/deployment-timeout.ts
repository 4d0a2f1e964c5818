import { durationOr } from '../go/duration.ts';
import type { Settings } from './keptn-config.ts';

/**
 * How long a deployment may make no progress, in milliseconds: by the first of these that says it, the nearest first, and
 * otherwise by the settings. `0s` is for ever (Infinity), and what is no duration says nothing.
 */
export function deploymentTimeoutMs(
  stated: readonly (string | undefined)[],
  { observabilityTimeoutMs }: Pick<Settings, 'observabilityTimeoutMs'>,
): number {
  const limitMs = stated.reduceRight<number>(
    (otherwise, duration) => durationOr(duration, otherwise),
    observabilityTimeoutMs,
  );
  return limitMs === 0 ? Infinity : limitMs;
}

import { durationOr } from '../go/duration.ts';
import type { Settings } from './keptn-config.ts';

/**
 * How long a deployment may make no progress, in milliseconds: by the first of these that says it, the nearest first, and
 * otherwise by the settings. What is no duration says nothing.
 */
export function deploymentTimeoutMs(
  stated: readonly (string | undefined)[],
  { observabilityTimeoutMs }: Pick<Settings, 'observabilityTimeoutMs'>,
): number {
  return stated.reduceRight<number>(
    (otherwise, duration) => durationOr(duration, otherwise),
    observabilityTimeoutMs,
  );
}

import type { KeptnConfig } from '../../api/keptn/config.ts';
import {
  type AddressSettings,
  type CollectorAddress,
  collectorAt,
  collectorProblem,
} from './collector-address.ts';
import { rulingConfig } from './keptn-config.ts';

/** What the process was given for its collector. */
export interface CollectorSettings extends AddressSettings {
  /** Base address; `/v1/traces` is added for HTTP. */
  readonly endpoint?: string | undefined;
  /** Address for traces, used as it is. */
  readonly tracesEndpoint?: string | undefined;
}

/**
 * Where spans go now: the collector that the ruling KeptnConfig names, or else the one the process was given; undefined while
 * tracing is off. A KeptnConfig with an address that is none switches tracing off, and says so in a condition.
 */
export function collectorFor(
  configs: readonly KeptnConfig[],
  operatorNamespace: string,
  given: CollectorSettings,
): CollectorAddress | undefined {
  const ruling = rulingConfig(configs, operatorNamespace);
  const named = ruling?.spec.OTelCollectorUrl?.trim() ?? '';
  if (named !== '') {
    if (collectorProblem(named) !== undefined) return undefined;
    return collectorAt(named, given);
  }
  const { endpoint, tracesEndpoint } = given;
  if (tracesEndpoint !== undefined) return collectorAt(tracesEndpoint, given, 'asItIs');
  return endpoint === undefined ? undefined : collectorAt(endpoint, given);
}

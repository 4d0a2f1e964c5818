import {
  type StampedRequest,
  steeringKeys,
  type SteeringVerb,
} from '../../../src/api/keptn/steering.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { rfc3339 } from '../../../src/domain/time.ts';
import { now } from '../observed/lifecycle-seen.ts';

/** A request with the stamp of admission. */
export function aRequest(given: Partial<StampedRequest> = {}): StampedRequest {
  return { id: 'request-1', user: 'alice', time: rfc3339(now), value: '', ...given };
}

/** The object as it is once admission has put these requests on its list of the verb. */
export function asked<T extends KubernetesObject>(
  object: T,
  verb: SteeringVerb,
  ...requests: readonly StampedRequest[]
): T {
  const { metadata } = object;
  const annotations = {
    ...metadata.annotations,
    [steeringKeys[verb].stamped]: JSON.stringify(requests),
  };
  return { ...object, metadata: { ...metadata, annotations } };
}

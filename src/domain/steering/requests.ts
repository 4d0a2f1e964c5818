import type { KubernetesObject } from '../../api/object.ts';
import {
  longestValue,
  parseRequests,
  type StampedRequest,
  steeringKeys,
  type SteeringVerb,
} from '../../api/keptn/steering.ts';
import { hexDigest } from '../hash.ts';
import { shortened } from '../shortened.ts';
import type { VersionStatus } from '../phase/version-status.ts';

/** Something that was asked for by annotation: with its stamp, or without one that could be believed. */
export type SteeringRequest =
  | { readonly type: 'stamped'; readonly verb: SteeringVerb; readonly request: StampedRequest }
  | {
      readonly type: 'unstamped';
      readonly verb: SteeringVerb;
      readonly id: string;
      readonly value: string;
      readonly message: string;
    };

/** A version as far as it is steered. */
export type SteeredVersion = Pick<KubernetesObject, 'metadata'> & {
  readonly status?: VersionStatus | undefined;
};

/** What its annotations ask for and is not on record in its status yet, in the order it was asked for. */
export function openRequests(version: SteeredVersion): readonly SteeringRequest[] {
  const handled = new Set((version.status?.steering ?? []).map(({ id }) => id));
  return requestsOn(version).filter((one) => !handled.has(idOf(one)));
}

/** All that its annotations ask for, also what is on record: records of it must not be forgotten. */
export function requestsOn({ metadata }: SteeredVersion): readonly SteeringRequest[] {
  const { annotations = {} } = metadata;
  // Of the same second an abort comes last: what is stopped can be tried again, what was started cannot be taken back.
  const inOrder = ['retry', 'release', 'abort'] as const satisfies readonly SteeringVerb[];
  const found = inOrder.flatMap((verb) => requestsOfVerb(verb, annotations));
  return found.toSorted((a, b) => timeOf(a).localeCompare(timeOf(b)));
}

/** What tells a request from all others, also from the same one made again. */
export function idOf(one: SteeringRequest): string {
  return one.type === 'stamped' ? one.request.id : one.id;
}

function timeOf(one: SteeringRequest): string {
  return one.type === 'stamped' ? one.request.time : '';
}

function requestsOfVerb(
  verb: SteeringVerb,
  annotations: Readonly<Record<string, string>>,
): readonly SteeringRequest[] {
  const { asked, stamped } = steeringKeys[verb];
  const listed = annotations[stamped];
  const requests = listed === undefined ? [] : parseRequests(listed);
  const value = annotations[asked];
  return [
    ...(requests ?? []).map((request) => ({ type: 'stamped', verb, request }) as const),
    ...(requests === undefined && listed !== undefined
      ? [unstamped(verb, listed, `annotation ${stamped} is not as admission writes it`)]
      : []),
    ...(value === undefined
      ? []
      : [
          unstamped(
            verb,
            value,
            `annotation ${asked} was written past Sluice's admission, so that its author is not known`,
          ),
        ]),
  ];
}

function unstamped(verb: SteeringVerb, value: string, why: string): SteeringRequest {
  const { asked } = steeringKeys[verb];
  return {
    type: 'unstamped',
    verb,
    id: `unstamped-${hexDigest([verb, value], 16)}`,
    value: shortened(value, longestValue),
    message: `${why}; remove it and ask again: kubectl annotate … ${asked}-`,
  };
}

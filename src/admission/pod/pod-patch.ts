import { keptnAnnotations, schedulingGate, sluiceKeys } from '../../api/keptn/annotations.ts';
import { type JsonPatchOperation, pointer } from '../../api/json-patch.ts';
import type { ReviewedPod } from './reviewed-pod.ts';

/** What a Pod has to carry when it leaves admission. */
export interface PodAdditions {
  readonly annotations: Readonly<Record<string, string>>;
  /** The Pod is held: it gets the gate, unless it has it. */
  readonly isGated: boolean;
  /** The controller has to look at the Pod. */
  readonly isWatched: boolean;
}

/**
 * The operations that bring the additions about; none for what the Pod already carries. They address nothing but the own
 * gate, labels and annotations: never the Pod as a whole, so that fields newer than this code stay (B5, B7). A marker
 * that says the gate was removed is dropped, because a Pod that is only now created can but have it from its template.
 */
export function podPatch(pod: ReviewedPod, additions: PodAdditions): JsonPatchOperation[] {
  const { labels, annotations } = pod.metadata;
  const marker = keptnAnnotations.gateRemoved;
  return [
    ...without(labels, ['metadata', 'labels'], marker),
    ...without(annotations, ['metadata', 'annotations'], marker),
    ...withEntries(
      labels,
      ['metadata', 'labels'],
      additions.isWatched ? { [sluiceKeys.watched]: 'true' } : {},
    ),
    ...withEntries(annotations, ['metadata', 'annotations'], additions.annotations),
    ...(additions.isGated ? withGate(pod.spec.schedulingGates) : []),
  ];
}

type StringMap = Readonly<Record<string, string>>;

function without(
  present: StringMap | undefined,
  path: readonly string[],
  key: string,
): JsonPatchOperation[] {
  return present !== undefined && Object.hasOwn(present, key)
    ? [{ op: 'remove', path: pointer(...path, key) }]
    : [];
}

function withEntries(
  present: StringMap | undefined,
  path: readonly string[],
  wanted: StringMap,
): JsonPatchOperation[] {
  const missing = Object.entries(wanted).filter(([key, value]) => present?.[key] !== value);
  if (missing.length === 0) return [];
  if (present === undefined) {
    return [{ op: 'add', path: pointer(...path), value: Object.fromEntries(missing) }];
  }
  return missing.map(([key, value]) => ({ op: 'add', path: pointer(...path, key), value }));
}

function withGate(gates: readonly { name: string }[] | undefined): JsonPatchOperation[] {
  const gate = { name: schedulingGate };
  if (gates === undefined) {
    return [{ op: 'add', path: pointer('spec', 'schedulingGates'), value: [gate] }];
  }
  return isGated(gates)
    ? []
    : [{ op: 'add', path: pointer('spec', 'schedulingGates', '-'), value: gate }];
}

/** Whether the own gate is among these. */
export function isGated(gates: readonly { name: string }[] | undefined): boolean {
  return gates?.some(({ name }) => name === schedulingGate) === true;
}

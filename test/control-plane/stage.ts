/** A KWOK stage: which objects it takes, and what it makes of them (kwok.x-k8s.io/v1alpha1). */
export interface Stage {
  readonly apiVersion: 'kwok.x-k8s.io/v1alpha1';
  readonly kind: 'Stage';
  readonly metadata: { readonly name: string };
  readonly spec: Record<string, unknown>;
}

/** A jq query of the object, and what its answers must be. */
export interface Match {
  readonly key: string;
  readonly operator: 'In' | 'NotIn' | 'Exists' | 'DoesNotExist';
  readonly values?: readonly string[];
}

/** What a stage does: writes the status a template renders, or removes the object. */
type Step = { readonly status: string } | { readonly delete: true };

/** A stage in short. */
export interface StageOptions {
  readonly kind: 'Node' | 'Pod';
  readonly match: readonly Match[];
  readonly step: Step;
  /** jq: a Go duration to wait before the step. */
  readonly delay?: string;
  readonly everyMs?: number;
}

/** The stage of that name; it acts at once unless it has a delay or a period. */
export function stage(name: string, { kind, match, step, delay, everyMs }: StageOptions): Stage {
  return {
    apiVersion: 'kwok.x-k8s.io/v1alpha1',
    kind: 'Stage',
    metadata: { name: `sluice-${kind.toLowerCase()}-${name}` },
    spec: {
      resourceRef: { apiGroup: 'v1', kind },
      selector: { matchExpressions: match.map((jq) => ({ jq })) },
      delay: {
        durationMilliseconds: everyMs ?? 0,
        ...(delay === undefined ? {} : { durationFrom: { jq: { expression: delay } } }),
      },
      immediateNextStage: everyMs !== undefined,
      steps: [
        'delete' in step
          ? step
          : { patch: { subresource: 'status', root: 'status', template: step.status } },
      ],
    },
  };
}

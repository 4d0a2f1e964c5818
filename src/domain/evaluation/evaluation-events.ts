import type { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { phaseEvent, type PhaseSubject } from '../phase-event.ts';
import type { EventNote } from '../plan.ts';

const reconcile = { short: 'ReconcileEvaluation', long: 'Reconcile Evaluation' } as const;

/** What Events about an evaluation say of it. */
export function evaluationSubject(evaluation: KeptnEvaluation): PhaseSubject {
  const { appName, appVersion, workload, workloadVersion, evaluationDefinition } = evaluation.spec;
  return {
    object: evaluation,
    annotations: {
      appName: appName ?? '',
      appVersion: appVersion ?? '',
      workloadName: workload ?? '',
      workloadVersion,
      evaluationName: evaluation.metadata.name,
      evaluationDefinitionName: evaluationDefinition,
    },
    reportedBy: 'keptnevaluation-controller',
  };
}

/** A Warning about an evaluation with Keptn's reason, for example `ReconcileEvaluationFailed`. */
export function evaluationWarning(
  evaluation: KeptnEvaluation,
  say: { suffix: 'ReconcileTimeout' | 'Failed' | 'NotFound'; text: string },
): EventNote {
  return phaseEvent(evaluationSubject(evaluation), reconcile, { ...say, type: 'Warning' });
}

import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { type Mode, modeIn, stricter } from '../../api/keptn/mode.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { CheckType } from '../phase/phases.ts';
import type { ChecksSeen } from './checks.ts';

/** What applies to the checks of a namespace where their definitions do not say it, and what no definition goes below. */
export interface NamespaceModes {
  readonly otherwise: Mode;
  readonly floor: Mode;
}

/** The modes of a namespace: its own annotations, then the settings of the cluster. The stricter floor counts. */
export function modesOfNamespace(
  namespace: KubernetesObject | undefined,
  settings: { readonly blockDeployment: boolean; readonly minimumMode: Mode },
): NamespaceModes {
  const { annotations = {} } = namespace?.metadata ?? {};
  const ofCluster: Mode = settings.blockDeployment ? 'block' : 'warn';
  const floor = stricter(
    settings.minimumMode,
    modeIn(annotations[sluiceKeys.minimumMode]) ?? 'warn',
  );
  return { otherwise: modeIn(annotations[sluiceKeys.mode]) ?? ofCluster, floor };
}

/** The mode of a check: what its definition says, then its namespace; never milder than the floor. */
export function modeOf(
  definition: KubernetesObject | undefined,
  { otherwise, floor }: NamespaceModes,
): Mode {
  const own = modeIn(definition?.metadata.annotations?.[sluiceKeys.mode]);
  return stricter(own ?? otherwise, floor);
}

/** Of these definitions those whose failure is a Warning. */
export function warningDefinitions(
  names: readonly string[],
  of: { readonly checkType: CheckType; readonly modes: NamespaceModes },
  seen: Pick<ChecksSeen, 'taskDefinitions' | 'evaluationDefinitions'>,
): ReadonlySet<string> {
  const isEvaluation = of.checkType === 'pre-eval' || of.checkType === 'post-eval';
  const found = (name: string): KubernetesObject | undefined =>
    isEvaluation ? seen.evaluationDefinitions.get(name) : seen.taskDefinitions.get(name);
  return new Set(names.filter((name) => modeOf(found(name), of.modes) === 'warn'));
}

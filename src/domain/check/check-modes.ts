import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { type Mode, modeIn, stricter } from '../../api/keptn/mode.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { CheckType } from '../phase/phases.ts';
import { standingDefinition } from '../standing/check-item.ts';
import type { ChecksSeen } from './checks.ts';

/** What applies to the checks of a version where their definitions do not say it, and what no definition goes below. */
export interface CheckModes {
  readonly otherwise: Mode;
  readonly floor: Mode;
}

/** What the settings of the cluster say of modes. */
export interface ClusterModes {
  /** Keptn's switch: `false` is the mode `warn`. */
  readonly blockDeployment: boolean;
  /** The mode that the KeptnConfig says by annotation, if it does. */
  readonly mode?: Mode | undefined;
  readonly minimumMode: Mode;
}

/**
 * The modes of a version: what its workload says (of an application, its KeptnAppContext), then its Namespace, then the cluster.
 * The stricter floor of Namespace and cluster counts.
 */
export function checkModes(
  own: string | undefined,
  namespace: KubernetesObject | undefined,
  settings: ClusterModes,
): CheckModes {
  const { annotations = {} } = namespace?.metadata ?? {};
  const ofCluster = settings.mode ?? (settings.blockDeployment ? 'block' : 'warn');
  const ofNamespace = modeIn(annotations[sluiceKeys.minimumMode]) ?? 'observe';
  return {
    otherwise: modeIn(own) ?? modeIn(annotations[sluiceKeys.mode]) ?? ofCluster,
    floor: stricter(settings.minimumMode, ofNamespace),
  };
}

/** The mode of a check: what its definition says, then its version; never milder than the floor. */
export function modeOf(
  definition: KubernetesObject | undefined,
  { otherwise, floor }: CheckModes,
): Mode {
  const own = modeIn(definition?.metadata.annotations?.[sluiceKeys.mode]);
  return stricter(own ?? otherwise, floor);
}

/** Definitions by what a failure of their check does. */
export interface MildDefinitions {
  /** Those whose failure is a Warning, `observed` among them. */
  readonly warning: ReadonlySet<string>;
  /** Those that are not even waited for. */
  readonly observed: ReadonlySet<string>;
}

/** Of these definitions those that do not block. */
export function mildDefinitions(
  names: readonly string[],
  of: { readonly checkType: CheckType; readonly modes: CheckModes },
  seen: Pick<ChecksSeen, 'taskDefinitions' | 'evaluationDefinitions' | 'standing'>,
): MildDefinitions {
  const isEvaluation = of.checkType === 'pre-eval' || of.checkType === 'post-eval';
  const found = (name: string): KubernetesObject | undefined => {
    const standing = standingDefinition(name);
    if (standing !== undefined) return seen.standing?.definitions.get(standing);
    return isEvaluation ? seen.evaluationDefinitions.get(name) : seen.taskDefinitions.get(name);
  };
  const inMode = (...modes: readonly Mode[]): ReadonlySet<string> =>
    new Set(names.filter((name) => modes.includes(modeOf(found(name), of.modes))));
  return { warning: inMode('warn', 'observe'), observed: inMode('observe') };
}

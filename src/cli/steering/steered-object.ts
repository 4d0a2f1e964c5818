import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind, KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import type { Target, Targeting } from '../command/target.ts';
import { versionBehind, workloadBehind } from '../command/version-behind.ts';
import { defined } from '../../api/json.ts';

/** What a command steers: a version, or what is paused. */
export type Level = 'version' | 'lasting';

/** An object that is to be steered, and the check that the user named it by, if any. */
export interface SteeredObject {
  readonly kind: Kind;
  readonly object: KubernetesObject;
  readonly check?: string;
}

const versions = [KeptnWorkloadVersion, KeptnAppVersion, KeptnWorkload, KeptnApp];
const checks = [KeptnTask, KeptnEvaluation];
const owners = [DeploymentKind, StatefulSetKind, DaemonSetKind, RolloutKind];
const example = 'write for example deployment/cart or kwv/shop-cart-2.0.0';

/**
 * What a verb can steer. Of a task or an evaluation only `retry` can be meant; the other verbs would act on its whole version,
 * unasked.
 */
export function steeringBy(verb: string, takesChecks: boolean): Targeting {
  return {
    kinds: [...versions, ...(takesChecks ? checks : []), ...owners],
    cannot: 'cannot be steered',
    example,
    instead(word, name) {
      if (['pod', 'pods', 'po'].includes(word))
        return `a Pod is not steered, but the version it is of: name its workload; ${example}`;
      const isCheck = [
        'keptntask',
        'keptntasks',
        'kt',
        'keptnevaluation',
        'keptnevaluations',
        'ke',
      ];
      if (takesChecks || !isCheck.includes(word)) return undefined;
      return `${verb} is for a whole version: name a deployment, an application or a version; for one check alone there is sluice retry ${word}/${name}`;
    },
  };
}

/** The kinds that are read to find what is meant by an object of this kind. */
export function kindsToRead({ kind }: Target): readonly Kind[] {
  return [...new Set<Kind>([kind, KeptnWorkload, KeptnWorkloadVersion, KeptnApp, KeptnAppVersion])];
}

/** There is nothing of that name, or no version of it; the message says where it was looked for. */
class NothingToSteer extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NothingToSteer';
  }
}

/**
 * The version that is meant: the one named, that of a task, or the current one of a workload or application. For what lasts
 * (a pause) the KeptnWorkload or KeptnApp behind it. Throws `NothingToSteer`.
 */
export function steeredObject(
  { kind, name }: Target,
  level: Level,
  by: { readonly lookup: Lookup; readonly namespace: string },
): SteeredObject {
  const { lookup, namespace } = by;
  const object = lookup.get(kind, namespace, name);
  if (object === undefined) {
    throw new NothingToSteer(
      `there is no ${kind.kind} ${name} in namespace ${namespace}; name another namespace with --namespace`,
    );
  }
  if (level === 'lasting') return lasting(object, lookup);
  const check = checkOf(object, lookup);
  const version = versionBehind(object, lookup);
  if (version === undefined) {
    throw new NothingToSteer(
      `${kind.kind} ${name} has no version yet: nothing of it was checked (sluice explain says why)`,
    );
  }
  return { ...version, ...defined({ check }) };
}

/** The definition of a task or evaluation: by that its version knows it. */
function checkOf({ kind, metadata }: KubernetesObject, lookup: Lookup): string | undefined {
  const { namespace, name } = metadata;
  if (kind === KeptnTask.kind) return lookup.get(KeptnTask, namespace, name)?.spec.taskDefinition;
  if (kind !== KeptnEvaluation.kind) return undefined;
  return lookup.get(KeptnEvaluation, namespace, name)?.spec.evaluationDefinition;
}

function lasting(object: KubernetesObject, lookup: Lookup): SteeredObject {
  const { namespace, name } = object.metadata;
  if (object.kind === KeptnApp.kind) return { kind: KeptnApp, object };
  const version = lookup.get(KeptnAppVersion, namespace, name);
  const app =
    object.kind === KeptnAppVersion.kind && version
      ? lookup.get(KeptnApp, namespace, version.spec.appName)
      : undefined;
  if (app !== undefined) return { kind: KeptnApp, object: app };
  const workload = workloadBehind(object, lookup);
  if (workload !== undefined) return { kind: KeptnWorkload, object: workload };
  throw new NothingToSteer(
    `${object.kind} ${name} belongs to no KeptnWorkload and no KeptnApp that could be paused`,
  );
}

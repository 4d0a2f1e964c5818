import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { controllerOf, type Kind, type KubernetesObject } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { ownerIndex } from '../../domain/lookup.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { BadInput } from '../../process/terminal.ts';

/** What a command steers: a version, or what is paused. */
export type Level = 'version' | 'lasting';

/** An object that is to be steered, and the check that the user named it by, if any. */
export interface SteeredObject {
  readonly kind: Kind;
  readonly object: KubernetesObject;
  readonly check?: string;
}

/** An object as the user names it: `deployment/cart`, or `deployment cart`. */
export interface Named {
  readonly kind: Kind;
  readonly name: string;
}

const named: readonly (readonly [kind: Kind, names: readonly string[]])[] = [
  [KeptnWorkloadVersion, ['keptnworkloadversion', 'keptnworkloadversions', 'kwv']],
  [KeptnAppVersion, ['keptnappversion', 'keptnappversions', 'kav']],
  [KeptnWorkload, ['keptnworkload', 'keptnworkloads', 'kw']],
  [KeptnApp, ['keptnapp', 'keptnapps']],
  [KeptnTask, ['keptntask', 'keptntasks', 'kt']],
  [KeptnEvaluation, ['keptnevaluation', 'keptnevaluations', 'ke']],
  [DeploymentKind, ['deployment', 'deployments', 'deploy']],
  [StatefulSetKind, ['statefulset', 'statefulsets', 'sts']],
  [DaemonSetKind, ['daemonset', 'daemonsets', 'ds']],
  [RolloutKind, ['rollout', 'rollouts', 'ro']],
];

/** The kinds that are read to find what is meant by an object of this kind. */
export function kindsToRead({ kind }: Named): readonly Kind[] {
  return [...new Set<Kind>([kind, KeptnWorkload, KeptnWorkloadVersion, KeptnApp, KeptnAppVersion])];
}

/** The object that `kind/name` or `kind name` means. Throws `BadInput`. */
export function namedObject(target: string, separate: string | undefined): Named {
  const [word = '', name = '', ...rest] =
    separate === undefined ? target.split('/') : [target, separate];
  const example = 'write for example deployment/cart or kwv/shop-cart-2.0.0';
  if (word === '' || name === '' || rest.length > 0) {
    throw new BadInput(`"${target}" is no KIND/NAME; ${example}`);
  }
  const kindName = word.toLowerCase().split('.')[0] ?? '';
  const found = named.find(([, names]) => names.includes(kindName));
  if (found !== undefined) return { kind: found[0], name };
  if (['pod', 'pods', 'po'].includes(kindName)) {
    throw new BadInput(
      `a Pod is not steered, but the version it is of: name its workload; ${example}`,
    );
  }
  const known = named.map(([, names]) => names[0] ?? '');
  const nearest = nearestName(kindName, known);
  const hint = nearest === undefined ? '' : ` Did you mean ${nearest}/${name}?`;
  throw new BadInput(`"${word}" cannot be steered; one of ${known.join(', ')} can.${hint}`);
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
  { kind, name }: Named,
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
  const version = versionOf(object, lookup);
  if (version === undefined) {
    throw new NothingToSteer(
      `${kind.kind} ${name} has no version yet: nothing of it was checked (sluice explain says why)`,
    );
  }
  return { ...version, ...(check !== undefined && { check }) };
}

/** The definition of a task or evaluation: by that its version knows it. */
function checkOf({ kind, metadata }: KubernetesObject, lookup: Lookup): string | undefined {
  const { namespace, name } = metadata;
  if (kind === KeptnTask.kind) return lookup.get(KeptnTask, namespace, name)?.spec.taskDefinition;
  if (kind !== KeptnEvaluation.kind) return undefined;
  return lookup.get(KeptnEvaluation, namespace, name)?.spec.evaluationDefinition;
}

function versionOf(object: KubernetesObject, lookup: Lookup): SteeredObject | undefined {
  const { namespace, name } = object.metadata;
  switch (object.kind) {
    case KeptnWorkloadVersion.kind:
      return { kind: KeptnWorkloadVersion, object };
    case KeptnAppVersion.kind:
      return { kind: KeptnAppVersion, object };
    case KeptnTask.kind:
    case KeptnEvaluation.kind:
      return parentVersion(object, lookup);
    case KeptnApp.kind: {
      const uid = lookup.get(KeptnApp, namespace, name)?.status?.appVersionUID;
      const version = lookup
        .list(KeptnAppVersion, namespace)
        .find(({ metadata }) => metadata.uid === uid);
      return version && { kind: KeptnAppVersion, object: version };
    }
    default: {
      const workload = workloadOf(object, lookup);
      const version = lookup
        .list(KeptnWorkloadVersion, namespace)
        .find(
          ({ spec }) =>
            spec.workloadName === workload?.metadata.name && spec.version === workload.spec.version,
        );
      return version && { kind: KeptnWorkloadVersion, object: version };
    }
  }
}

function parentVersion(child: KubernetesObject, lookup: Lookup): SteeredObject | undefined {
  const owner = controllerOf(child);
  const kind = [KeptnWorkloadVersion, KeptnAppVersion].find((one) => one.kind === owner?.kind);
  if (kind === undefined || owner === undefined) return undefined;
  const object = lookup.get<KubernetesObject>(kind, child.metadata.namespace, owner.name);
  return object && { kind, object };
}

/** The workload that an object is, or is an owner or version of. */
function workloadOf(object: KubernetesObject, lookup: Lookup): KeptnWorkload | undefined {
  const { namespace, name, uid = '' } = object.metadata;
  if (object.kind === KeptnWorkload.kind) return lookup.get(KeptnWorkload, namespace, name);
  if (object.kind === KeptnWorkloadVersion.kind) {
    const version = lookup.get(KeptnWorkloadVersion, namespace, name);
    return version && lookup.get(KeptnWorkload, namespace, version.spec.workloadName);
  }
  return lookup.byIndex(KeptnWorkload, ownerIndex, uid)[0];
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
  const workload = workloadOf(object, lookup);
  if (workload !== undefined) return { kind: KeptnWorkload, object: workload };
  throw new NothingToSteer(
    `${object.kind} ${name} belongs to no KeptnWorkload and no KeptnApp that could be paused`,
  );
}

import {
  DaemonSetKind,
  DeploymentKind,
  JobKind,
  NamespaceKind,
  PodKind,
  RolloutKind,
  StatefulSetKind,
} from '../../api/builtin.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnEvaluation } from '../../api/keptn/evaluation.ts';
import { KeptnMetric } from '../../api/keptn/metric.ts';
import { KeptnMetricsProvider } from '../../api/keptn/metrics-provider.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { KeptnTask } from '../../api/keptn/task.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import type { Kind } from '../../api/object.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { BadInput } from '../../process/terminal.ts';
import type { Lister } from './snapshot.ts';

/** An object as the user names it: `deployment/cart`, or `deployment cart`. */
export interface Target {
  readonly kind: Kind;
  readonly name: string;
}

/** What a command can be about, and what it says of anything else. */
export interface Targeting {
  readonly kinds: readonly Kind[];
  /** Completes `"service" …`: `cannot be explained`. */
  readonly cannot: string;
  readonly example: string;
  /** What to say of a kind that people try although it cannot be meant. */
  readonly instead?: (word: string, name: string) => string | undefined;
}

/** The names by which kubectl knows these kinds, and short ones of Sluice's; the first is shown. */
const words: readonly (readonly [kind: Kind, names: readonly string[]])[] = [
  [PodKind, ['pod', 'pods', 'po']],
  [KeptnWorkloadVersion, ['keptnworkloadversion', 'keptnworkloadversions', 'kwv']],
  [KeptnAppVersion, ['keptnappversion', 'keptnappversions', 'kav']],
  [KeptnTask, ['keptntask', 'keptntasks', 'kt', 'task', 'tasks']],
  [KeptnEvaluation, ['keptnevaluation', 'keptnevaluations', 'ke', 'evaluation', 'evaluations']],
  [KeptnApp, ['keptnapp', 'keptnapps', 'app', 'apps']],
  [KeptnWorkload, ['keptnworkload', 'keptnworkloads', 'kw', 'workload', 'workloads']],
  [KeptnAppContext, ['keptnappcontext', 'keptnappcontexts', 'kac']],
  [KeptnTaskDefinition, ['keptntaskdefinition', 'keptntaskdefinitions', 'ktd']],
  [KeptnEvaluationDefinition, ['keptnevaluationdefinition', 'keptnevaluationdefinitions', 'ked']],
  [KeptnConfig, ['keptnconfig', 'keptnconfigs']],
  [KeptnMetric, ['keptnmetric', 'keptnmetrics', 'metric', 'metrics']],
  [KeptnMetricsProvider, ['keptnmetricsprovider', 'keptnmetricsproviders', 'kmp']],
  [JobKind, ['job', 'jobs']],
  [DeploymentKind, ['deployment', 'deployments', 'deploy']],
  [StatefulSetKind, ['statefulset', 'statefulsets', 'sts']],
  [DaemonSetKind, ['daemonset', 'daemonsets', 'ds']],
  [RolloutKind, ['rollout', 'rollouts', 'ro']],
  [NamespaceKind, ['namespace', 'namespaces', 'ns']],
];

/** The words that a command line may name a kind by, the long ones. */
export function kindWords(): readonly string[] {
  return words.map(([, [first = '']]) => first);
}

/** How a target is written: `deployment/cart`. */
export function targetText({ kind, name }: Target): string {
  return `${wordOf(kind)}/${name}`;
}

/** The word by which a kind is named in help and messages. */
function wordOf(kind: Kind): string {
  return namesOf(kind)[0] ?? kind.kind.toLowerCase();
}

/** The kinds that a command can be about, with a short name where there is one, for its help. */
export function targetWords({ kinds }: Targeting): string {
  return kinds
    .map((kind) => {
      const [first = '', ...others] = namesOf(kind);
      const short = others.find((name) => name.startsWith('k') && name.length <= 3);
      return short === undefined ? first : `${first} (${short})`;
    })
    .join(', ');
}

/** The object that `kind/name` or `kind name` means. Throws `BadInput` that names what can be meant. */
export function targetOf(given: readonly string[], targeting: Targeting): Target {
  const [word = '', name = '', ...rest] = given.length === 1 ? (given[0] ?? '').split('/') : given;
  if (word === '' || name === '' || rest.length > 0 || name.includes('/')) {
    throw new BadInput(`"${given.join(' ')}" is no KIND/NAME; ${targeting.example}`);
  }
  return { kind: kindOf(word, targeting, name), name };
}

/** The kind that a word means, also as kubectl prints it: `deployments.apps`. Throws `BadInput`. */
function kindOf(given: string, targeting: Targeting, name = ''): Kind {
  const word = given.toLowerCase().split('.')[0] ?? '';
  const found = targeting.kinds.find((kind) => namesOf(kind).includes(word));
  if (found !== undefined) return found;
  const instead = targeting.instead?.(word, name);
  if (instead !== undefined) throw new BadInput(instead);
  const known = targeting.kinds.map(wordOf);
  const nearest = nearestName(word, known);
  const meant = name === '' ? nearest : `${nearest}/${name}`;
  const hint = nearest === undefined ? '' : ` Did you mean ${meant}?`;
  throw new BadInput(`"${given}" ${targeting.cannot}; one of ${known.join(', ')} can.${hint}`);
}

/**
 * What a command line means: one object that is named, or with a label selector all of a kind that have these labels. Throws
 * `BadInput` for words that mean nothing, before anybody is asked.
 */
export function meantBy(
  given: readonly string[],
  selector: string | undefined,
  targeting: Targeting,
): Meant {
  if (selector === undefined) {
    const target = targetOf(given, targeting);
    return { text: targetText(target), targets: () => Promise.resolve([target]) };
  }
  const [word = '', ...more] = given;
  if (word === '' || more.length > 0 || word.includes('/')) {
    throw new BadInput(
      `with --selector write the kind alone, for example: deployment -l ${selector}`,
    );
  }
  const kind = kindOf(word, targeting);
  return {
    text: `${wordOf(kind)} -l ${selector}`,
    async targets(cluster, namespace) {
      const found = await cluster.list(kind, namespace, selector);
      if (found.length === 0) {
        throw new Error(
          `there is no ${kind.kind} with the labels ${selector} in namespace ${namespace}`,
        );
      }
      return found.map(({ metadata }) => ({ kind, name: metadata.name }));
    },
  };
}

/** What is meant, before and after the cluster was asked for it. */
export interface Meant {
  readonly text: string;
  /** At least one. Rejects where nothing has the labels. */
  targets(cluster: Lister, namespace: string): Promise<readonly Target[]>;
}

function namesOf(kind: Kind): readonly string[] {
  return words.find(([one]) => one.kind === kind.kind)?.[1] ?? [];
}

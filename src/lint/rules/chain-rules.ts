import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { KubernetesObject } from '../../api/object.ts';
import {
  type ChainProblem,
  type ChainStart,
  chainThrough,
  describeChainProblem,
  followUpChainProblem,
  followUpNames,
  shownPath,
  wayBack,
} from '../../domain/follow-up/definition-chain.ts';
import {
  type FollowUpFields,
  followUpProblems,
  mostFollowUps,
} from '../../domain/follow-up/follow-up-lists.ts';
import type { FindDefinition } from '../../domain/job/function-source.ts';
import { referencesOf } from '../base/references.ts';
import { type Found, type Rule, rule, type RuleContext } from '../base/rule.ts';

/** What follow-ups can be written on. */
interface Followed extends KubernetesObject {
  readonly spec: FollowUpFields;
}

const followed = [KeptnTaskDefinition, KeptnEvaluationDefinition, KeptnAppContext] as const;

const bothSpellings = rule<Followed>({
  id: 'follow-up-spelled-twice',
  title: 'Both spellings of a follow-up',
  why: 'onSuccess and on-success mean the same, so which of them counts would be a guess; none is run.',
  fix: 'Keep one of them, preferably onSuccess and onFailure.',
  severity: 'error',
  kinds: followed,
  check: ({ spec }) =>
    followUpProblems(spec)
      .filter(({ reason }) => reason === 'BothSpellings')
      .map(pathAndMessage),
});

const unreadable = rule<Followed>({
  id: 'follow-up-unreadable',
  title: 'A follow-up that is no name of a definition',
  why: 'What is neither a name nor a list of names cannot be run; none of its list is.',
  fix: 'Write the name of a KeptnTaskDefinition, or a list of such names.',
  severity: 'error',
  kinds: followed,
  check: ({ spec }) =>
    followUpProblems(spec)
      .filter(({ reason }) => reason === 'WrongShape' || reason === 'IllegalName')
      .map(pathAndMessage),
});

const tooMany = rule<Followed>({
  id: 'follow-up-too-many',
  title: 'Too many follow-ups of one end',
  why: 'Each of them becomes a task with a Job, all at the same moment, and may have follow-ups itself.',
  fix: `Name at most ${mostFollowUps} of them.`,
  severity: 'error',
  kinds: followed,
  check: ({ spec }) =>
    followUpProblems(spec)
      .filter(({ reason }) => reason === 'TooMany')
      .map(pathAndMessage),
});

const goesRound = rule<Followed>({
  id: 'follow-up-cycle',
  title: 'Follow-ups in a circle',
  why: 'Each would start the next for ever; none of them is started.',
  fix: 'Remove one of the references on the path.',
  severity: 'error',
  kinds: followed,
  check: (object, context) => chainFound(object, context, (problem) => problem.type === 'cycle'),
});

const tooDeep = rule<Followed>({
  id: 'follow-up-too-deep',
  title: 'Follow-ups that are too deep',
  why: 'What lies deeper than maxFollowUpDepth is never run.',
  fix: 'Shorten the chain, or raise maxFollowUpDepth in KeptnConfig.',
  severity: 'error',
  kinds: followed,
  check: (object, context) =>
    chainFound(object, context, (problem) => problem.type === 'tooDeep' && problem.limit > 0),
});

const switchedOff = rule<Followed>({
  id: 'follow-up-switched-off',
  title: 'Follow-ups while they are switched off',
  why: 'KeptnConfig sets maxFollowUpDepth to 0: no follow-up is run in this cluster.',
  fix: 'Raise maxFollowUpDepth in KeptnConfig, or remove the follow-ups.',
  severity: 'doubtful',
  kinds: followed,
  check: (object, context) =>
    chainFound(object, context, (problem) => problem.type === 'tooDeep' && problem.limit === 0),
});

const makesTooDeep = rule({
  id: 'follow-up-makes-too-deep',
  title: 'Follow-ups that make those of others too deep',
  why: 'Each definition may be fine by itself; the chain as a whole is longer than maxFollowUpDepth, and its end is never run.',
  fix: 'Shorten the chain, or raise maxFollowUpDepth in KeptnConfig.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check(definition, context) {
    const { maxFollowUpDepth: limit } = context.settings;
    const start = startOf(definition);
    if (limit === 0 || start.followUps.length === 0) return [];
    const graph = {
      find: finderOf(definition, context),
      leadingTo: leadingTo(definition, context),
    };
    const problem = chainThrough(start, graph, limit);
    if (problem === undefined) return [];
    const after = problem.path[problem.path.indexOf(start.name) + 1];
    const path = followUpPath(definition, after, context);
    return [{ path, message: describeChainProblem(problem) }];
  },
});

const mixed = rule({
  id: 'chain-mixed-cycle',
  title: 'A circle of functionRef and follow-ups',
  why: 'It does no harm, because functionRef hands down code and parameters and never follow-ups, but it is hardly meant.',
  fix: 'Remove one of the references on the path if it is a mistake.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check(definition, context) {
    const find = finderOf(definition, context);
    const path = wayBack(definition.metadata.name, find);
    if (path === undefined || isOfOneSort(path, find)) return [];
    const shown = shownPath(path);
    const message = `functionRef and follow-ups together lead in a circle: ${shown}; it does no harm, but is it meant?`;
    const next = referencesOf(definition, context).find(({ name }) => name === path[1]);
    return [{ path: next?.path ?? 'spec', message }];
  },
});

/** The rules about follow-ups and where they lead. */
export const chainRules: readonly Rule[] = [
  bothSpellings,
  unreadable,
  tooMany,
  goesRound,
  tooDeep,
  makesTooDeep,
  switchedOff,
  mixed,
];

/** Finds definitions as a task in the namespace of this object does. */
export function finderOf({ metadata }: KubernetesObject, context: RuleContext): FindDefinition {
  const namespaces = [metadata.namespace ?? '', context.definitionsNamespace];
  return (name, from) => {
    const first = from === undefined ? 0 : Math.max(0, namespaces.indexOf(from));
    for (const namespace of namespaces.slice(first)) {
      const found = context.lookup.get(KeptnTaskDefinition, namespace, name);
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

function chainFound(
  object: Followed,
  context: RuleContext,
  isMeant: (problem: ChainProblem) => boolean,
): readonly Found[] {
  const start = startOf(object);
  if (start.followUps.length === 0) return [];
  const { maxFollowUpDepth } = context.settings;
  const problem = followUpChainProblem(start, finderOf(object, context), maxFollowUpDepth);
  if (problem === undefined || !isMeant(problem)) return [];
  const path = followUpPath(object, problem.path[1], context);
  return [{ path, message: describeChainProblem(problem) }];
}

function startOf({ kind, metadata, spec }: Followed): ChainStart {
  const name = kind === KeptnTaskDefinition.kind ? metadata.name : `${kind} ${metadata.name}`;
  return { name, followUps: followUpNames(spec) };
}

/** Where the object names the follow-up that the path goes on with; a check of the same name is something else. */
function followUpPath(object: Followed, next: string | undefined, context: RuleContext): string {
  const reference = referencesOf(object, context).find(
    ({ path, name }) => name === next && path.startsWith('spec.on'),
  );
  return reference?.path ?? 'spec';
}

/** The definitions and contexts of the same namespace by the definitions that follow them, gone through once. */
function leadingTo(
  definition: Followed,
  { lookup }: RuleContext,
): (name: string) => readonly string[] {
  const { namespace } = definition.metadata;
  const read = (): ReadonlyMap<string, readonly string[]> => {
    const found = new Map<string, string[]>();
    const objects: readonly Followed[] = [
      ...lookup.list(KeptnTaskDefinition, namespace),
      ...lookup.list(KeptnEvaluationDefinition, namespace),
      ...lookup.list(KeptnAppContext, namespace),
    ];
    for (const { name, followUps } of objects.map(startOf)) {
      for (const next of followUps) {
        const known = found.get(next);
        if (known === undefined) found.set(next, [name]);
        else known.push(name);
      }
    }
    return found;
  };
  let leading: ReadonlyMap<string, readonly string[]> | undefined;
  return (name) => (leading ??= read()).get(name) ?? [];
}

function isOfOneSort(path: readonly string[], find: FindDefinition): boolean {
  const isFollowUp = path
    .slice(1)
    .map((name, index) => followUpNames(find(path[index] ?? '')?.spec ?? {}).includes(name));
  return isFollowUp.every(Boolean) || !isFollowUp.some(Boolean);
}

function pathAndMessage({ path, message }: Found): Found {
  return { path, message };
}

import { triggers } from '../../api/keptn/follow-up.ts';
import { type FollowUpFields, followUpList } from './follow-up-lists.ts';
import { type FindDefinition, functionRefOf } from '../job/function-source.ts';

/** Where a chain of follow-ups begins. */
export interface ChainStart {
  /** A KeptnTaskDefinition by its name, so that a chain that comes back to it is a cycle; anything else as `Kind name`. */
  readonly name: string;
  /** The definitions that run at depth 1. */
  readonly followUps: readonly string[];
}

/** Why a chain of follow-ups cannot run to its end. The path begins with the start. */
export type ChainProblem =
  | { readonly type: 'cycle'; readonly path: readonly string[] }
  | { readonly type: 'tooDeep'; readonly path: readonly string[]; readonly limit: number };

/** The names of all follow-ups of a spec, of either end. What cannot be read names no task, as when the task runs. */
export function followUpNames(spec: FollowUpFields): readonly string[] {
  return [...new Set(triggers.flatMap((trigger) => followUpList(spec, trigger).names))];
}

/**
 * Whether the follow-ups of the follow-ups come to an end, and within the limit. A cycle anywhere on the way counts, and
 * is named before a chain that is too deep; a definition that is missing ends its chain. Total, and linear in the size of
 * what can be reached: nothing is followed twice.
 */
export function followUpChainProblem(
  start: ChainStart,
  find: FindDefinition,
  limit: number,
): ChainProblem | undefined {
  const walked = longestChain(start, (name) => followUpNames(find(name)?.spec ?? {}));
  if ('cycle' in walked) return { type: 'cycle', path: walked.cycle };
  return tooDeep(walked.path, limit);
}

/**
 * Whether something that leads to this definition becomes too deep by what follows it: each link may be fine by itself,
 * whichever was applied last. Undefined where `followUpChainProblem` of the definition itself has something to say.
 */
export function chainThrough(
  start: ChainStart,
  graph: { readonly find: FindDefinition; readonly leadingTo: (name: string) => readonly string[] },
  limit: number,
): ChainProblem | undefined {
  const down = longestChain(start, (name) => followUpNames(graph.find(name)?.spec ?? {}));
  if ('cycle' in down || down.path.length === 1 || tooDeep(down.path, limit) !== undefined) {
    return undefined;
  }
  const up = longestChain(
    { name: start.name, followUps: graph.leadingTo(start.name) },
    graph.leadingTo,
  );
  // A circle further up is reported on the definition where it begins.
  if ('cycle' in up || up.path.length === 1) return undefined;
  // From the furthest start that is not too deep without this definition.
  const above = up.path.slice(1, limit + 1).toReversed();
  return tooDeep([...above, ...down.path], limit);
}

function tooDeep(path: readonly string[], limit: number): ChainProblem | undefined {
  if (path.length - 1 <= limit) return undefined;
  return { type: 'tooDeep', path: path.slice(0, limit + 2), limit };
}

/** The problem as a sentence that names the path and the fix. */
export function describeChainProblem(problem: ChainProblem): string {
  const path = shownPath(problem.path);
  if (problem.type === 'cycle') {
    return `follow-ups lead in a circle: ${path}; remove one of the references`;
  }
  return problem.limit === 0
    ? `follow-ups are switched off and will not run: ${path}; raise maxFollowUpDepth in KeptnConfig, or remove them`
    : `follow-ups run at most ${problem.limit} deep: ${path}; shorten the chain, or raise maxFollowUpDepth in KeptnConfig`;
}

/**
 * The shortest way from a definition back to itself over functionRef and follow-ups alike. Where neither of the two alone
 * leads in a circle, such a way takes both: it looks like a mistake and does no harm, because a functionRef hands down
 * code and parameters, never follow-ups.
 */
export function wayBack(name: string, find: FindDefinition): readonly string[] | undefined {
  const cameFrom = new Map<string, string>();
  const queue = [name];
  // An array hands out what is added while it is walked.
  for (const each of queue) {
    const definition = find(each);
    if (definition === undefined) continue;
    const functionRef = functionRefOf(definition) ?? [];
    for (const next of followUpNames(definition.spec).concat(functionRef)) {
      if (next === name) return [...pathTo(each, cameFrom), name];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, each);
      queue.push(next);
    }
  }
  return undefined;
}

const mostShown = 12;

/** `a → b → a`; of a very long path the beginning and the end. */
export function shownPath(path: readonly string[]): string {
  const shown =
    path.length <= mostShown ? path : [...path.slice(0, mostShown / 2), '…', ...path.slice(-4)];
  return shown.join(' → ');
}

function pathTo(name: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path: string[] = [];
  for (let at: string | undefined = name; at !== undefined; at = cameFrom.get(at)) path.push(at);
  return path.toReversed();
}

/** A name on the path from the start, with the longest chain found behind it so far. */
interface Step {
  readonly name: string;
  readonly successors: readonly string[];
  tried: number;
  height: number;
  next: string | undefined;
}

/** How much may follow a name, and by which successor. */
type Longest = Pick<Step, 'height' | 'next'>;

/** Depth first with a stack of its own: the longest path from the start, or the first that meets itself. */
function longestChain(
  start: ChainStart,
  successorsOf: (name: string) => readonly string[],
): { readonly cycle: readonly string[] } | { readonly path: readonly string[] } {
  const done = new Map<string, Longest>();
  const first = step(start.name, start.followUps);
  const stack: Step[] = [first];
  const onPath = new Set([start.name]);
  for (let top = stack.at(-1); top !== undefined; top = stack.at(-1)) {
    const name = top.successors[top.tried];
    if (name === undefined) {
      done.set(top.name, top);
      onPath.delete(top.name);
      stack.pop();
      continue;
    }
    if (onPath.has(name)) return { cycle: [...stack.map((each) => each.name), name] };
    const known = done.get(name);
    if (known === undefined) {
      stack.push(step(name, successorsOf(name)));
      onPath.add(name);
      continue;
    }
    // Behind it everything is known: its successor is counted, once.
    top.tried += 1;
    if (known.height + 1 > top.height) {
      top.height = known.height + 1;
      top.next = name;
    }
  }
  const path = [start.name];
  for (let at = first.next; at !== undefined; at = done.get(at)?.next) path.push(at);
  return { path };
}

function step(name: string, successors: readonly string[]): Step {
  return { name, successors, tried: 0, height: 0, next: undefined };
}

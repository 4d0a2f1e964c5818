import type { Container } from '../../api/builtin.ts';
import type { FunctionSpec } from '../../api/keptn/function-spec.ts';
import type { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import { defined } from '../../api/json.ts';

/** The languages there is a runner for. */
export type Runner = 'deno' | 'python' | 'bash';

/** Where a function's code is. */
export type Code =
  | { readonly type: 'url'; readonly url: string; readonly sha256?: string }
  /** In the spec of this definition; Sluice keeps a ConfigMap with it beside the definition. */
  | {
      readonly type: 'inline';
      readonly definition: string;
      readonly namespace: string;
      readonly code: string;
    }
  /** In a ConfigMap of the user, meant to be where the definition is. */
  | { readonly type: 'configMap'; readonly name: string; readonly namespace: string };

/** A function with everything its chain of definitions hands down. */
export interface FunctionBlueprint {
  readonly type: 'function';
  readonly runner: Runner;
  readonly code: Code;
  readonly parameters: Readonly<Record<string, string>>;
  readonly secret: string;
  /** Further Secrets, each by the name of its environment variable. */
  readonly secrets: readonly SecretVariable[];
  readonly cmdParameters: string;
  /** Arguments of the script. */
  readonly args: readonly string[];
  /** Deno's permission flags, none if empty; undefined for the default ones. */
  readonly permissions: readonly string[] | undefined;
}

/** An environment variable that is filled from one key of a Secret. */
export interface SecretVariable {
  readonly name: string;
  readonly key?: string;
  readonly env: string;
}

/** What a definition means to run. */
export type Blueprint =
  | { readonly type: 'container'; readonly container: Container }
  | FunctionBlueprint;

/** Why a definition cannot be run, for a condition; `missing` is the definition that is not there. */
export interface BlueprintProblem {
  readonly type: 'problem';
  readonly reason:
    | 'DefinitionNotFound'
    | 'ChainHasCycle'
    | 'ChainTooDeep'
    | 'FunctionRefToContainer'
    | 'NoSource'
    | 'RunnerImageForeign'
    | 'HostNotAllowed';
  readonly message: string;
  readonly missing?: string;
}

/**
 * Finds a definition by name, in Keptn's order: the task's namespace, then the namespace of shared definitions. What a
 * definition refers to is looked for from its own namespace (`from`) on: a shared one is never answered by somebody's own, who
 * could run code of theirs with the service account and the Secrets that it names.
 */
export type FindDefinition = (name: string, from?: string) => KeptnTaskDefinition | undefined;

/** How many `functionRef` are followed from one definition. */
const longestChain = 10;

/**
 * What the definition of this name runs. `functionRef` is followed to its end: parameters, secret and command parameters
 * come from the nearest definition that sets them (parameters key by key), runner and code from the nearest that has code.
 * Total: a cycle, a chain that is too long, and one that ends in nothing are problems that name the path.
 */
export function blueprintOf(name: string, find: FindDefinition): Blueprint | BlueprintProblem {
  const chain: FunctionDefinition[] = [];
  for (let next = name; next !== '';) {
    const path = [...chain.map(({ name: seen }) => seen), next];
    const problem = pathProblem(path);
    if (problem !== undefined) return problem;
    const definition = find(next, chain.at(-1)?.namespace);
    if (definition === undefined) return missing(path);
    const { container } = definition.spec;
    if (container !== undefined) {
      return chain.length === 0 ? { type: 'container', container } : containerAtEnd(path);
    }
    const link = functionDefinition(definition);
    chain.push(link);
    next = link.spec.functionRef?.name ?? '';
  }
  return merged(chain);
}

/** The code that a definition holds or names itself; Keptn's order where it has several. */
export function ownCode(definition: KeptnTaskDefinition): Code | undefined {
  if (definition.spec.container !== undefined) return undefined;
  return codeOf(functionDefinition(definition));
}

/** The definition that this one takes code and parameters from, if any. */
export function functionRefOf(definition: KeptnTaskDefinition): string | undefined {
  if (definition.spec.container !== undefined) return undefined;
  return functionDefinition(definition).spec.functionRef?.name || undefined;
}

interface FunctionDefinition {
  readonly name: string;
  readonly namespace: string;
  readonly runner: Runner;
  readonly spec: FunctionSpec;
}

function functionDefinition({ metadata, spec }: KeptnTaskDefinition): FunctionDefinition {
  const runner = runnerOf(spec);
  return {
    name: metadata.name,
    namespace: metadata.namespace ?? '',
    runner,
    spec: spec[runner] ?? {},
  };
}

/** As in Keptn, an empty `deno: {}` gives way to python, and here to bash. */
function runnerOf(spec: KeptnTaskDefinition['spec']): Runner {
  if (hasContent(spec.deno)) return 'deno';
  if (spec.python !== undefined) return 'python';
  return spec.bash === undefined ? 'deno' : 'bash';
}

function hasContent(spec: FunctionSpec | undefined): boolean {
  return spec !== undefined && Object.keys(spec).length > 0;
}

function codeOf({ name, namespace, spec }: FunctionDefinition): Code | undefined {
  const { inline, configMapRef, httpRef } = spec;
  if (inline?.code) return { type: 'inline', definition: name, namespace, code: inline.code };
  if (configMapRef?.name) return { type: 'configMap', name: configMapRef.name, namespace };
  if (!httpRef?.url) return undefined;
  const { url, sha256 } = httpRef;
  return { type: 'url', url, ...defined({ sha256 }) };
}

function merged(chain: readonly FunctionDefinition[]): Blueprint | BlueprintProblem {
  const source = chain
    .map((link) => ({ runner: link.runner, code: codeOf(link) }))
    .find(({ code }) => code !== undefined);
  if (source?.code === undefined) return noSource(chain);
  const nearest = <T>(value: (spec: FunctionSpec) => T | undefined): T | undefined =>
    chain.map(({ spec }) => value(spec)).find((found) => found !== undefined);
  // A later entry replaces an earlier one: the nearest definition comes last.
  const parameters = chain
    .toReversed()
    .flatMap(({ spec }) => Object.entries(spec.parameters?.map ?? {}));
  return {
    type: 'function',
    runner: source.runner,
    code: source.code,
    parameters: Object.fromEntries(parameters),
    secret: nearest((spec) => spec.secureParameters?.secret || undefined) ?? '',
    secrets: secretVariables(chain.map(({ spec }) => spec.secureParameters?.secrets)),
    cmdParameters: nearest((spec) => spec.cmdParameters || undefined) ?? '',
    args: nearest((spec) => spec.args) ?? [],
    permissions: nearest((spec) => spec.permissions),
  };
}

/** Every environment variable once, from the first list that fills it. */
export function secretVariables(
  lists: readonly (readonly SecretVariable[] | undefined)[],
): readonly SecretVariable[] {
  const variables = new Map<string, SecretVariable>();
  for (const variable of lists.flatMap((list) => list ?? [])) {
    if (!variables.has(variable.env)) variables.set(variable.env, variable);
  }
  return [...variables.values()];
}

function pathProblem(path: readonly string[]): BlueprintProblem | undefined {
  const shown = path.join(' → ');
  if (path.indexOf(path.at(-1) ?? '') < path.length - 1) {
    return {
      type: 'problem',
      reason: 'ChainHasCycle',
      message: `functionRef leads in a circle: ${shown}; remove one of the references`,
    };
  }
  if (path.length <= longestChain + 1) return undefined;
  return {
    type: 'problem',
    reason: 'ChainTooDeep',
    message: `functionRef is followed through at most ${longestChain} definitions: ${shown}; shorten the chain`,
  };
}

function missing(path: readonly string[]): BlueprintProblem {
  const name = path.at(-1) ?? '';
  const via = path.length > 1 ? ` (functionRef ${path.join(' → ')})` : '';
  return {
    type: 'problem',
    reason: 'DefinitionNotFound',
    message: `KeptnTaskDefinition ${name} does not exist${via}, neither in this namespace nor among the shared definitions; create it, or correct the name`,
    missing: name,
  };
}

function containerAtEnd(path: readonly string[]): BlueprintProblem {
  return {
    type: 'problem',
    reason: 'FunctionRefToContainer',
    message: `functionRef ${path.join(' → ')} ends in a definition with a container, which has no function to refer to; refer to a deno, python or bash definition`,
  };
}

function noSource(chain: readonly FunctionDefinition[]): BlueprintProblem {
  const [first] = chain;
  const path = chain.map(({ name }) => name).join(' → ');
  return {
    type: 'problem',
    reason: 'NoSource',
    message: `no ConfigMap specified or HTTP source specified in TaskDefinition / Namespace: ${first?.namespace ?? ''}, Name: ${path}; set inline, configMapRef, httpRef or functionRef`,
  };
}

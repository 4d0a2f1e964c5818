import { KeptnTaskDefinition, runnerMessages } from '../../api/keptn/task-definition.ts';
import type { FunctionSpec } from '../../api/keptn/function-spec.ts';
import {
  blueprintOf,
  type BlueprintProblem,
  functionRefOf,
} from '../../domain/job/function-source.ts';
import { finderOf } from './chain-rules.ts';
import { type Found, type Rule, rule, type RuleContext } from '../base/rule.ts';

const runnerCount = rule({
  id: 'runner-count',
  title: 'No runner, or more than one',
  why: 'What is to be run would be a guess. Keptn refuses such a definition, too.',
  fix: 'Set exactly one of container, deno, python and bash.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check({ spec }) {
    const set = (['container', 'deno', 'python', 'bash'] as const).filter(
      (one) => spec[one] !== undefined,
    );
    if (set.length === 1) return [];
    const several = `${runnerMessages.several}; ${set.join(' and ')} are set`;
    return [{ path: 'spec', message: set.length === 0 ? runnerMessages.none : several }];
  },
});

const referenceCycle = rule({
  id: 'function-ref-cycle',
  title: 'functionRef in a circle',
  why: 'The code of such a chain is never found; its tasks cannot run.',
  fix: 'Remove one of the references on the path.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check: (definition, context) => blueprintFound(definition, context, ['ChainHasCycle']),
});

const referenceTooDeep = rule({
  id: 'function-ref-too-deep',
  title: 'A chain of functionRef that is too long',
  why: 'functionRef is followed through ten definitions; what lies behind them is not found.',
  fix: 'Refer to the definition that has the code.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check: (definition, context) => blueprintFound(definition, context, ['ChainTooDeep']),
});

const referenceToContainer = rule({
  id: 'function-ref-to-container',
  title: 'functionRef to a definition with a container',
  why: 'A container has no function to refer to. Keptn crashed over it again and again.',
  fix: 'Refer to a deno, python or bash definition, or give the definition the container itself.',
  severity: 'error',
  kinds: [KeptnTaskDefinition],
  check: (definition, context) => blueprintFound(definition, context, ['FunctionRefToContainer']),
});

const referenceIncomplete = rule({
  id: 'function-ref-incomplete',
  title: 'A chain of functionRef with a definition that does not exist',
  why: 'The tasks of this definition wait until the whole chain is there.',
  fix: 'Create the definition at the end of the path, or correct the name.',
  severity: 'missing',
  kinds: [KeptnTaskDefinition],
  check(definition, context) {
    // A name of its own that is missing is for `reference-missing`.
    const next = functionRefOf(definition);
    const isThere = next !== undefined && finderOf(definition, context)(next) !== undefined;
    if (!isThere || !context.isComplete(KeptnTaskDefinition)) return [];
    return blueprintFound(definition, context, ['DefinitionNotFound']);
  },
});

const noSource = rule({
  id: 'function-without-code',
  title: 'A function without code',
  why: 'Its tasks fail; only as a set of parameters for others that refer to it is it of any use.',
  fix: 'Set inline, configMapRef, httpRef or functionRef.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check(definition, context) {
    const [found] = blueprintFound(definition, context, ['NoSource']);
    if (found === undefined) return [];
    const message =
      functionRefOf(definition) === undefined
        ? 'there is no code to run; set inline, configMapRef, httpRef or functionRef'
        : 'none of the definitions that functionRef leads through has code; set inline, configMapRef or httpRef in one of them';
    return [{ path: found.path, message }];
  },
});

const severalSources = rule({
  id: 'function-code-twice',
  title: 'Code from several places',
  why: 'Only one of them is run. Keptn would take the code of functionRef first, then inline or configMapRef, then httpRef; Sluice takes inline, configMapRef, httpRef, and that of functionRef only if there is none of these.',
  fix: 'Keep one of inline, configMapRef, httpRef and functionRef.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    functionsOf(spec).flatMap(([path, one]) => {
      const sources = sourcesOf(one);
      if (sources.length < 2) return [];
      const [first, ...rest] = sources;
      return [
        {
          path,
          message: `code from several places: ${first} is run, and that of ${rest.join(' and ')} is not; keep one of them`,
        },
      ];
    }),
});

const plainHttp = rule({
  id: 'function-over-http',
  title: 'Code that is downloaded without https',
  why: 'An attacker between the Pod and the server can run code of their own, with the rights and Secrets of the task.',
  fix: 'Use an https address, or say in sha256 which code it has to be.',
  severity: 'risky',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    functionsOf(spec).flatMap(([path, { httpRef }]) => {
      const isPlain = httpRef?.url?.toLowerCase().startsWith('http://') === true;
      if (!isPlain || httpRef.sha256 !== undefined) return [];
      const message =
        'code is downloaded without https, so anybody on the way can change it; use https, or set sha256';
      return [{ path: `${path}.httpRef.url`, message }];
    }),
});

const noUrl = rule({
  id: 'function-url',
  title: 'An address that nothing can be downloaded from',
  why: 'The runner downloads code over http and https; anything else fails when the task runs.',
  fix: 'Write a whole address: https://host/path.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    functionsOf(spec).flatMap(([path, { httpRef }]) => {
      const url = httpRef?.url ?? '';
      if (url === '' || /^https?:\/\/[^/]/i.test(url)) return [];
      const message = `"${url.slice(0, 100)}" is no http or https address; write it whole: https://host/path`;
      return [{ path: `${path}.httpRef.url`, message }];
    }),
});

const noEffect = rule({
  id: 'container-without-effect',
  title: 'Settings of functions on a container',
  why: 'Only Sluice’s own runner repeats within the container; a container of your own is started again by Kubernetes.',
  fix: 'Remove the setting; retries and timeout apply to containers as well.',
  severity: 'doubtful',
  kinds: [KeptnTaskDefinition],
  check: ({ spec }) =>
    (['retryInterval', 'attemptTimeout'] as const)
      .filter((field) => spec.container !== undefined && spec[field] !== undefined)
      .map((field) => ({
        path: `spec.${field}`,
        message: 'has no effect on a container, only on functions; remove it',
      })),
});

/** The rules about what a definition runs. */
export const functionRules: readonly Rule[] = [
  runnerCount,
  referenceCycle,
  referenceTooDeep,
  referenceToContainer,
  referenceIncomplete,
  noSource,
  severalSources,
  plainHttp,
  noUrl,
  noEffect,
];

/** The functions of a definition by their paths; there should be one at most. */
export function functionsOf(
  spec: KeptnTaskDefinition['spec'],
): readonly (readonly [path: string, spec: FunctionSpec])[] {
  const named = [
    ['spec.deno', spec.deno],
    ['spec.python', spec.python],
    ['spec.bash', spec.bash],
  ] as const;
  return named.flatMap(([path, one]) => (one === undefined ? [] : [[path, one] as const]));
}

/** Where a function says its code is, in the order in which Sluice looks. */
function sourcesOf({ inline, configMapRef, httpRef, functionRef }: FunctionSpec): string[] {
  return [
    inline?.code ? ['inline'] : [],
    configMapRef?.name ? ['configMapRef'] : [],
    httpRef?.url ? ['httpRef'] : [],
    functionRef?.name ? ['functionRef'] : [],
  ].flat();
}

function blueprintFound(
  definition: KeptnTaskDefinition,
  context: RuleContext,
  reasons: readonly BlueprintProblem['reason'][],
): readonly Found[] {
  const [place, second] = functionsOf(definition.spec);
  // Which of several it is would be a guess.
  if (place === undefined || (second ?? definition.spec.container) !== undefined) return [];
  const blueprint = blueprintOf(definition.metadata.name, finderOf(definition, context));
  if (blueprint.type !== 'problem' || !reasons.includes(blueprint.reason)) return [];
  const [path, { functionRef }] = place;
  const { message, missing } = blueprint;
  const { namespace = '' } = definition.metadata;
  const isExpected =
    missing !== undefined &&
    [namespace, context.definitionsNamespace].some(
      (each) => context.isExpected?.(KeptnTaskDefinition, each, missing) === true,
    );
  if (isExpected) return [];
  return [
    {
      path: functionRef?.name ? `${path}.functionRef.name` : path,
      message,
      ...(missing !== undefined && {
        pending: `not seen yet; KeptnTaskDefinition ${missing} at the end of functionRef is waited for`,
      }),
    },
  ];
}

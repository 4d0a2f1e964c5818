import type { TProperties } from 'typebox';
import { defined, isJsonObject, type JsonObject } from '../json.ts';
import type { ResourceVersion, PartMapping } from '../resource.ts';
import { int32, object, oneOf, optional, type TSchema } from '../schema.ts';
import { followUpAliases, followUpLists } from './follow-up.ts';
import { functionFields } from './function-spec.ts';

/**
 * The versions of KeptnTaskDefinition before v1. What v1 has in `deno`, `python` and `bash` is `spec.function` in v1alpha1 and
 * v1alpha2; v1alpha3 and v1beta1 have those fields, and `function` beside them for what was written before.
 */

/** The fields of v1 of which exactly one is set. */
export const runners = ['container', 'deno', 'python', 'bash'] as const;

const languages = ['deno', 'python', 'bash'] as const;
const functionDescription =
  'A function: in v1 it is deno, python or bash, by its runtime, and what KEP 90 plans for it stands beside.';

const functionOf = (description: string) =>
  object(description, {
    ...functionFields,
    runtime: optional(oneOf('The language; deno if not set.', languages)),
    retries: optional(int32('How often a failed run is repeated.', { minimum: 0 })),
    retryInterval: optional(
      int32('How long to wait until a failed run is repeated, in seconds.', { minimum: 0 }),
    ),
    timeout: optional(int32('How long all runs together may take, in seconds.', { minimum: 0 })),
  });

/** The versions before v1, of which this is the status and these are the fields of its spec. */
export function olderVersions(fields: TProperties, status: TSchema): readonly ResourceVersion[] {
  const withFunctionBeside = {
    spec: object('What a task runs and how.', {
      ...fields,
      function: optional(functionOf(`Outdated. ${functionDescription}`)),
    }),
    status,
    mapping: functionBeside,
    alternatives: [...runners, 'function'],
  };
  const withFunctionOnly = {
    spec: object('What a task runs.', {
      function: optional(functionOf(functionDescription)),
      ...followUpLists,
      ...followUpAliases,
    }),
    status,
    mapping: functionOnly,
  };
  return [
    { name: 'v1beta1', ...withFunctionBeside },
    { name: 'v1alpha3', ...withFunctionBeside },
    { name: 'v1alpha2', ...withFunctionOnly },
    { name: 'v1alpha1', ...withFunctionOnly },
  ];
}

const functionOnly: PartMapping = {
  toStored: withRunner,
  fromStored(spec) {
    const { deno, python, bash, retries, retryInterval, timeout, ...rest } = spec;
    const code: JsonObject = { deno, python, bash };
    const language = languages.find((each) => isJsonObject(code[each]));
    const runner = language === undefined ? undefined : code[language];
    if (!isJsonObject(runner)) return rest;
    return {
      ...rest,
      function: {
        ...runner,
        ...(language !== 'deno' && { runtime: language }),
        // What v1 fills in by itself is not what somebody wrote.
        ...(typeof retries === 'number' && retries !== defaults.retries && { retries }),
        ...(timeout !== defaults.timeout && inSeconds('timeout', timeout)),
        ...inSeconds('retryInterval', retryInterval),
      },
    };
  },
};

const functionBeside: PartMapping = {
  toStored: (spec) =>
    runners.some((runner) => spec[runner] !== undefined) ? spec : withRunner(spec),
  fromStored: (spec) => spec,
};

const defaults = { retries: 10, timeout: '5m' } as const;

/** The spec with its function where v1 has it; one in a language there is no runner for is left where it is. */
function withRunner(spec: JsonObject): JsonObject {
  const { function: written, ...rest } = spec;
  if (!isJsonObject(written)) return spec;
  const { runtime = 'deno', retries, retryInterval, timeout, ...runner } = written;
  const language = languages.find((each) => each === runtime);
  if (language === undefined) return spec;
  return {
    ...rest,
    [language]: runner,
    ...defined({ retries }),
    ...asDuration('retryInterval', retryInterval),
    ...asDuration('timeout', timeout),
  };
}

function asDuration(field: string, seconds: unknown): JsonObject {
  return Number.isSafeInteger(seconds) ? { [field]: `${String(seconds)}s` } : {};
}

/** A Go duration in whole seconds; nothing for any other. */
function inSeconds(field: string, duration: unknown): JsonObject {
  if (typeof duration !== 'string') return {};
  const parts = /^(?=\d)(?:(\d+)h)?(?:(\d+)m)?(?:(\d+)s)?$/.exec(duration);
  if (parts === null) return {};
  const [, hours = 0, minutes = 0, seconds = 0] = parts;
  const whole = Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
  return whole <= longestSeconds ? { [field]: whole } : {};
}

const longestSeconds = 2 ** 31 - 1;

import { writeFileSync } from 'node:fs';
import process from 'node:process';

/**
 * What a function is given, and what it gives back, for Deno and Node. One file without dependencies: in the images and under
 * `sluice task run` it is called 'sluice'; anywhere else it can be copied beside a function. Nothing is read before a
 * function asks for it, and what was given in the wrong form is an `InputInvalid` that says how to correct it.
 */

/** Any JSON value. */
export type Json =
  | null
  | boolean
  | number
  | string
  | readonly Json[]
  | { readonly [name: string]: Json };

/** What the task runs for. A field that was not given is an empty text, so that it can be printed and compared as it is. */
export interface Context {
  readonly workloadName: string;
  readonly appName: string;
  readonly appVersion: string;
  readonly workloadVersion: string;
  /** `pre`, `post` or `promotion`; of a follow-up `on-success` or `on-failure`. */
  readonly taskType: string;
  /** `Workload` or `App`. */
  readonly objectType: string;
  /** Metadata of the application and the workload. */
  readonly metadata: Readonly<Record<string, string>>;
  /** W3C trace context to hand on, if traces are on. Keptn keeps it in the metadata, where it is, too. */
  readonly traceparent?: string;
  /** How the task or evaluation ended that this one follows. Follow-ups only. */
  readonly trigger?: Trigger;
}

/** How the parent of a follow-up ended. */
export interface Trigger {
  readonly kind: string;
  readonly name: string;
  readonly definition?: string;
  /** `Succeeded` or `Failed`. */
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  /** How often it was tried. */
  readonly attempts?: number;
  /** The JSON it returned. */
  readonly result?: Json;
}

/** The function was not given what it needs, or not in the form it needs. */
export class InputInvalid extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'InputInvalid';
  }
}

/** What the task runs for, from KEPTN_CONTEXT. On a laptop, where it is not set, all fields are empty. */
export function context(): Context {
  const given = objectIn('KEPTN_CONTEXT') ?? {};
  const text = (name: string): string => {
    const value = given[name];
    return typeof value === 'string' ? value : '';
  };
  const metadata = texts(given['metadata']);
  const traceparent = text('traceparent') || metadata['traceparent'];
  const trigger = triggerOf(given['trigger']);
  return {
    workloadName: text('workloadName'),
    appName: text('appName'),
    appVersion: text('appVersion'),
    workloadVersion: text('workloadVersion'),
    taskType: text('taskType'),
    objectType: text('objectType'),
    metadata,
    ...(traceparent !== undefined && traceparent !== '' && { traceparent }),
    ...(trigger !== undefined && { trigger }),
  };
}

/** All parameters (`parameters.map`), from DATA. None if it is not set. */
export function parameters(): Readonly<Record<string, string>> {
  return texts(objectIn('DATA'));
}

/** One parameter, or `otherwise` where it is not given. Without that it must be given. */
export function parameter(name: string, otherwise?: string): string {
  const given = parameters();
  const value = own(given, name) ?? otherwise;
  if (value !== undefined) return value;
  const others = Object.keys(given).join(', ') || 'none';
  throw new InputInvalid(
    `parameter ${name} is not given (given: ${others}); set parameters.map.${name} in the definition, or run with --parameter ${name}=…`,
  );
}

/** The Secret's value (SECURE_DATA) as it is; with a name the value of that name, where the Secret holds several as JSON. */
export function secret(name?: string): string {
  const value = name === undefined ? environment('SECURE_DATA') : own(secrets(), name);
  if (value !== undefined && value !== '') return value;
  if (environment('SECURE_DATA') === undefined) {
    throw new InputInvalid(
      'SECURE_DATA is not set; name a Secret with the key SECURE_DATA in secureParameters.secret, or run with --secret FILE',
    );
  }
  if (name === undefined) throw new InputInvalid('SECURE_DATA is empty; give the Secret a value');
  // Names are no secrets, values are.
  const others = Object.keys(secrets()).join(', ') || 'none';
  throw new InputInvalid(
    `SECURE_DATA has no ${name} (it has: ${others}); add it to the JSON in the Secret`,
  );
}

/** All values of a Secret that holds several: SECURE_DATA is a JSON object. None if it is not set. */
export function secrets(): Readonly<Record<string, string>> {
  return texts(objectIn('SECURE_DATA'));
}

/** The JSON that the parent of this follow-up returned; undefined if there is no parent, or it returned nothing. */
export function previousResult(): Json | undefined {
  return context().trigger?.result;
}

/** Makes this the function's result, in place of an earlier one. On a laptop, outside the runner, it is printed. */
export function result(value: Json): void {
  const text = JSON.stringify(value, (_name, part: unknown) => {
    if (typeof part !== 'number' || Number.isFinite(part)) return part;
    throw new TypeError(`the result holds ${part}, which JSON cannot express`);
  });
  // A caller without types may hand in anything.
  if (text === undefined) throw new TypeError('the result is no JSON value; give null for none');
  const file = environment('KEPTN_RESULT');
  if (file === undefined) process.stdout.write(`result: ${text}\n`);
  else writeFileSync(file, text);
}

/** Ends this attempt at once as a failure with this message. Nothing after it runs, `finally` blocks included. */
export function fail(message: string): never {
  // The runner takes the last line for the message.
  const lines = message.split('\n').map((line) => line.trim());
  process.stderr.write(`${lines.filter((line) => line !== '').join(' ') || 'failed'}\n`);
  process.exit(1);
}

function triggerOf(value: unknown): Trigger | undefined {
  return isRecord(value) && isTrigger(value) ? value : undefined;
}

function isTrigger(value: unknown): value is Trigger {
  return (
    isRecord(value) && ['kind', 'name', 'status'].every((name) => typeof value[name] === 'string')
  );
}

/** The entries of a JSON object as texts: a number or a list is the JSON that was written. */
function texts(value: unknown): Record<string, string> {
  if (!isRecord(value)) return {};
  const entries = Object.entries(value).map(([name, one]): [string, string] => [
    name,
    typeof one === 'string' ? one : JSON.stringify(one),
  ]);
  return Object.fromEntries(entries);
}

function objectIn(variable: string): Record<string, unknown> | undefined {
  const text = environment(variable);
  if (text === undefined || text === '') return undefined;
  const wrong = `${variable} is no JSON object, for example {"name":"value"}`;
  // The text may be a secret: the message contains neither it nor the parser's words, which quote it.
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw new InputInvalid(wrong);
  }
  if (isRecord(value)) return value;
  throw new InputInvalid(wrong);
}

/** Not what every object inherits: a parameter may be called `constructor`. */
function own(given: Readonly<Record<string, string>>, name: string): string | undefined {
  return Object.hasOwn(given, name) ? given[name] : undefined;
}

function environment(variable: string): string | undefined {
  try {
    return process.env[variable];
  } catch (cause) {
    // Deno refuses what the permissions do not name.
    throw new InputInvalid(`${variable} may not be read; permit it with allow-env=${variable}`, {
      cause,
    });
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

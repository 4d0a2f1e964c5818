import type { JsonPatchOperation } from '../api/json-patch.ts';
import type { FieldError } from '../api/parse.ts';

/** What a handler answers. How that looks on the wire is `respond.ts`'s business. */
export type Verdict = Allowed | Denied;

export interface Allowed {
  readonly type: 'allowed';
  /** Empty: the object enters as it is. */
  readonly patch: readonly JsonPatchOperation[];
  /** Shown to the user who applies the object. */
  readonly warnings: readonly string[];
}

export interface Denied {
  readonly type: 'denied';
  readonly message: string;
  /** Which fields are to blame. */
  readonly causes: readonly FieldError[];
  /** Shown to the user who applies the object, beside the denial. */
  readonly warnings?: readonly string[];
}

/** The object enters as it is. */
export function allow(): Allowed {
  return { type: 'allowed', patch: [], warnings: [] };
}

/** The object enters changed. */
export function allowWith(patch: readonly JsonPatchOperation[]): Allowed {
  return { type: 'allowed', patch, warnings: [] };
}

/** The object enters as it is, with warnings to the user who applies it. */
export function warn(...warnings: readonly string[]): Allowed {
  return { type: 'allowed', patch: [], warnings };
}

/** The object is not what it has to be (422); the message names every field. */
export function deny(
  subject: string,
  causes: readonly FieldError[],
  warnings: readonly string[] = [],
): Denied {
  const fields = causes.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  const message = `${subject} is invalid: ${fields.join('; ')}`;
  return { type: 'denied', message, causes, ...(warnings.length > 0 && { warnings }) };
}

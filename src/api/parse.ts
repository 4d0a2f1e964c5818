import { Ajv, type ErrorObject, type ValidateFunction } from 'ajv';
import addFormats from 'ajv-formats';
import type { OwnObject, Resource } from './resource.ts';
import {
  bool,
  durationPattern,
  linearPatterns,
  list,
  object,
  oneOf,
  optional,
  stringMap,
  text,
  time,
} from './schema.ts';
import type { Static, TSchema } from './schema.ts';

/** What is wrong with one field. The path reads as in the API server's own messages: `spec.objectives[0].evaluationTarget`. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

/** JSON from outside, judged: the value itself, neither copied nor changed, or what is wrong with it. */
export type Parsed<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly FieldError[] };

export type Parser<T> = (value: unknown) => Parsed<T>;

/**
 * - `first`: the first thing that is wrong. For what strangers send: the work and the answer stay small.
 * - `all`: everything that is wrong. For files and settings of the person who reads the answer.
 * - `stored`: as `first`, but texts may have any length. For what may have been stored before its texts were bounded.
 */
export type Report = 'first' | 'all' | 'stored';

/** The parser of a schema. Unknown fields stay in the value; defaults are not filled in. Compiled at the first use. */
export function parserOf<Schema extends TSchema>(
  schema: Schema,
  report: Report = 'first',
): Parser<Static<Schema>> {
  return compiled<Static<Schema>>(schema, report);
}

/**
 * The parser of a kind, for named objects in its stored version. It judges what the schema says; the CEL rules are the API
 * server's business. An object without a spec is refused even where the API server would fill in an empty one.
 */
export function parserOfKind<Spec, Status>(
  resource: Resource<Spec, Status>,
  report: Report = 'first',
): Parser<OwnObject<Spec, Status>> {
  return compiled<OwnObject<Spec, Status>>(objectSchema(resource), report);
}

/**
 * The parser of what the API server asks about at admission: it has judged the spec by the schema of the kind already, so that
 * only its being there is looked at; a whole schema takes a third of a second and 20 MB to compile. A status is not
 * judged: only Sluice writes it, and Keptn may have written it differently.
 */
export function parserOfReviewed<Spec>(resource: Resource<Spec>): Parser<OwnObject<Spec>> {
  const isOfKind = (value: { apiVersion: string; kind: string }): value is OwnObject<Spec> =>
    value.apiVersion === resource.apiVersion && value.kind === resource.kind;
  return (value) => {
    const parsed = parseReviewed(value);
    if (!parsed.ok) return parsed;
    if (isOfKind(parsed.value)) return { ok: true, value: parsed.value };
    const message = `must be ${resource.kind} of ${resource.apiVersion}`;
    return { ok: false, errors: [{ path: 'kind', message }] };
  };
}

/** The errors as one text for denials, logs and the terminal, one line each. */
export function describeErrors(errors: readonly FieldError[]): string {
  return errors
    .map(({ path, message }) => (path === '' ? message : `${path}: ${message}`))
    .join('\n');
}

function compiled<T>(schema: TSchema, report: Report): Parser<T> {
  let validate: ValidateFunction<T> | undefined;
  return (value) => {
    validate ??= compilers[report]().compile<T>(schema);
    if (validate(value)) return { ok: true, value };
    return { ok: false, errors: (validate.errors ?? []).map(fieldError) };
  };
}

const compilers: Record<Report, () => Ajv> = {
  first: once(() => compiler({ allErrors: false })),
  all: once(() => compiler({ allErrors: true })),
  stored: once(() =>
    compiler({ allErrors: false }).removeKeyword('maxLength').addVocabulary(['maxLength']),
  ),
};

function compiler(options: { allErrors: boolean }): Ajv {
  // An int-or-string has a pattern beside its anyOf and no type: what a CRD demands is what strictTypes forbids.
  const ajv = new Ajv({
    strict: true,
    strictTypes: false,
    code: { regExp: linearRegExp },
    ...options,
  });
  addFormats.default(ajv, ['date-time', 'int32', 'int64', 'byte']);
  ajv.addVocabulary([
    'x-kubernetes-int-or-string',
    'x-kubernetes-list-map-keys',
    'x-kubernetes-list-type',
    'x-kubernetes-map-type',
    'x-kubernetes-preserve-unknown-fields',
    'x-kubernetes-validations',
  ]);
  return ajv;
}

const linearRegExp = Object.assign(
  (pattern: string, flags: string) => new RegExp(linearPatterns.get(pattern) ?? pattern, flags),
  { code: 'new RegExp' },
);

function once<T>(make: () => T): () => T {
  let made: T | undefined;
  return () => (made ??= make());
}

const metadata = object('', {
  name: text(''),
  namespace: optional(text('')),
  generateName: optional(text('')),
  uid: optional(text('')),
  resourceVersion: optional(text('')),
  creationTimestamp: optional(time('')),
  deletionTimestamp: optional(time('')),
  labels: optional(stringMap('')),
  annotations: optional(stringMap('')),
  finalizers: optional(list('', text(''))),
  ownerReferences: optional(
    list(
      '',
      object('', {
        apiVersion: text(''),
        kind: text(''),
        name: text(''),
        uid: text(''),
        controller: optional(bool('')),
        blockOwnerDeletion: optional(bool('')),
      }),
    ),
  ),
});

const reviewed = object('', {
  apiVersion: text(''),
  kind: text(''),
  metadata,
  spec: object('', {}),
});

const parseReviewed = parserOf(reviewed);

function objectSchema(resource: Resource): TSchema {
  const [{ spec, status }] = resource.versions;
  return object('', {
    apiVersion: oneOf('', [resource.apiVersion]),
    kind: oneOf('', [resource.kind]),
    metadata,
    spec,
    status: optional(status),
  });
}

function fieldError(error: ErrorObject): FieldError {
  const path = fieldPath(error.instancePath);
  const params: Record<string, unknown> = error.params;
  if (error.keyword === 'required') {
    const missing = String(params.missingProperty);
    return { path: path === '' ? missing : `${path}.${missing}`, message: 'is required' };
  }
  if (error.keyword === 'enum' && Array.isArray(params.allowedValues)) {
    return { path, message: `must be one of: ${params.allowedValues.join(', ')}` };
  }
  if (error.keyword === 'pattern' && params.pattern === durationPattern) {
    return { path, message: 'is no duration; write for example 5m or 1m30s' };
  }
  return { path, message: error.message ?? 'is invalid' };
}

/** `/metadata/annotations/keptn.sh~1app` is `metadata.annotations[keptn.sh/app]`. */
function fieldPath(jsonPointer: string): string {
  return jsonPointer
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'))
    .map((token) => (/^[A-Za-z_$][\w$]*$/.test(token) ? `.${token}` : `[${token}]`))
    .join('')
    .replace(/^\./, '');
}

import { KeptnTaskDefinition } from '../api/keptn/task-definition.ts';
import { type Parser, parserOf } from '../api/parse.ts';
import type { AdmissionRequest } from '../api/review.ts';
import { object, optional, text, typed, type Static } from '../api/schema.ts';
import { runnerErrors } from '../lint/task-definition-rules.ts';
import { isSameJson } from './same-json.ts';
import { allow, deny, type Verdict } from './verdict.ts';

const anything = optional(typed<unknown>({}));

/** As much of a definition as the rules look at; the rest is judged by its CRD. */
const shape = object('', {
  metadata: object('', { deletionTimestamp: optional(text('')) }),
  spec: optional(
    object('', { container: anything, deno: anything, python: anything, bash: anything }),
  ),
});

const parseShape: Parser<Static<typeof shape>> = parserOf(shape);

/**
 * Whether a KeptnTaskDefinition may enter. An update that leaves the spec alone, or of an object that is being deleted,
 * always may: whoever removes a finalizer or sets a label cannot help what is in the spec.
 */
export function judgeTaskDefinition(request: AdmissionRequest): Verdict {
  const subject = `${KeptnTaskDefinition.kind}.${KeptnTaskDefinition.group} "${request.name ?? ''}"`;
  const parsed = parseShape(request.object);
  if (!parsed.ok) return deny(subject, parsed.errors);
  const { metadata, spec } = parsed.value;
  const errors = runnerErrors(spec ?? {});
  if (errors.length === 0 || metadata.deletionTimestamp !== undefined) return allow();
  return request.operation === 'UPDATE' && isSameJson(spec, specOf(request.oldObject))
    ? allow()
    : deny(subject, errors);
}

function specOf(reviewed: unknown): unknown {
  return typeof reviewed === 'object' && reviewed !== null && 'spec' in reviewed
    ? reviewed.spec
    : undefined;
}

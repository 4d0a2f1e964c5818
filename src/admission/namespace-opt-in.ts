import { sluiceKeys } from '../api/keptn/annotations.ts';
import { parserOf } from '../api/parse.ts';
import type { AdmissionRequest } from '../api/review.ts';
import { object, optional, stringMap } from '../api/schema.ts';
import type { Metadata } from '../domain/metadata-value.ts';
import { labelOperations } from '../domain/namespace.ts';
import { optInSlip } from '../domain/opt-in-slips.ts';
import { allowWith, deny, type Verdict } from './verdict.ts';

const shape = object('', {
  metadata: object('', { labels: optional(stringMap('')), annotations: optional(stringMap('')) }),
});

const parseShape = parserOf(shape);

/**
 * Keeps the label that the Pod webhook selects by in step with the annotation that people opt in with (design, "Opt-in"):
 * a webhook can be selected by labels of the Namespace, never by annotations. Whoever meant to opt in and did not is told.
 */
export function followOptIn(request: AdmissionRequest): Verdict {
  const parsed = parseShape(request.object);
  if (!parsed.ok) return deny(`Namespace "${request.name ?? ''}"`, parsed.errors);
  const { metadata } = parsed.value;
  const slip = optInSlip(
    request.name ?? '',
    isLabelled(request.oldObject) ? unlabelled(metadata) : metadata,
  );
  const verdict = allowWith(labelOperations(metadata));
  return slip === undefined ? verdict : { ...verdict, warnings: [slip] };
}

/** Whether the label was there before: then Sluice has set it, and it goes with the annotation. */
function isLabelled(before: unknown): boolean {
  const parsed = parseShape(before);
  return parsed.ok && parsed.value.metadata.labels?.[sluiceKeys.enabled] !== undefined;
}

function unlabelled(metadata: Metadata): Metadata {
  const { [sluiceKeys.enabled]: _, ...labels } = metadata.labels ?? {};
  return { ...metadata, labels };
}

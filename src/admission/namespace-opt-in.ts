import { enabledLabel, sluiceKeys } from '../api/keptn/annotations.ts';
import { parserOf } from '../api/parse.ts';
import type { AdmissionRequest } from '../api/review.ts';
import { object, optional, stringMap } from '../api/schema.ts';
import { holdsFailedVersion } from '../domain/gate/failed-version.ts';
import type { Lookup } from '../domain/lookup.ts';
import type { Metadata } from '../domain/identity/metadata-value.ts';
import { exclusionOf, type NamespaceScope } from '../domain/opt-in/namespace-scope.ts';
import { optInOperations } from '../domain/opt-in/namespace.ts';
import { isOptedIn } from '../domain/opt-in-state.ts';
import { optInSlip } from '../domain/opt-in/opt-in-slips.ts';
import { allowWith, deny, type Verdict } from './verdict.ts';

const shape = object('', {
  metadata: object('', { labels: optional(stringMap('')), annotations: optional(stringMap('')) }),
});

const parseShape = parserOf(shape);

/**
 * Keeps the label that the Pod webhook selects by in step with the annotation that people opt in with (design, "Opt-in"):
 * a webhook can be selected by labels of the Namespace, never by annotations. A user who meant to opt in and did not gets a warning.
 */
export function followOptIn(
  request: AdmissionRequest,
  lookup: Lookup,
  scope: NamespaceScope,
): Verdict {
  const parsed = parseShape(request.object);
  if (!parsed.ok) return deny(`Namespace "${request.name ?? ''}"`, parsed.errors);
  const { metadata } = parsed.value;
  const { name = '' } = request;
  const exclusion = exclusionOf(name, scope);
  const slip = optInSlip(name, isLabelled(request.oldObject) ? unlabelled(metadata) : metadata);
  const failed = holdsFailed(request.name, metadata, lookup);
  const verdict = allowWith(optInOperations(metadata, failed, exclusion !== undefined));
  const isVain = exclusion !== undefined && isOptedIn(metadata);
  const warning = isVain
    ? `the opt-in of Namespace ${name} has no effect: ${exclusion}, so its Pods start without any check`
    : slip;
  return warning === undefined ? verdict : { ...verdict, warnings: [warning] };
}

/**
 * Whether the Namespace, if it is not opted in, holds versions that have failed their checks. One that is labelled so stays so:
 * this cache may be behind that of the controller, which takes the label off in the end.
 */
function holdsFailed(name: string | undefined, metadata: Metadata, lookup: Lookup): boolean {
  if (isOptedIn(metadata) || name === undefined) return false;
  const isLabelledSo = metadata.labels?.[sluiceKeys.enabled] === enabledLabel.withdrawn;
  return isLabelledSo || holdsFailedVersion(name, lookup);
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

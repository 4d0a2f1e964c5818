import { enabledValue, keptnAnnotations, sluiceKeys } from '../api/keptn/annotations.ts';
import { type JsonPatchOperation, pointer } from '../api/json-patch.ts';
import { parserOf } from '../api/parse.ts';
import type { AdmissionRequest } from '../api/review.ts';
import { object, optional, stringMap } from '../api/schema.ts';
import { allowWith, deny, type Verdict } from './verdict.ts';

const shape = object('', {
  metadata: object('', { labels: optional(stringMap('')), annotations: optional(stringMap('')) }),
});

const parseShape = parserOf(shape);

/**
 * Keeps the label that the Pod webhook selects by in step with the annotation that people opt in with (design, "Opt-in"):
 * a webhook can be selected by labels of the Namespace, never by annotations.
 */
export function followOptIn(request: AdmissionRequest): Verdict {
  const parsed = parseShape(request.object);
  if (!parsed.ok) return deny(`Namespace "${request.name ?? ''}"`, parsed.errors);
  return allowWith(optInPatch(parsed.value.metadata));
}

function optInPatch(metadata: {
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
}): JsonPatchOperation[] {
  const { labels, annotations } = metadata;
  const label = pointer('metadata', 'labels', sluiceKeys.enabled);
  if (annotations?.[keptnAnnotations.lifecycleToolkit] === enabledValue) {
    if (labels === undefined) {
      const value = { [sluiceKeys.enabled]: 'true' };
      return [{ op: 'add', path: pointer('metadata', 'labels'), value }];
    }
    return labels[sluiceKeys.enabled] === 'true' ? [] : [{ op: 'add', path: label, value: 'true' }];
  }
  return labels !== undefined && Object.hasOwn(labels, sluiceKeys.enabled)
    ? [{ op: 'remove', path: label }]
    : [];
}

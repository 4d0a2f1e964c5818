import { keptnAnnotations, sluiceKeys } from '../../api/keptn/annotations.ts';
import { intendedKey } from '../base/annotation-keys.ts';
import { type Found, rule, type Rule } from '../base/rule.ts';
import { NamespaceManifestKind, type NeighbourManifest } from '../workload/neighbour-manifest.ts';

const optIn = keptnAnnotations.lifecycleToolkit;

const optInWithoutEffect = rule({
  id: 'opt-in-without-effect',
  title: 'An opt-in that does nothing',
  why: 'A Namespace takes part by the annotation keptn.sh/lifecycle-toolkit with the value enabled, exactly. Otherwise its Pods start without any check.',
  fix: 'Write the annotation keptn.sh/lifecycle-toolkit: enabled.',
  severity: 'doubtful',
  kinds: [NamespaceManifestKind],
  check({ metadata }) {
    const { annotations = {}, labels = {} } = metadata;
    const value = annotations[optIn];
    if (value === 'enabled') return [];
    if (value !== undefined) return ofValue(value);
    const asLabel = Object.keys(labels).find((key) => key === optIn || intendedKey(key) === optIn);
    const misspelt = Object.keys(annotations).find((key) => intendedKey(key) === optIn);
    if (misspelt !== undefined)
      return [
        {
          path: `metadata.annotations[${misspelt}]`,
          message: `has no effect, and the Namespace does not take part; did you mean ${optIn}: enabled?`,
        },
      ];
    if (asLabel === undefined) return [];
    const message = `is a label, and the opt-in is an annotation: the Namespace does not take part; write it under annotations, with the value enabled`;
    return [{ path: `metadata.labels[${asLabel}]`, message }];
  },
});

/** Words that say on purpose that a Namespace takes no part. */
const isOff: ReadonlySet<string> = new Set(['', 'disabled', 'false', 'off', 'no']);

function ofValue(value: string): readonly Found[] {
  if (isOff.has(value)) return [];
  const message = `is ${JSON.stringify(value.slice(0, 60))}, and only "enabled" opts in: the Namespace does not take part`;
  return [{ path: `metadata.annotations[${optIn}]`, message }];
}

const ownLabelSet = rule({
  id: 'enabled-label-written',
  title: 'A label that Sluice sets itself',
  why: 'The label sluice.keptn.sh/enabled follows the annotation keptn.sh/lifecycle-toolkit. A value written by hand is put right, and a GitOps tool then writes it again, without end.',
  fix: 'Remove it; write the annotation.',
  severity: 'doubtful',
  kinds: [NamespaceManifestKind],
  check: ({ metadata: { labels } }) =>
    labels?.[sluiceKeys.enabled] === undefined
      ? []
      : [
          {
            path: `metadata.labels[${sluiceKeys.enabled}]`,
            message: `is set by Sluice itself, after the annotation ${optIn}; remove it`,
            mend: { type: 'remove' },
          },
        ],
});

/** The rules about Namespaces as people write them. */
export const namespaceRules: readonly Rule<NeighbourManifest>[] = [optInWithoutEffect, ownLabelSet];

import { sluiceKeys } from '../../api/keptn/annotations.ts';
import { CheckDefinition } from '../../api/keptn/check-definition.ts';
import { KeptnAppContext } from '../../api/keptn/app-context.ts';
import { KeptnConfig } from '../../api/keptn/config.ts';
import { KeptnEvaluationDefinition } from '../../api/keptn/evaluation-definition.ts';
import { modes } from '../../api/keptn/mode.ts';
import { KeptnTaskDefinition } from '../../api/keptn/task-definition.ts';
import type { Kind } from '../../api/object.ts';
import { nearestName } from '../../domain/nearest-name.ts';
import { rule } from '../base/rule.ts';
import { NamespaceManifestKind } from '../workload/neighbour-manifest.ts';
import { workloadKinds } from '../workload/workload-manifest.ts';

const kinds: readonly Kind[] = [
  NamespaceManifestKind,
  KeptnTaskDefinition,
  KeptnEvaluationDefinition,
  CheckDefinition,
  KeptnAppContext,
  KeptnConfig,
  ...workloadKinds,
];

/** A mode that is none. */
export const modeIsUnknown = rule({
  id: 'mode-unknown',
  title: 'A mode that does not exist',
  why: 'A word that is no mode is not read: the mode of the Namespace or of the cluster holds instead.',
  fix: 'Write one of the modes; docs/modes.md says what each does.',
  severity: 'doubtful',
  kinds,
  check: ({ metadata: { annotations = {} } }) =>
    [sluiceKeys.mode, sluiceKeys.minimumMode].flatMap((key) => {
      const value = annotations[key];
      if (value === undefined || modes.some((mode) => mode === value)) return [];
      const meant = nearestName(value.slice(0, 60).toLowerCase(), modes);
      const hint = meant === undefined ? `there are ${modes.join(', ')}` : `did you mean ${meant}?`;
      const message = `${JSON.stringify(value.slice(0, 60))} is no mode and is not read; ${hint}`;
      const same = modes.find((mode) => mode === value.trim().toLowerCase());
      const mend = same === undefined ? {} : { mend: { type: 'set', to: same } as const };
      return [{ path: `metadata.annotations[${key}]`, message, ...mend }];
    }),
});

import { isEqualJson } from '../../api/json.ts';
import { keptnAnnotations, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import { commandToCheckAgain } from '../../domain/gate/check-again.ts';
import { conditionOf, conditionTypes } from '../../domain/conditions.ts';
import { deadlineKeys } from '../../domain/identity/stated-deadlines.ts';
import { durationOr } from '../../domain/go/duration.ts';
import type { AnnotatedIdentity, Identity } from '../../domain/identity/identity.ts';
import { shortened } from '../../domain/shortened.ts';
import { identityKeys, intendedKey, isNearlyOurs } from '../base/annotation-keys.ts';
import { nodeNameIsSet } from './node-name-rule.ts';
import { deadlineIsTooShort } from './progress-deadline-rule.ts';
import { type Found, rule, type Rule } from '../base/rule.ts';
import {
  entriesOf,
  type Entry,
  identityOfManifest,
  type WorkloadContext,
  workloadKinds,
  type WorkloadManifest,
} from './workload-manifest.ts';
import { gateComesLate } from './update-order-rule.ts';
import { definitionIsIllegal, definitionIsMissing } from './workload-references-rule.ts';
import { chainIsImpossible } from './workload-chain-rule.ts';

const workloadIsNotNamed = rule({
  id: 'workload-not-named',
  title: 'Keptn annotations without a workload',
  why: 'Without the name of a workload the other annotations are not read, and the Pods start without any check.',
  fix: `Add ${keptnAnnotations.workload}, or ${recommendedLabels.workload}, beside them.`,
  severity: 'doubtful',
  kinds: workloadKinds,
  check(workload, context) {
    if (identityOfManifest(workload, context)?.type !== 'notAnnotated') return [];
    const [first] = entriesOf(workload).filter(({ key }) => identityKeys.has(key));
    if (first === undefined) return [];
    const message = `no workload is named, so the Pods start without any check; add ${keptnAnnotations.workload} beside it`;
    return [{ path: first.path, message }];
  },
});

const versionIsImpossible = rule({
  id: 'version-impossible',
  title: 'No version can be told',
  why: 'Pods of a workload without a version are held for ever: there is nothing that could be checked and released.',
  fix: `Name a container of the Pod template in ${keptnAnnotations.container}, or set ${keptnAnnotations.version}.`,
  severity: 'error',
  kinds: workloadKinds,
  check(workload, context) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated' || identity.versionProblem === undefined) return [];
    if (identity.tooLong !== undefined) return [];
    const entry = entriesOf(workload).find(({ key }) => key === keptnAnnotations.container);
    const message = `${identity.versionProblem}; name one of them, or set ${keptnAnnotations.version}`;
    return [{ path: entry?.path ?? 'spec.template', message }];
  },
});

const identityIsTooLong = rule({
  id: 'identity-too-long',
  title: 'A name, a version or a list that is too long to be read',
  why: 'Names and versions are read up to 1,024 characters, lists and metadata up to 16,384. Pods that carry more are refused.',
  fix: 'Shorten it.',
  severity: 'error',
  kinds: workloadKinds,
  check: (workload, context) => tooLongIn(workload, context),
});

const annotationIsNotRead = rule({
  id: 'annotation-not-read',
  title: 'An annotation that is not read',
  why: 'Keptn reads a workload either from its Pod template or, if that names no workload, from the object around it. What stands elsewhere has no effect.',
  fix: 'Move it to where the workload is named. The label app.kubernetes.io/name names one, too.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check(workload, context) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated') return [];
    const entries = entriesOf(workload).filter(({ key }) => identityKeys.has(key));
    return entries.flatMap((entry) => {
      const why = whyNotRead(entry, entries, identity);
      const isIdle = why !== undefined && isWithoutEffect(entry, identity, { workload, context });
      return isIdle ? [{ path: entry.path, message: `has no effect: ${why}` }] : [];
    });
  },
});

/** To find what was meant takes its time, and thousands of such keys are no slips of the finger. */
const mostKeys = 50;

const keyIsMisspelt = rule({
  id: 'key-misspelt',
  title: 'A key that looks like one of Keptn’s',
  why: 'A key that is spelt like this has no effect.',
  fix: 'Correct the key.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check: (workload) =>
    entriesOf(workload)
      .filter(({ key }) => isNearlyOurs(key))
      .slice(0, mostKeys)
      .flatMap(({ key, path }) => {
        const intended = intendedKey(key);
        return intended === undefined
          ? []
          : [
              {
                path,
                message: `this key has no effect; did you mean ${intended}?`,
                mend: { type: 'rename', to: intended },
              },
            ];
      }),
});

const keyIsMisplaced = rule({
  id: 'key-misplaced',
  title: 'A key that is read elsewhere',
  why: 'Some keys mean something on a Namespace or on a running Pod, and nothing on a workload.',
  fix: 'Remove it, or move it to the Namespace.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check: (workload) =>
    entriesOf(workload).flatMap(({ key, path, place }) => {
      const message = (place.of === 'object' ? notOnObjects : notInTemplates).get(key);
      if (message === undefined) return [];
      // The record of another Pod; taken off each new one anyway.
      const isRecord = key === keptnAnnotations.gateRemoved;
      return [{ path, message, ...(isRecord && { mend: { type: 'remove' } as const }) }];
    }),
});

const metadataIsUnreadable = rule({
  id: 'metadata-unreadable',
  title: 'Metadata that is no list of pairs',
  why: 'What is not one key and one value with = between them is left out of traces and tasks.',
  fix: 'Write key=value, several of them with commas between.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check: (workload) =>
    entriesOf(workload)
      .filter(({ key }) => key === keptnAnnotations.metadata)
      .flatMap(({ path, value }) => {
        const odd = value
          .split(',')
          .find((pair) => pair.trim() !== '' && pair.split('=').length !== 2);
        if (odd === undefined) return [];
        const message = `${JSON.stringify(odd.trim().slice(0, 60))} is left out, it is not key=value`;
        return [{ path, message }];
      }),
});

const durationKeys: ReadonlySet<string> = new Set([
  sluiceKeys.deploymentTimeout,
  ...Object.values(deadlineKeys),
]);

const timeoutIsUnreadable = rule({
  id: 'deployment-timeout-unreadable',
  title: 'A time-out or deadline that cannot be read',
  why: 'It is left out, and what the application, the Namespace or the KeptnConfig says holds.',
  fix: 'Write a Go duration: 90s, 20m, 1h30m; 0s is for ever.',
  severity: 'doubtful',
  kinds: workloadKinds,
  check: (workload) =>
    entriesOf(workload)
      .filter(({ key, value }) => durationKeys.has(key) && durationOr(value.trim(), -1) < 0)
      .map(({ path, value }) => ({
        path,
        message: `${JSON.stringify(value.slice(0, 60))} is no duration and is left out; write for example 20m`,
      })),
});

const versionIsReleasedOtherwise = rule<WorkloadManifest>({
  id: 'version-reused',
  title: 'A version that was released with another Pod template',
  why: 'A version is checked once. Pods that carry a version which has been released start without checks, whatever is in them.',
  fix: 'Give what has changed a new version.',
  severity: 'risky',
  kinds: workloadKinds,
  check(workload, context: WorkloadContext) {
    const identity = identityOfManifest(workload, context);
    if (identity?.type !== 'annotated' || context.isReleasedOtherwise !== true) return [];
    const { version = '' } = identity;
    const message = `version ${version} of workload ${identity.workload} has been released with another Pod template, so these Pods start without checks; give them a new version`;
    return [{ path: versionPath(workload, version), message }];
  },
});

const versionHasFailed = rule<WorkloadManifest>({
  id: 'version-failed',
  title: 'A version that has failed its checks',
  why: 'A version is checked once, also when it is applied again: its Pods are held by the failure on record, until the definition of a failed check is changed or the version is deleted.',
  fix: 'Give what has changed a new version; or mend the cause and have the version checked again with the command of the message.',
  severity: 'advice',
  kinds: workloadKinds,
  check(workload, context: WorkloadContext) {
    const { failedVersion } = context;
    if (failedVersion === undefined) return [];
    const { version, workloadName } = failedVersion.spec;
    const why = conditionOf(failedVersion, conditionTypes.succeeded)?.message ?? '';
    const again = context.settings.repeatFailedChecks
      ? 'It is checked again if the definition of a failed check is changed, and once any other cause is mended by'
      : 'Once the cause is mended, it is checked again by';
    const message = `version ${version} of workload ${workloadName} has failed (${shortened(why, 300)}), and its Pods are held. Give what has changed a new version. ${again}: ${commandToCheckAgain(failedVersion)}`;
    return [{ path: versionPath(workload, version), message }];
  },
});

/** The rules about what people apply and Sluice gates the Pods of. */
export const workloadRules: readonly Rule<WorkloadManifest>[] = [
  nodeNameIsSet,
  workloadIsNotNamed,
  versionIsImpossible,
  identityIsTooLong,
  annotationIsNotRead,
  keyIsMisspelt,
  keyIsMisplaced,
  metadataIsUnreadable,
  timeoutIsUnreadable,
  versionIsReleasedOtherwise,
  versionHasFailed,
  deadlineIsTooShort,
  gateComesLate,
  chainIsImpossible,
  definitionIsIllegal,
  definitionIsMissing,
];

/** The value that keeps the workload from being read; none where everything can be. */
export function tooLongIn(
  workload: WorkloadManifest,
  context: Pick<WorkloadContext, 'settings'>,
): readonly Found[] {
  const identity = identityOfManifest(workload, context);
  if (identity?.type !== 'annotated' || identity.tooLong === undefined) return [];
  const place = identity.source === 'pod' ? 'spec.template.metadata' : 'metadata';
  const { path, message } = identity.tooLong;
  return [{ path: `${place}.${path}`, message }];
}

/** Why another place or key counts instead of this one; undefined if none does. */
function whyNotRead(
  { place, field, key }: Entry,
  entries: readonly Entry[],
  { source, versionSource }: AnnotatedIdentity,
): string | undefined {
  if (source === 'pod' && place.of === 'object') {
    return 'the Pod template names the workload, and then nothing else is read; move it to spec.template.metadata.annotations';
  }
  const isShadowed = entries.some(
    (other) => other.key === key && other.place.of === place.of && other.field !== field,
  );
  if (field === 'labels' && isShadowed) return 'the annotation of this key comes first';
  if (source === 'owner' && place.of === 'template') {
    return 'the workload is named in metadata, and what stands there comes first; move it there';
  }
  if (key === keptnAnnotations.container && versionSource === 'given') {
    return 'the version is given, so it is not taken from an image';
  }
  return undefined;
}

/** Whether the Pods are the same to Keptn without it, and it is no mere repetition of what does count. */
function isWithoutEffect(
  { key, value, path }: Entry,
  identity: AnnotatedIdentity,
  { workload, context }: { workload: WorkloadManifest; context: WorkloadContext },
): boolean {
  const others = entriesOf(workload).filter((one) => one.key === key && one.path !== path);
  if (others.some((one) => one.value === value)) return false;
  return isEqualJson(
    meaningOf(identityOfManifest(without(workload, path), context)),
    meaningOf(identity),
  );
}

/** All of an identity but what a Pod would get written on it. */
function meaningOf(identity: Identity | undefined): unknown {
  return { ...identity, annotations: undefined };
}

function without(workload: WorkloadManifest, path: string): WorkloadManifest {
  const { metadata, spec } = workload;
  const { template } = spec;
  return {
    ...workload,
    metadata: cut(metadata, 'metadata', path),
    spec: {
      ...spec,
      template: {
        ...template,
        metadata: cut(template?.metadata ?? {}, 'spec.template.metadata', path),
      },
    },
  };
}

/** The metadata without the one entry of this path. */
function cut<T extends { labels?: Record<string, string>; annotations?: Record<string, string> }>(
  metadata: T,
  at: string,
  path: string,
): T {
  const keep = (field: 'labels' | 'annotations') =>
    Object.fromEntries(
      Object.entries(metadata[field] ?? {}).filter(([key]) => `${at}.${field}[${key}]` !== path),
    );
  return { ...metadata, labels: keep('labels'), annotations: keep('annotations') };
}

const notOnObjects: ReadonlyMap<string, string> = new Map([
  [
    keptnAnnotations.lifecycleToolkit,
    'has no effect here: a Namespace opts in, with an annotation of this key',
  ],
  [sluiceKeys.enabled, 'has no effect here: it is a label of Namespaces that Sluice sets itself'],
]);

const notInTemplates: ReadonlyMap<string, string> = new Map([
  ...notOnObjects,
  [
    keptnAnnotations.gateRemoved,
    'has no effect: it records what happened to one Pod, and is taken off new ones; remove it',
  ],
]);

function versionPath(workload: WorkloadManifest, version: string): string {
  const keys: readonly string[] = [keptnAnnotations.version, recommendedLabels.version];
  const entry = entriesOf(workload).find(
    ({ key, value }) => keys.includes(key) && value.toLowerCase() === version,
  );
  return entry?.path ?? 'spec.template';
}

import {
  keptnAnnotations,
  recommendedLabels,
  singleServiceAppType,
  sluiceKeys,
} from '../../api/keptn/annotations.ts';
import { type Mode, modeIn } from '../../api/keptn/mode.ts';
import type { ObjectMeta, ObjectRef } from '../../api/object.ts';
import type { StatedDeadlines } from '../deadline.ts';
import { durationOr } from '../go/duration.ts';
import type { TooLong } from './identity-bounds.ts';
import { type Metadata, valueOf } from './metadata-value.ts';
import { appName } from '../names.ts';
import { annotatedOwner, type OwnerChain } from '../owner/owner-chain.ts';
import { type IdentityOptions, type Origin, versionOf } from './pod-version.ts';
import { templateMetadata } from '../owner/revision.ts';
import { deadlineKeys, statedDeadlines } from './stated-deadlines.ts';
import { defined } from '../../api/json.ts';

/**
 * What a Pod is to Keptn, read from its own metadata or, if that names no workload, from its owner's (docs/compatibility.md
 * §2.2 to §2.7). Webhook and controllers share this file: they must never see two identities in one Pod.
 */
export type Identity =
  | AnnotatedIdentity
  /** Neither the Pod nor its template nor its owner is annotated. */
  | { readonly type: 'notAnnotated' }
  /** The Pod is not annotated itself, and whether its owner is cannot be told before `missing` was read. */
  | { readonly type: 'ownerUnknown'; readonly missing: ObjectRef };

export interface AnnotatedIdentity {
  readonly type: 'annotated';
  /**
   * Whose metadata names the workload. That one is read for everything, the other for nothing. `pod` includes the template
   * the Pod was made from: a key that the Pod has lost since is read there.
   */
  readonly source: 'pod' | 'owner';
  /** The name of the KeptnApp: by Keptn's rule (lower case, `_` as `-`) or, where that is illegal, with a hash. */
  readonly app: string;
  /** As written. */
  readonly workload: string;
  /** `spec.version` of the KeptnWorkload: lower case. Undefined when `versionSource` is `unknown` or `impossible`. */
  readonly version?: string;
  /**
   * - `given`: by annotation or label.
   * - `computed`: from the template of the Pod's revision.
   * - `unknown`: to be computed, but the template of the Pod's revision is not known.
   * - `impossible`: `versionProblem` says why none can be computed.
   */
  readonly versionSource: 'given' | 'computed' | 'unknown' | 'impossible';
  readonly versionProblem?: string;
  /**
   * Of a computed version, the digest of the template it was computed from. Two templates may have one computed version:
   * `identityIn` tells them apart.
   */
  readonly templateDigest?: string;
  /** What is longer than anything that is read: then `versionSource` is `impossible`, and all values are cut. */
  readonly tooLong?: TooLong;
  /** Names of definitions, in order; white space and empty elements are dropped. */
  readonly preTasks: readonly string[];
  readonly postTasks: readonly string[];
  readonly preEvaluations: readonly string[];
  readonly postEvaluations: readonly string[];
  /** Checks without a Job (CheckDefinition). */
  readonly preChecks: readonly string[];
  readonly postChecks: readonly string[];
  /** Tasks that run once when a version of the workload has ended (KEP 93), read as the lists above. */
  readonly onSuccess: readonly string[];
  readonly onFailure: readonly string[];
  readonly metadata: Readonly<Record<string, string>>;
  /** How long its deployment may make no progress, a Go duration as written; left out where it is none. */
  readonly deploymentTimeout?: string;
  /** What its failed checks do, if it says it. */
  readonly mode?: Mode;
  /** How long its waits may last, as far as it says it. */
  readonly deadlines?: StatedDeadlines;
  /** No app is named: the workload is an app of its own. */
  readonly singleService: boolean;
  /**
   * The annotations with which the Pod says all this by itself (docs/compatibility.md §2.4), as far as it does not already. None from an owner
   * while the version is not known.
   */
  readonly annotations: Readonly<Record<string, string>>;
}

/**
 * The identity of a Pod whose owners were looked up with `ownerChainOf`. What the Pod carries itself counts first, whether
 * anything owns it or not: a Pod that loses its owner stands for what it stood for.
 */
export function identityOf(
  pod: { metadata: ObjectMeta },
  chain: OwnerChain,
  options: IdentityOptions = {},
): Identity {
  const own = withTemplate(pod.metadata, templateMetadata(pod, chain));
  const named = workloadOf(own);
  if (named !== undefined) {
    return annotatedIdentity({
      pod,
      source: 'pod',
      metadata: own,
      workload: named,
      chain,
      options,
    });
  }
  if (chain.type === 'unowned') return { type: 'notAnnotated' };
  if (chain.type === 'unknown') return { type: 'ownerUnknown', missing: chain.missing };
  const metadata = annotatedOwner(chain.owner);
  const workload = workloadOf(metadata);
  return workload === undefined
    ? { type: 'notAnnotated' }
    : annotatedIdentity({ pod, source: 'owner', metadata, workload, chain, options });
}

/** The Pod's labels and annotations, and those of its template that the Pod no longer has. */
function withTemplate(own: Metadata, template: Metadata | undefined): Metadata {
  if (template === undefined) return own;
  return {
    ...withLost('labels', own, template),
    ...withLost('annotations', own, template),
  };
}

/** Everything that is read of a Pod. There may be tens of thousands of other labels. */
const readKeys = [keptnAnnotations, recommendedLabels, sluiceKeys].flatMap((keys) =>
  Object.values(keys),
);

function withLost(field: 'labels' | 'annotations', own: Metadata, template: Metadata): Metadata {
  const [has, had] = [own[field], template[field]];
  let lost: Record<string, string> | undefined;
  if (had !== undefined) {
    for (const key of readKeys) {
      const value = had[key];
      if (value !== undefined && has?.[key] === undefined) (lost ??= {})[key] = value;
    }
  }
  if (lost !== undefined) return { [field]: { ...has, ...lost } };
  return has === undefined ? {} : { [field]: has };
}

function workloadOf(metadata: Metadata): string | undefined {
  return valueOf(metadata, keptnAnnotations.workload, recommendedLabels.workload);
}

function annotatedIdentity(origin: Origin): AnnotatedIdentity {
  const { pod, source, workload } = origin;
  const { written, ...version } = versionOf(origin);
  const copied = source === 'owner' ? ownerAnnotations(origin, written) : {};
  const own = source === 'pod' ? origin.metadata : pod.metadata;
  const metadata = { ...own, annotations: { ...own.annotations, ...copied } };
  const app = valueOf(metadata, keptnAnnotations.app, recommendedLabels.app);
  const added = {
    ...copied,
    ...(version.versionSource === 'computed' && written && { [keptnAnnotations.version]: written }),
    ...defined({ [sluiceKeys.templateDigest]: version.templateDigest }),
    ...(app === undefined && singleServiceAnnotations(workload)),
  };
  return {
    type: 'annotated',
    source,
    app: appName(app ?? workload),
    workload,
    ...version,
    preTasks: elementsOf(valueOf(metadata, keptnAnnotations.preDeploymentTasks)),
    postTasks: elementsOf(valueOf(metadata, keptnAnnotations.postDeploymentTasks)),
    preEvaluations: elementsOf(valueOf(metadata, keptnAnnotations.preDeploymentEvaluations)),
    postEvaluations: elementsOf(valueOf(metadata, keptnAnnotations.postDeploymentEvaluations)),
    preChecks: elementsOf(valueOf(metadata, sluiceKeys.preDeploymentChecks)),
    postChecks: elementsOf(valueOf(metadata, sluiceKeys.postDeploymentChecks)),
    onSuccess: elementsOf(valueOf(metadata, sluiceKeys.onSuccessTasks)),
    onFailure: elementsOf(valueOf(metadata, sluiceKeys.onFailureTasks)),
    metadata: pairsOf(valueOf(metadata, keptnAnnotations.metadata)),
    ...timeoutOf(metadata),
    ...deadlinesOf(metadata),
    ...modeOf(metadata),
    singleService: app === undefined || isSingleService(metadata),
    // Half an identity would hide the other half: the next look reads the Pod alone once it names a workload.
    annotations: source === 'owner' && written === undefined ? {} : missingIn(pod.metadata, added),
  };
}

/**
 * What a Pod gets from its owner. It overrides what the Pod has; where the owner says nothing the Pod's own lists and app
 * count, as in Keptn.
 */
function ownerAnnotations(
  { metadata, workload }: Origin,
  version: string | undefined,
): Record<string, string> {
  const copied = [
    keptnAnnotations.preDeploymentTasks,
    keptnAnnotations.postDeploymentTasks,
    keptnAnnotations.preDeploymentEvaluations,
    keptnAnnotations.postDeploymentEvaluations,
    sluiceKeys.preDeploymentChecks,
    sluiceKeys.postDeploymentChecks,
    sluiceKeys.onSuccessTasks,
    sluiceKeys.onFailureTasks,
    sluiceKeys.deploymentTimeout,
    ...Object.values(deadlineKeys),
    sluiceKeys.mode,
    keptnAnnotations.metadata,
  ].map((key) => [key, valueOf(metadata, key)] as const);
  const entries = [
    [keptnAnnotations.workload, workload] as const,
    [keptnAnnotations.version, version] as const,
    [keptnAnnotations.app, valueOf(metadata, keptnAnnotations.app, recommendedLabels.app)] as const,
    ...copied,
  ];
  return Object.fromEntries(
    entries.flatMap(([key, value]) => (value === undefined ? [] : [[key, value]])),
  );
}

/**
 * The app of a single service is written down, as Keptn does, and marked as such with the key that Keptn uses on its
 * request for the app: the Pod then names an app like any other.
 */
function singleServiceAnnotations(workload: string): Record<string, string> {
  return {
    [keptnAnnotations.app]: workload,
    [keptnAnnotations.appType]: singleServiceAppType,
  };
}

function isSingleService(metadata: Metadata): boolean {
  return metadata.annotations?.[keptnAnnotations.appType] === singleServiceAppType;
}

function missingIn(
  { annotations }: Metadata,
  wanted: Readonly<Record<string, string>>,
): Record<string, string> {
  return Object.fromEntries(
    Object.entries(wanted).filter(([key, value]) => annotations?.[key] !== value),
  );
}

function timeoutOf(metadata: Metadata): { readonly deploymentTimeout?: string } {
  const written = valueOf(metadata, sluiceKeys.deploymentTimeout)?.trim();
  return written === undefined || durationOr(written, -1) < 0 ? {} : { deploymentTimeout: written };
}

function modeOf(metadata: Metadata): { readonly mode?: Mode } {
  const mode = modeIn(valueOf(metadata, sluiceKeys.mode));
  return mode === undefined ? {} : { mode };
}

function deadlinesOf(metadata: Metadata): { readonly deadlines?: StatedDeadlines } {
  const deadlines = statedDeadlines((key) => valueOf(metadata, key));
  return Object.keys(deadlines).length === 0 ? {} : { deadlines };
}

function elementsOf(text: string | undefined): string[] {
  if (text === undefined) return [];
  return text
    .split(',')
    .map((element) => element.trim())
    .filter((element) => element !== '');
}

/** `a=b,c=d`; what is not one pair is dropped, as Keptn does. */
function pairsOf(text: string | undefined): Record<string, string> {
  const pairs = elementsOf(text).map((element) => element.split('='));
  return Object.fromEntries(pairs.filter((pair) => pair.length === 2));
}

import type { ProjectedTemplate } from '../../api/builtin.ts';
import { keptnAnnotations, recommendedLabels, sluiceKeys } from '../../api/keptn/annotations.ts';
import type { ObjectMeta } from '../../api/object.ts';
import { type ComputedVersion, computedVersion } from './computed-version.ts';
import { type TooLong, tooLongIn } from './identity-bounds.ts';
import { type Metadata, valueOf } from './metadata-value.ts';
import type { OwnerChain } from '../owner/owner-chain.ts';
import { templateOfPod } from '../owner/revision.ts';
import { defined } from '../../api/json.ts';

/** Where an identity is read: the Pod, and the metadata (its own or its owner's) that names the workload. */
export interface Origin {
  readonly pod: { metadata: ObjectMeta };
  readonly source: 'pod' | 'owner';
  readonly metadata: Metadata;
  readonly workload: string;
  readonly chain: OwnerChain;
  readonly options: IdentityOptions;
}

export interface IdentityOptions {
  /** KeptnConfig `versionFromImageTag`. */
  readonly versionFromImageTag?: boolean;
}

/** The version of a Pod, as `AnnotatedIdentity` has it. */
export interface PodVersion {
  readonly version?: string;
  readonly versionSource: 'given' | 'computed' | 'unknown' | 'impossible';
  readonly versionProblem?: string;
  readonly templateDigest?: string;
  readonly tooLong?: TooLong;
  /** With its capitals, for the Pod's annotation. */
  readonly written?: string;
}

/** The version that is given, or computed from the template that the Pod was made from. */
export function versionOf(origin: Origin): PodVersion {
  const { pod, metadata, chain } = origin;
  const tooLong = tooLongIn(metadata);
  if (tooLong !== undefined) {
    const versionProblem = `${tooLong.path} ${tooLong.message}`;
    return { versionSource: 'impossible', versionProblem, tooLong };
  }
  const given = valueOf(metadata, keptnAnnotations.version, recommendedLabels.version);
  if (given !== undefined) {
    const version = { version: given.toLowerCase(), written: given };
    const templateDigest = digestBehind(given, origin);
    return templateDigest === undefined
      ? { ...version, versionSource: 'given' }
      : { ...version, versionSource: 'computed', templateDigest };
  }
  const template = templateOfPod(pod, chain);
  const computed = template && computedFrom(template, origin);
  if (computed === undefined) return { versionSource: 'unknown' };
  if (computed.type === 'impossible') {
    return { versionSource: 'impossible', versionProblem: computed.message };
  }
  const { version: written, templateDigest } = computed;
  return { version: written.toLowerCase(), versionSource: 'computed', written, templateDigest };
}

type ComputedFrom =
  | { readonly type: 'version'; readonly version: string; readonly templateDigest: string }
  | Extract<ComputedVersion, { type: 'impossible' }>;

function computedFrom(template: ProjectedTemplate, { metadata, options }: Origin): ComputedFrom {
  const container = valueOf(metadata, keptnAnnotations.container);
  const computed = computedVersion(template.containers, {
    ...defined({ container }),
    fromImageTag: options.versionFromImageTag === true,
  });
  const templateDigest = template.unrestartedDigest ?? template.digest;
  return computed.type === 'impossible' ? computed : { ...computed, templateDigest };
}

/**
 * The digest of the template that the version on a Pod was computed from, if webhook or controller wrote it there: then
 * the template names none and has this one computed from it, or the digest stands beside it.
 */
function digestBehind(given: string, origin: Origin): string | undefined {
  const { source, pod, chain } = origin;
  if (source !== 'pod') return undefined;
  const template = templateOfPod(pod, chain);
  const named = template && valueOf(template, keptnAnnotations.version, recommendedLabels.version);
  // To compute it costs more than all else about an identity.
  const computed =
    template === undefined || named !== undefined ? undefined : computedFrom(template, origin);
  const isComputed = computed?.type === 'version' && computed.version === given;
  return isComputed
    ? computed.templateDigest
    : pod.metadata.annotations?.[sluiceKeys.templateDigest];
}

import type { Container } from '../../api/builtin.ts';

/** What a version is computed with when neither annotation nor label gives one. */
export interface VersionRule {
  /** The value of `keptn.sh/container`: the container whose image tag is the version. */
  readonly container?: string;
  /** KeptnConfig `versionFromImageTag`: a template with one container needs no `keptn.sh/container`. */
  readonly fromImageTag?: boolean;
}

export type ComputedVersion =
  | { readonly type: 'version'; readonly version: string }
  | { readonly type: 'impossible'; readonly message: string };

/**
 * The version of a Pod template that names none (docs/compatibility.md §2.5): the image tag of the chosen container, or
 * else the decimal FNV-1a-32 hash over names, images and literal environment of all containers.
 */
export function computedVersion(
  containers: readonly Container[],
  rule: VersionRule = {},
): ComputedVersion {
  const chosen = chosenContainer(containers, rule);
  if (chosen === undefined && rule.container !== undefined) {
    return {
      type: 'impossible',
      message: `The container name '${rule.container}' specified in keptn.sh/container does not match any containers in the pod`,
    };
  }
  const tag = chosen === undefined ? undefined : imageTag(chosen.image ?? '');
  if (tag !== undefined) return { type: 'version', version: tag };
  return { type: 'version', version: String(fnv1a32(containers.map(hashedText).join(''))) };
}

function chosenContainer(
  containers: readonly Container[],
  rule: VersionRule,
): Container | undefined {
  if (rule.container !== undefined) return containers.find(({ name }) => name === rule.container);
  return rule.fromImageTag === true && containers.length === 1 ? containers[0] : undefined;
}

/**
 * The tag, or the hex digits of a digest. Keptn takes everything after the last colon, which for `registry:5000/app` is
 * `5000/app`: no object can have that name, so an image like that has no tag here. `latest` names no version.
 */
function imageTag(image: string): string | undefined {
  const colon = image.lastIndexOf(':');
  if (colon < 0) return undefined;
  const tag = image.slice(colon + 1);
  return tag === '' || tag === 'latest' || tag.includes('/') ? undefined : tag;
}

function hashedText(container: Container): string {
  const environment = (container.env ?? []).map(({ name, value }) => name + (value ?? ''));
  return container.name + (container.image ?? '') + environment.join('');
}

/** FNV-1a with 32 bits over the UTF-8 bytes, as Go's hash/fnv computes it. */
function fnv1a32(text: string): number {
  let hash = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) {
    hash = Math.imul(hash ^ byte, 0x01000193);
  }
  return hash >>> 0;
}

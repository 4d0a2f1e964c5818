import type { Container } from '../../api/builtin.ts';
import type { JobOptions } from '../../api/keptn/job-options.ts';
import { defined } from '../../api/json.ts';

/** The options of a definition over those of the KeptnConfig: field by field, labels and annotations key by key. */
export function mergedOptions(defaults: JobOptions, own: JobOptions | undefined): JobOptions {
  const labels = { ...defaults.labels, ...own?.labels };
  const annotations = { ...defaults.annotations, ...own?.annotations };
  return { ...defaults, ...own, labels, annotations };
}

/** The part of the options that belongs into a container; mounts are added to those it has. */
export function containerOptions(options: JobOptions): Partial<Container> {
  const { imagePullPolicy, envFrom, resources, securityContext } = options;
  return {
    ...defined({ imagePullPolicy, envFrom, resources, securityContext }),
  };
}

/** The part of the options that belongs into the Pod's spec, volumes apart. */
export function podOptions(options: JobOptions): Record<string, unknown> {
  const { nodeSelector, tolerations, affinity, podSecurityContext } = options;
  return {
    ...defined({ securityContext: podSecurityContext, nodeSelector, tolerations, affinity }),
  };
}

/**
 * What the *restricted* Pod Security level asks of a container (Kubernetes, Pod Security Standards). Sluice's runner images
 * are made for it.
 */
const restrictedSecurityContext = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  seccompProfile: { type: 'RuntimeDefault' },
} as const;

/** The options of a function that runs in Sluice's image: on Linux, under that level, but for what they say themselves. */
export function inOwnImage(options: JobOptions): JobOptions {
  return {
    ...options,
    nodeSelector: { 'kubernetes.io/os': 'linux', ...options.nodeSelector },
    securityContext: { ...restrictedSecurityContext, ...options.securityContext },
  };
}

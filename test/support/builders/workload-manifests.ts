import type { Container } from '../../../src/api/builtin.ts';
import type { WorkloadManifest } from '../../../src/lint/workload/workload-manifest.ts';

/** What of a workload a test wants to say. */
export interface ManifestDescribed {
  readonly kind?: 'Deployment' | 'StatefulSet' | 'DaemonSet' | 'Rollout';
  readonly metadata?: Partial<WorkloadManifest['metadata']>;
  /** Annotations of the object itself. */
  readonly annotations?: Record<string, string>;
  /** Annotations of the Pod template. */
  readonly podAnnotations?: Record<string, string>;
  /** Labels of the Pod template. */
  readonly podLabels?: Record<string, string>;
  readonly containers?: readonly Container[];
  readonly nodeName?: string;
  readonly progressDeadlineSeconds?: number;
}

/** A workload `cart` in namespace `shop` as people apply it; of no concern to Keptn unless it is annotated. */
export function aManifest(described: ManifestDescribed = {}): WorkloadManifest {
  const { kind = 'Deployment', annotations, podAnnotations, podLabels, metadata } = described;
  const { containers = [{ name: 'cart', image: 'registry.example/cart:1.2.0' }] } = described;
  const { nodeName, progressDeadlineSeconds } = described;
  const labels = { app: 'cart', ...podLabels };
  const spec = {
    replicas: 1,
    selector: { matchLabels: { app: 'cart' } },
    template: {
      metadata: { labels, ...(podAnnotations && { annotations: podAnnotations }) },
      spec: { containers, ...(nodeName !== undefined && { nodeName }) },
    },
    ...(progressDeadlineSeconds !== undefined && { progressDeadlineSeconds }),
  };
  return {
    apiVersion: kind === 'Rollout' ? 'argoproj.io/v1alpha1' : 'apps/v1',
    kind,
    metadata: {
      name: 'cart',
      namespace: 'shop',
      uid: 'uid-of-cart',
      ...(annotations && { annotations }),
      ...metadata,
    },
    spec,
  };
}

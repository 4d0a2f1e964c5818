import type { Kind, KubernetesObject } from '../api/object.ts';
import { targetOf } from './explain-target.ts';
import { findingText } from './finding-text.ts';
import { snapshotOf } from './snapshot.ts';

/** What is to be explained, and how. */
export interface ExplainRequest {
  /** `pod/cart-5d4-x` */
  readonly target: string;
  readonly namespace: string;
  readonly output: 'text' | 'json';
  readonly inColor: boolean;
}

/** What an explanation needs of the cluster. */
export interface ExplainedCluster {
  list(kind: Kind, namespace: string, labelSelector: string): Promise<readonly KubernetesObject[]>;
}

/** There is no object of that name; the message says where it was looked for. */
class NotFound extends Error {
  constructor(message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'NotFound';
  }
}

/**
 * Why something waits, read live: a tree for people, or the same as JSON. Throws `BadInput` for a target that cannot be
 * explained, `NotFound`, and what the cluster throws.
 */
export async function explanation(
  request: ExplainRequest,
  cluster: ExplainedCluster,
): Promise<string> {
  const { target, namespace, output, inColor } = request;
  const { kind, name, why } = targetOf(target);
  const finding = why(await snapshotOf(cluster, namespace), namespace, name);
  if (finding === undefined) {
    throw new NotFound(
      `there is no ${kind.kind} ${name} in namespace ${namespace}; name another namespace with --namespace`,
    );
  }
  return output === 'json' ? JSON.stringify(finding, undefined, 2) : findingText(finding, inColor);
}

import type { Kind, KubernetesObject } from '../../api/object.ts';
import { targetOf } from './explain-target.ts';
import { visibleText } from '../../api/text/visible-text.ts';
import { type FindingPaper, findingText } from './finding-text.ts';
import { snapshotOf } from '../command/snapshot.ts';

/** What is to be explained, and how. */
export interface ExplainRequest {
  /** `pod/cart-5d4-x` */
  readonly target: string;
  readonly namespace: string;
  readonly output: 'text' | 'json';
  readonly paper: FindingPaper;
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

/** The explanation, and whether what it explains has failed. */
export interface Explanation {
  readonly text: string;
  readonly hasFailed: boolean;
}

/**
 * Why something waits, read live: a tree for people, or the same as JSON. Throws `BadInput` for a target that cannot be
 * explained, `NotFound`, and what the cluster throws.
 */
export async function explanation(
  request: ExplainRequest,
  cluster: ExplainedCluster,
): Promise<Explanation> {
  const { target, namespace, output, paper } = request;
  const { kind, name, why } = targetOf(target);
  const finding = why(await snapshotOf(cluster, namespace), namespace, name);
  if (finding === undefined) {
    throw new NotFound(
      `there is no ${kind.kind} ${name} in namespace ${namespace}; name another namespace with --namespace`,
    );
  }
  const text =
    output === 'json'
      ? visibleText(JSON.stringify(finding, undefined, 2))
      : findingText(finding, paper);
  return { text, hasFailed: finding.mark === 'failed' };
}

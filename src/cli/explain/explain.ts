import type { Kind, KubernetesObject } from '../../api/object.ts';
import { reasonFor } from './explain-target.ts';
import type { OutputFormat } from '../command/output-option.ts';
import { structured } from '../command/output-option.ts';
import type { Target } from '../command/target.ts';
import { type FindingPaper, findingText } from './finding-text.ts';
import { snapshotOf } from '../command/snapshot.ts';

/** What is to be explained, and how. */
export interface ExplainRequest {
  readonly target: Target;
  readonly namespace: string;
  readonly output: OutputFormat;
  readonly paper: FindingPaper;
}

/** What an explanation needs of the cluster. */
export interface ExplainedCluster {
  list(
    kind: Kind,
    namespace: string | undefined,
    labelSelector: string,
  ): Promise<readonly KubernetesObject[]>;
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
 * Why something waits, read live: a tree for people, or the same as JSON. Throws `NotFound`, and what the
 * cluster throws.
 */
export async function explanation(
  request: ExplainRequest,
  cluster: ExplainedCluster,
): Promise<Explanation> {
  const { target, namespace, output, paper } = request;
  const { kind, name } = target;
  const finding = reasonFor(target, await snapshotOf(cluster, namespace), namespace);
  if (finding === undefined) {
    throw new NotFound(
      kind.namespaced
        ? `there is no ${kind.kind} ${name} in namespace ${namespace}; name another namespace with --namespace`
        : `there is no ${kind.kind} ${name}, or you may not read it`,
    );
  }
  const text =
    output === 'json' || output === 'yaml'
      ? structured(finding, output).trimEnd()
      : findingText(finding, paper);
  return { text, hasFailed: finding.mark === 'failed' };
}

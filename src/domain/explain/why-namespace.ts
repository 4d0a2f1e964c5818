import { type Namespace, PodKind } from '../../api/builtin.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { gateIndex } from '../gate/pod-gate.ts';
import { isReleased } from '../gate/release.ts';
import type { Lookup } from '../lookup.ts';
import { type Finding, findingAbout } from './finding.ts';
import { namespaceUnchecked } from './unchecked.ts';
import { whyWorkloadVersion } from './why-version.ts';

/** Whether the Pods of a Namespace are held, or why not; what it holds is counted, and versions that have failed are named. */
export function whyNamespace({ kind, apiVersion, metadata }: Namespace, lookup: Lookup): Finding {
  const namespace = { kind, apiVersion, metadata };
  const { name } = metadata;
  const pods = lookup.list(PodKind, name);
  const held = pods.filter((pod) => gateIndex(pod) >= 0);
  const counts = { all: pods.length, held: held.length };
  const unchecked = namespaceUnchecked(name, lookup);
  if (unchecked !== undefined) {
    const { reason, because, remedies } = unchecked;
    return findingAbout(namespace, {
      mark: 'warning',
      says: `nothing in it is checked: ${because}`,
      facts: { pods: counts, reason, ...(remedies.length > 0 && { remedies }) },
    });
  }
  const failed = lookup
    .list(KeptnWorkloadVersion, name)
    .filter(({ status }) => status?.status === 'Failed' && !isReleased(status));
  return findingAbout(namespace, {
    mark: held.length > 0 ? 'waiting' : 'done',
    says: `its workloads are checked; ${held.length} of ${pods.length} Pods held`,
    facts: { pods: counts },
    because: failed.map((version) => whyWorkloadVersion(version, lookup)),
  });
}

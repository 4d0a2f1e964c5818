import { ReleasedVersionsKind, releasedVersionsName } from '../../api/released-versions.ts';
import { type Asking, at, mapSeen } from './asking.ts';
import { whyOf } from './judge-cluster.ts';
import { type Line, ok, unknown, warning } from './line.ts';
import type { Seen } from './seen.ts';

/** The list of released versions of one Namespace. */
export interface ListSeen {
  readonly namespace: string;
  /** How many entries found no room in it. */
  readonly leftOut: Seen<number>;
}

/** The lists of these Namespaces, one after the other: each may be as large as an object can be. */
export async function observeLists(
  cluster: Asking,
  namespaces: readonly string[],
): Promise<readonly ListSeen[]> {
  const { apiVersion, plural } = ReleasedVersionsKind;
  const lists: ListSeen[] = [];
  for (const namespace of namespaces) {
    const path = `/apis/${apiVersion}/namespaces/${namespace}/${plural}/${releasedVersionsName}`;
    const leftOut = mapSeen(await cluster.get(path), (list) =>
      Number(at(list, 'status', 'leftOut') ?? 0),
    );
    lists.push({ namespace, leftOut });
  }
  return lists;
}

/** Whether the lists by which Pods start while no Sluice answers are there and hold all that is released. */
export function judgeLists(lists: readonly ListSeen[]): readonly Line[] {
  const check = 'released lists';
  const lines = lists.flatMap(({ namespace, leftOut }): Line[] => {
    if (leftOut.is === 'absent')
      return [
        warning(
          check,
          `${namespace} has no list of released versions: while no Sluice answers, none of its annotated Pods starts`,
          'start Sluice with --backstop true; it makes the list by itself',
        ),
      ];
    if (leftOut.is !== 'found') return [unknown(check, `${namespace}: ${whyOf(leftOut)}`)];
    if (leftOut.value === 0) return [];
    return [
      warning(
        check,
        `the list of ${namespace} is full: ${leftOut.value} entries found no room, so that their Pods do not start while no Sluice answers`,
        'lower revisionHistoryLimit, or spread the workloads over several Namespaces',
      ),
    ];
  });
  return lines.length > 0 ? lines : [ok(check, `${lists.length}, and none is full`)];
}

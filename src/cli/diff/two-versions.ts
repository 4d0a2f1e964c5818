import { DaemonSetKind, DeploymentKind, RolloutKind, StatefulSetKind } from '../../api/builtin.ts';
import { KeptnAppVersion } from '../../api/keptn/app-version.ts';
import { KeptnApp } from '../../api/keptn/app.ts';
import { KeptnWorkloadVersion } from '../../api/keptn/workload-version.ts';
import { KeptnWorkload } from '../../api/keptn/workload.ts';
import type { Kind } from '../../api/object.ts';
import type { Lookup } from '../../domain/lookup.ts';
import { type Target, targetText, type Targeting } from '../command/target.ts';
import { versionBehind } from '../command/version-behind.ts';
import type { Version } from './checks-of.ts';

const kinds = [KeptnWorkloadVersion, KeptnAppVersion, KeptnWorkload, KeptnApp];

/** What has versions that can be compared. */
export const comparing: Targeting = {
  kinds: [...kinds, DeploymentKind, StatefulSetKind, DaemonSetKind, RolloutKind],
  cannot: 'has no versions to compare',
  example: 'write for example deployment/cart or keptnapp/shop',
};

/** The kinds that are read to find the versions. */
export function kindsOfDiff({ kind }: Target): readonly Kind[] {
  return [...new Set<Kind>([kind, ...kinds])];
}

/** Which two versions are meant, by their numbers. */
export interface Asked {
  readonly from?: string;
  readonly to?: string;
}

/**
 * The two versions that are to be compared: without numbers the one that is current (or that is named) and the newest before it.
 * Throws an error that names the versions there are where one of them is not to be found.
 */
export function twoVersions(
  target: Target,
  namespace: string,
  { lookup, from, to }: Asked & { readonly lookup: Lookup },
): { readonly before: Version; readonly after: Version } {
  const object = lookup.get(target.kind, namespace, target.name);
  const behind = object && versionBehind(object, lookup)?.object;
  const all: readonly Version[] = [
    ...lookup.list(KeptnWorkloadVersion, namespace),
    ...lookup.list(KeptnAppVersion, namespace),
  ];
  const current = all.find(({ metadata }) => metadata.uid === behind?.metadata.uid);
  if (current === undefined)
    throw new Error(`${targetText(target)} has no version in namespace ${namespace} (yet)`);
  const own = all
    .filter((one) => subjectOf(one) === subjectOf(current))
    .toSorted((a, b) => (madeAt(a) < madeAt(b) ? -1 : 1));
  const known = own.map(({ spec }) => spec.version).join(', ');
  const numbered = (number: string): Version => {
    const found = own.findLast(({ spec }) => spec.version === number);
    if (found !== undefined) return found;
    throw new Error(`${targetText(target)} has no version ${number}; there are ${known}`);
  };
  const after = to === undefined ? current : numbered(to);
  const before = from === undefined ? own[own.indexOf(after) - 1] : numbered(from);
  if (before === undefined) {
    throw new Error(
      `${targetText(target)} has no version before ${after.spec.version} any more; name another with --from, of: ${known}`,
    );
  }
  return { before, after };
}

/** What both versions must be of. */
function subjectOf({ kind, spec }: Version): string {
  return `${kind} ${'appName' in spec ? spec.appName : spec.workloadName}`;
}

function madeAt({ metadata }: Version): string {
  return `${metadata.creationTimestamp ?? ''} ${metadata.name}`;
}

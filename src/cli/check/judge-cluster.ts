import { failed, type Line, ok, unknown, warning } from './line.ts';
import type { CrdSeen, PolicySeen, RightSeen, Seen } from './seen.ts';

/** The oldest minor whose API has what Sluice needs, and the newest that it is tested on. */
const oldestMinor = 30;
const newestMinor = 36;

/** Whether this Kubernetes will do; of its `gitVersion`. */
export function judgeKubernetes(version: Seen<string>): Line {
  const check = 'Kubernetes version';
  if (version.is !== 'found') return unknown(check, whyOf(version));
  const [, major, minor] = /^v?(\d+)\.(\d+)/u.exec(version.value) ?? [];
  if (major !== '1' || minor === undefined)
    return unknown(check, `"${version.value}" is no version`);
  if (Number(minor) < oldestMinor)
    return failed(
      check,
      `${version.value}: scheduling gates and admission policies need 1.${oldestMinor}`,
      `upgrade the cluster to 1.${oldestMinor} or newer`,
    );
  if (Number(minor) > newestMinor)
    return warning(
      check,
      `${version.value} is newer than what this Sluice is tested on (1.${oldestMinor} to 1.${newestMinor})`,
      'look for a newer Sluice',
    );
  return ok(check, version.value);
}

/** One line for all definitions that are well, and one for each that is not. */
export function judgeCrds(crds: readonly CrdSeen[]): readonly Line[] {
  const check = 'CustomResourceDefinitions';
  const remedy = 'sluice install --crds';
  const lines = crds.flatMap(({ name, wanted, found }): Line[] => {
    if (found.is === 'unreadable') return [unknown(check, `${name}: ${found.why}`)];
    if (found.is === 'absent')
      return [failed(check, `${name} is missing: what needs it is held until it is there`, remedy)];
    const { served, stored, isEstablished } = found.value;
    if (!isEstablished)
      return [failed(check, `${name} is not served`, `kubectl describe crd ${name}`)];
    const missing = wanted.filter((version) => !served.includes(version));
    const stale = stored.filter((version) => !served.includes(version));
    if (missing.length > 0)
      return [failed(check, `${name} does not serve ${missing.join(', ')}`, remedy)];
    if (stale.length > 0)
      return [
        failed(
          check,
          `${name} may hold objects in ${stale.join(', ')}, which is not served: they cannot be read`,
          remedy,
        ),
      ];
    return [];
  });
  return lines.length > 0 ? lines : [ok(check, `all ${crds.length} are there and served`)];
}

/** The policies that keep the gate shut, and their bindings. */
export function judgePolicies(policies: readonly PolicySeen[]): readonly Line[] {
  const check = 'admission policies';
  const remedy = 'sluice install --policy';
  const lines = policies.flatMap(({ kind, name, wantedActions, found }): Line[] => {
    if (found.is === 'unreadable') return [unknown(check, `${kind} ${name}: ${found.why}`)];
    if (found.is === 'absent')
      return [failed(check, `${kind} ${name} is missing: what it refuses is let through`, remedy)];
    const { actions } = found.value;
    const missing = wantedActions.filter((action) => !actions.includes(action));
    if (missing.length === 0) return [];
    const does = actions.join(', ') || 'nothing';
    return [
      failed(check, `${kind} ${name} does ${does}, where it has to ${missing.join(', ')}`, remedy),
    ];
  });
  return lines.length > 0 ? lines : [ok(check, 'all are there and in force')];
}

/** What `user` may not do although it has to; those rights that are of one kind in one line. */
export function judgeRights(user: string, rights: readonly RightSeen[]): readonly Line[] {
  const check = 'rights';
  const unread = rights.find(({ allowed }) => allowed.is !== 'found');
  if (unread !== undefined && unread.allowed.is !== 'found')
    return [unknown(check, whyOf(unread.allowed))];
  const denied = rights.filter(({ allowed }) => allowed.is === 'found' && !allowed.value);
  if (denied.length === 0) return [ok(check, `${user} has all ${rights.length} that it needs`)];
  const verbs = Map.groupBy(denied, ({ resource, namespace }) =>
    namespace === undefined ? resource : `${resource} in ${namespace}`,
  );
  return [...verbs].map(([resource, lacking]) =>
    failed(
      check,
      `${user} may not ${lacking.map(({ verb }) => verb).join(', ')} ${resource}`,
      'sluice install --rights, or the chart; with other users than the service account: --user',
    ),
  );
}

/** Why something was not found, in words. */
export function whyOf(seen: Exclude<Seen<unknown>, { is: 'found' }>): string {
  return seen.is === 'absent' ? 'it is not there' : seen.why;
}

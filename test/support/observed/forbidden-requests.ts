import { readFileSync } from 'node:fs';

/** What an API server refused this user for lack of a right, by its audit log; denials by policies are no lack of rights. */
export function forbiddenRequests(auditLog: string | undefined, user: string): readonly string[] {
  if (auditLog === undefined) throw new Error('the control plane was started without an audit log');
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line.includes('"authorization.k8s.io/decision":"forbid"'))
    .filter((line) => line.includes(`"username":"${user}"`))
    .map((line) => {
      const verb = /"verb":"([^"]*)"/u.exec(line)?.[1] ?? '';
      return `${verb} ${/"requestURI":"([^"?]*)/u.exec(line)?.[1] ?? line}`;
    });
}

/**
 * The requests of a user that were refused for lack of a right while both its ClusterRoleBinding and its RoleBinding, which have one name,
 * were there. Before they are made and after an uninstall has deleted one, a process that still runs lacks rights, and that is as it should
 * be.
 */
export function forbiddenWhileBound(
  auditLog: string | undefined,
  { user, binding }: { readonly user: string; readonly binding: string },
): readonly string[] {
  if (auditLog === undefined) throw new Error('the control plane was started without an audit log');
  const ofBinding = new RegExp(
    `"objectRef":\\{"resource":"(?<kind>clusterrolebindings|rolebindings)",[^}]*"name":"${binding}"[,}]`,
    'u',
  );
  const bound = new Set<string>();
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => {
      const kind = ofBinding.exec(line)?.groups?.['kind'];
      if (kind !== undefined && /"code":20\d/u.test(line)) {
        if (line.includes('"verb":"delete"')) bound.delete(kind);
        else bound.add(kind);
      }
      const isForbidden = line.includes('"authorization.k8s.io/decision":"forbid"');
      return bound.size === 2 && isForbidden && line.includes(`"username":"${user}"`);
    });
}

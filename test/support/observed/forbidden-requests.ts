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
 * The writes of a user that were refused for lack of a right while a ClusterRoleBinding was there. Before it is made and after an uninstall
 * has deleted it, a process that still runs has no rights, and that is as it should be.
 */
export function forbiddenWhileBound(
  auditLog: string | undefined,
  { user, binding }: { readonly user: string; readonly binding: string },
): readonly string[] {
  if (auditLog === undefined) throw new Error('the control plane was started without an audit log');
  const isOfBinding = new RegExp(
    `"objectRef":\\{"resource":"clusterrolebindings",[^}]*"name":"${binding}"[,}]`,
    'u',
  );
  let isBound = false;
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => {
      if (isOfBinding.test(line) && /"code":20\d/u.test(line))
        isBound = !line.includes('"verb":"delete"');
      const isForbidden = line.includes('"authorization.k8s.io/decision":"forbid"');
      return isBound && isForbidden && line.includes(`"username":"${user}"`);
    });
}

import { readFileSync } from 'node:fs';
import { readWrites, type Write } from './audit-log.ts';

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
 * The writes of a user that were refused (403) while a ClusterRoleBinding was there. Before it is made and after an uninstall has
 * deleted it, a process that still runs has no rights, and that is as it should be.
 */
export function refusedWhileBound(
  auditLog: string | undefined,
  { user, binding }: { readonly user: string; readonly binding: string },
): readonly Write[] {
  let isBound = false;
  return readWrites(auditLog, { refused: true }).filter((write) => {
    const { resource, name, verb, code } = write;
    if (resource.startsWith('clusterrolebindings.') && name === binding && code < 300)
      isBound = verb !== 'delete';
    return isBound && write.user === user && code === 403;
  });
}

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

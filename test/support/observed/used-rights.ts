import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

const entrySchema = Type.Object({
  verb: Type.String(),
  user: Type.Object({ username: Type.Optional(Type.String()) }),
  annotations: Type.Optional(Type.Record(Type.String(), Type.String())),
  objectRef: Type.Optional(
    Type.Object({
      resource: Type.Optional(Type.String()),
      subresource: Type.Optional(Type.String()),
      apiGroup: Type.Optional(Type.String()),
    }),
  ),
});

/** The rights that a user has made use of: `patch keptntasks.lifecycle.keptn.sh/status`. */
export interface UsedRights {
  readonly allowed: ReadonlySet<string>;
  readonly forbidden: ReadonlySet<string>;
}

/** What an audit log that has everything the user asks for, reads too, says of its rights. */
export function usedRights(auditLog: string, user: string): UsedRights {
  const found = { allow: new Set<string>(), forbid: new Set<string>() };
  for (const line of readFileSync(auditLog, 'utf8').split('\n')) {
    if (!line.includes(`"username":"${user}"`)) continue;
    const entry: unknown = JSON.parse(line);
    if (!Value.Check(entrySchema, entry) || entry.objectRef?.resource === undefined) continue;
    const { resource, apiGroup = '', subresource } = entry.objectRef;
    const right = rightOf(entry.verb, { group: apiGroup, resource, subresource });
    const decision = entry.annotations?.['authorization.k8s.io/decision'];
    if (decision === 'allow' || decision === 'forbid') found[decision].add(right);
  }
  return { allowed: found.allow, forbidden: found.forbid };
}

/** A right in one text. */
export function rightOf(
  verb: string,
  {
    group,
    resource,
    subresource,
  }: {
    readonly group: string;
    readonly resource: string;
    readonly subresource?: string | undefined;
  },
): string {
  const kind = group === '' ? resource : `${resource}.${group}`;
  return `${verb} ${subresource === undefined ? kind : `${kind}/${subresource}`}`;
}

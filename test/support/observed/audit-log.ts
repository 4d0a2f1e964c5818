import { readFileSync } from 'node:fs';
import { Type } from 'typebox';
import { Value } from 'typebox/value';

/** One request that may have changed something, from the audit log of an API server. */
export interface Write {
  readonly verb: string;
  /** `deployments.apps`, `keptntasks.lifecycle.keptn.sh/status`, `pods/binding` */
  readonly resource: string;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly user: string;
  readonly userAgent: string;
  /** HTTP status; 0 when the connection broke first. */
  readonly code: number;
  /** When the request arrived and when it was answered, in milliseconds since the epoch. */
  readonly receivedMs: number;
  readonly answeredMs: number;
}

/** Which writes are meant. Dry runs are never among them. */
export interface WriteFilter {
  /** What the user agent begins with. */
  readonly userAgent?: string;
  /** Received at or after, and before; milliseconds since the epoch. */
  readonly since?: number;
  readonly until?: number;
  /** Include requests that the API server refused. Default: only those answered with 2xx. */
  readonly refused?: boolean;
}

const entrySchema = Type.Object({
  stage: Type.String(),
  verb: Type.String(),
  requestURI: Type.String(),
  userAgent: Type.Optional(Type.String()),
  user: Type.Object({ username: Type.Optional(Type.String()) }),
  objectRef: Type.Optional(
    Type.Object({
      resource: Type.Optional(Type.String()),
      subresource: Type.Optional(Type.String()),
      apiGroup: Type.Optional(Type.String()),
      namespace: Type.Optional(Type.String()),
      name: Type.Optional(Type.String()),
    }),
  ),
  responseStatus: Type.Optional(Type.Object({ code: Type.Optional(Type.Integer()) })),
  requestReceivedTimestamp: Type.String(),
  stageTimestamp: Type.String(),
});

const writingVerbs = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
// Questions in the form of a creation: nothing is stored.
const questions = /^(subjectaccessreviews|selfsubject|localsubject|tokenreviews)/;

/** The writes in an audit log, in the order in which they were answered. */
export function readWrites(auditLog: string | undefined, filter: WriteFilter = {}): Write[] {
  if (auditLog === undefined) throw new Error('the control plane was started without an audit log');
  return readFileSync(auditLog, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .flatMap((line) => writeOf(JSON.parse(line)))
    .filter((write) => isMeant(write, filter));
}

/** How often each kind of write occurs, most frequent first: `patch keptntasks.lifecycle.keptn.sh/status` → 12. */
export function countWrites(
  auditLog: string | undefined,
  filter: WriteFilter = {},
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const { verb, resource } of readWrites(auditLog, filter)) {
    const kind = `${verb} ${resource}`;
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  return new Map([...counts].toSorted(([, a], [, b]) => b - a));
}

function writeOf(entry: unknown): Write[] {
  if (!Value.Check(entrySchema, entry)) return [];
  const { verb, objectRef, stage, requestURI } = entry;
  const isWrite = writingVerbs.has(verb) && objectRef?.resource !== undefined;
  const isEnd = stage === 'ResponseComplete' || stage === 'Panic';
  if (!isWrite || !isEnd || /[?&]dryRun=/.test(requestURI)) return [];
  const resource = [objectRef.resource, objectRef.apiGroup].filter(Boolean).join('.');
  return [
    {
      verb,
      resource:
        objectRef.subresource === undefined ? resource : `${resource}/${objectRef.subresource}`,
      namespace: objectRef.namespace,
      name: objectRef.name,
      user: entry.user.username ?? '',
      userAgent: entry.userAgent ?? '',
      code: entry.responseStatus?.code ?? 0,
      receivedMs: Date.parse(entry.requestReceivedTimestamp),
      answeredMs: Date.parse(entry.stageTimestamp),
    },
  ];
}

function isMeant(write: Write, filter: WriteFilter): boolean {
  const { userAgent = '', since = -Infinity, until = Infinity, refused = false } = filter;
  return (
    !questions.test(write.resource) &&
    write.userAgent.startsWith(userAgent) &&
    write.receivedMs >= since &&
    write.receivedMs < until &&
    (refused || (write.code >= 200 && write.code < 300))
  );
}

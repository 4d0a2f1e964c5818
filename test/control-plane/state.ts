import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

const componentSchema = Type.Object({
  name: Type.String(),
  pid: Type.Integer({ minimum: 2 }),
  binary: Type.String(),
  arguments: Type.Array(Type.String()),
  /** Answers 200 when the component is healthy. */
  health: Type.String(),
});

const stateSchema = Type.Object({
  /** `v1.36.3` */
  kubernetes: Type.String(),
  server: Type.String(),
  ports: Type.Object({
    etcd: Type.Integer(),
    etcdPeer: Type.Integer(),
    server: Type.Integer(),
    controllerManager: Type.Integer(),
    scheduler: Type.Integer(),
    kwok: Type.Integer(),
  }),
  token: Type.String(),
  auditLog: Type.Union([Type.String(), Type.Null()]),
  watchdog: Type.Union([Type.Integer({ minimum: 2 }), Type.Null()]),
  ready: Type.Boolean(),
  components: Type.Array(componentSchema),
});

/** One process of the control plane, with all it takes to start it again. */
export type Component = Static<typeof componentSchema>;

/** What is known about the control plane of a data directory; kept there as `state.json`. */
export type State = Static<typeof stateSchema>;

/** The state kept in a data directory; undefined when there is none. Throws when the file is not one of ours. */
export function readState(dataDirectory: string): State | undefined {
  const file = join(dataDirectory, 'state.json');
  let text: string;
  try {
    text = readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
  const value: unknown = JSON.parse(text);
  if (!Value.Check(stateSchema, value)) {
    throw new Error(
      `${file} is not the state of a control plane; name another directory with --data`,
    );
  }
  return value;
}

/** Replaces the state in one step: a reader sees the old one or the new one. */
export function writeState(dataDirectory: string, state: State): void {
  const file = join(dataDirectory, 'state.json');
  writeFileSync(`${file}.partial`, `${JSON.stringify(state, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${file}.partial`, file);
}

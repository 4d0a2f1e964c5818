import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';
import { worldLayout } from './layout.ts';

const schema = Type.Object({
  /** The process outside that ends and tidies up. */
  keeper: Type.Integer({ minimum: 2 }),
  /** The first process of the namespaces, as it is called outside; null until it runs. */
  init: Type.Union([Type.Integer({ minimum: 2 }), Type.Null()]),
  serverPort: Type.Integer(),
  kubernetes: Type.String(),
  ready: Type.Boolean(),
});

/** What is known of the world in a data directory. */
export type WorldState = Static<typeof schema>;

/** The state of the world in a data directory; undefined where there is none. */
export function readWorldState(dataDirectory: string): WorldState | undefined {
  let text: string;
  try {
    text = readFileSync(worldLayout(dataDirectory).state, 'utf8');
  } catch {
    return undefined;
  }
  const value: unknown = JSON.parse(text);
  if (!Value.Check(schema, value))
    throw new Error(
      `${worldLayout(dataDirectory).state} is not the state of a world; remove the directory`,
    );
  return value;
}

/** Replaces the state in one step. */
export function writeWorldState(dataDirectory: string, state: WorldState): void {
  const file = worldLayout(dataDirectory).state;
  writeFileSync(`${file}.partial`, `${JSON.stringify(state, null, 2)}\n`);
  renameSync(`${file}.partial`, file);
}

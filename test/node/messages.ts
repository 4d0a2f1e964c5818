import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { Type, type Static } from 'typebox';
import { Value } from 'typebox/value';

/** What the parts of a world say to the one that started them: one JSON object per line. */
const messageSchema = Type.Union([
  Type.Object({ progress: Type.String() }),
  Type.Object({ failed: Type.String() }),
  Type.Object({ ready: Type.Literal(true) }),
]);

/** One line of progress, the end of the start, or why it failed. */
export type Message = Static<typeof messageSchema>;

/** What a process writes to let a world live on after it has ended. */
export const stay = 'stay\n';

/** Sends a message; one that cannot be sent any more is dropped, because its reader is gone. */
export function sendMessage(to: Writable, message: Message): void {
  to.write(`${JSON.stringify(message)}\n`);
}

/** The messages from a stream, until it ends; lines that are none are left out. */
export async function* receiveMessages(from: Readable): AsyncGenerator<Message> {
  for await (const line of createInterface({ input: from })) {
    const value = parsed(line);
    if (Value.Check(messageSchema, value)) yield value;
  }
}

/** What the settings of a world are passed on as, from process to process. */
export const settingsSchema = Type.Object({
  /** The API server's port, the same inside and outside. */
  serverPort: Type.Integer(),
  /** A minor version, such as `1.36`. */
  kubernetes: Type.String(),
  audit: Type.Boolean(),
  /** A process that the world ends with, however that ends; null: it ends with the one that starts it, unless it is to stay. */
  owner: Type.Union([Type.Integer({ minimum: 2 }), Type.Null()]),
  /** Archives of images that are imported before the node is ready. */
  images: Type.Array(Type.String()),
});

/** How a world is started. */
export type WorldSettings = Static<typeof settingsSchema>;

/** The settings from a command line. */
export function settingsFrom(text: string | undefined): WorldSettings {
  const value = parsed(text ?? '');
  if (!Value.Check(settingsSchema, value)) throw new Error('the settings of the world are missing');
  return value;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

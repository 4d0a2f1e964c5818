import { Slices } from '../../runtime/slices.ts';
import { LineSplitter } from '../wire/line-splitter.ts';
import { isRawObject, objectOf, textOf, type RawObject } from '../wire/raw-json.ts';
import { errorOfStatus, unavailable } from '../transport/status-error.ts';

/** One event of a watch; an ERROR is thrown instead. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: RawObject;
  /** The object's, which is how far the watch has come. */
  readonly resourceVersion: string;
}

/**
 * Hands on the events of a watch as its bytes arrive, until the server ends it. A half line at the end is no event. Throws a
 * ClusterError for an ERROR event, for what is no event, and for what `bytes` throws.
 */
export async function readEvents(
  bytes: AsyncIterable<Uint8Array>,
  each: (event: WatchEvent) => void,
): Promise<void> {
  const splitter = new LineSplitter();
  const slices = new Slices();
  for await (const chunk of bytes) {
    await slices.each(splitter.push(chunk), (line) => {
      const event = parseEvent(line);
      if (event !== undefined) each(event);
    });
  }
}

function parseEvent(line: string): WatchEvent | undefined {
  const event = parse(line);
  const object = objectOf(event['object']);
  switch (event['type']) {
    case 'ERROR':
      throw errorOfStatus(object);
    case 'ADDED':
    case 'MODIFIED':
    case 'DELETED':
    case 'BOOKMARK': {
      const resourceVersion = textOf(objectOf(object['metadata'])['resourceVersion']);
      if (resourceVersion === undefined) throw unavailable('an event of the watch has no version');
      return { type: event['type'], object, resourceVersion };
    }
    default:
      // A type that a later API server invents.
      return undefined;
  }
}

// The parser's own error quotes the line, which may be anything, so it is not passed on.
function parse(line: string): RawObject {
  let event: unknown;
  try {
    event = JSON.parse(line);
  } catch {
    throw unavailable('a line of the watch is not JSON');
  }
  if (!isRawObject(event)) throw unavailable('a line of the watch is no event');
  return event;
}

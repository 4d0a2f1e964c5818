import type { Kind } from '../../api/object.ts';
import { CustomResourceDefinitionKind } from '../../api/registration-kinds.ts';
import { backoffMs } from '../../runtime/backoff.ts';
import type { Clock } from '../../runtime/clock.ts';
import { sleep } from '../../runtime/sleep.ts';
import { IdleTimer } from './idle-timer.ts';
import { collectionPath } from '../wire/resource-path.ts';
import type { Transport } from '../transport/transport.ts';
import { readEvents } from './watch-events.ts';

/** A definition is served a moment after it was made; how soon to look, and how rarely if that never happens. */
const servedShape = { baseMs: 200, capMs: 30_000 };

/** Without the right to watch definitions the kind itself is asked for so often. */
const askAgainMs = 30_000;

const watchSeconds = 300;

/**
 * Resolves when it is worth asking for a kind again that the API server did not know: its CustomResourceDefinition has just
 * been made or changed, or a while has passed. Answers how often in a row the definition was there, which is 0 if it was not.
 */
export async function untilKindMayExist(
  kind: Kind,
  options: {
    readonly clock: Clock;
    readonly transport: Transport;
    readonly random: () => number;
    readonly seen: number;
    readonly signal: AbortSignal;
  },
): Promise<number> {
  const { clock, random, seen, signal } = options;
  if (seen > 0) await sleep(clock, backoffMs(seen, servedShape, random), signal);
  try {
    return (await definitionShows(kind, options)) ? seen + 1 : 0;
  } catch {
    await sleep(clock, askAgainMs, signal);
    return 0;
  }
}

/** Whether the definition showed before the watch for it ended. */
async function definitionShows(
  kind: Kind,
  options: { clock: Clock; transport: Transport; signal: AbortSignal },
): Promise<boolean> {
  const [group = ''] = kind.apiVersion.split('/');
  const path = collectionPath(CustomResourceDefinitionKind, undefined, {
    watch: true,
    // Without a version a watch begins with what is there.
    fieldSelector: `metadata.name=${kind.plural}.${group}`,
    timeoutSeconds: watchSeconds,
  });
  const stop = new AbortController();
  const either = AbortSignal.any([options.signal, stop.signal]);
  const idle = new IdleTimer(options.clock, (watchSeconds + 30) * 1000, () => stop.abort());
  let shown = false;
  try {
    const bytes = await options.transport.stream(path, either);
    await readEvents(bytes, (event) => {
      if (event.type === 'DELETED') return;
      shown = true;
      stop.abort();
    });
  } catch (error) {
    if (!shown && !idle.expired) throw error;
  } finally {
    idle.cancel();
  }
  return shown;
}

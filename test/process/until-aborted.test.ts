import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';

import { unlessAborted } from '../../src/process/until-aborted.ts';

it('nothing listens to the signal any more when what was waited for came, failed, or was given up', async () => {
  const abort = new AbortController();
  const listeners = () => getEventListeners(abort.signal, 'abort');
  await unlessAborted(Promise.resolve(), abort.signal);
  expect(listeners()).toEqual([]);
  await expect(unlessAborted(Promise.reject(new Error('no')), abort.signal)).rejects.toThrow('no');
  expect(listeners()).toEqual([]);
  const waiting = unlessAborted(new Promise(() => undefined), abort.signal);
  abort.abort();
  await waiting;
  expect(listeners()).toEqual([]);
});

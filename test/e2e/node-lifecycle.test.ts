import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { whyNoNode } from '../node/requirements.ts';
import { type Ending, liveAndEnd } from '../support/cluster/node-endings.ts';
import { machineState } from '../support/observed/machine-state.ts';

let scratch: string;
beforeEach(() => {
  scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-node-')));
});
afterEach(() => rmSync(scratch, { recursive: true, force: true }));

describe.runIf(whyNoNode() === undefined)('a real node leaves the machine as it was', () => {
  it.each<Ending>(['stopped', 'keeper killed with a Pod running'])('when it is %s', async (how) => {
    const dataDirectory = join(scratch, 'node');
    const before = machineState(dataDirectory);
    await liveAndEnd(dataDirectory, how);
    expect(machineState(dataDirectory)).toEqual(before);
  });
});

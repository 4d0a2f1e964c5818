import { mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { whyNoNode } from '../node/requirements.ts';
import { type Ending, endings, liveAndEnd } from '../support/cluster/node-endings.ts';
import { machineState } from '../support/observed/machine-state.ts';

const killed = endings.filter((ending) => ending !== 'stopped');
const fifteen = Array.from({ length: 15 }, (): Ending => 'stopped');
// Each third is followed by one that is killed.
const twenty = killed.flatMap((ending, at) => [...fifteen.slice(at * 3, at * 3 + 3), ending]);

describe.runIf(whyNoNode() === undefined)(
  '20 starts of a real node in a row, 5 of them killed',
  () => {
    it('leave processes, links, mounts, firewall rules, settings and control groups as they were', async () => {
      const scratch = realpathSync(mkdtempSync(join(tmpdir(), 'sluice-node-')));
      const dataDirectory = join(scratch, 'node');
      const before = machineState(dataDirectory);
      for (const ending of twenty) {
        await liveAndEnd(dataDirectory, ending);
        expect(machineState(dataDirectory), ending).toEqual(before);
      }
      rmSync(scratch, { recursive: true });
    });
  },
);

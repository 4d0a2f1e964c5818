import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { keptnAnnotations, enabledValue } from '../../src/api/keptn/annotations.ts';
import { EnabledNamespace } from '../support/cluster/enabled-namespace.ts';
import { RealSluice, whyNoRealSluice } from '../support/real/real-sluice.ts';
import { aBashFunction, aRealDeployment } from '../support/real/web.ts';

/** What docs/troubleshooting.md shows of kubectl is what kubectl shows. */

/** A command of the page and the lines below it; `…` stands for lines that are left out. */
interface Shown {
  readonly command: string;
  readonly lines: readonly string[];
}

describe.runIf(whyNoRealSluice() === undefined)(
  'kubectl, as docs/troubleshooting.md shows it',
  () => {
    let sluice: RealSluice;
    beforeAll(async () => {
      sluice = await RealSluice.shared();
    });

    it('describe, logs and exec say what the page says', async () => {
      await sluice.cluster.apply({
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: 'shop',
          annotations: { [keptnAnnotations.lifecycleToolkit]: enabledValue },
        },
      });
      await using shop = EnabledNamespace.named(sluice.cluster, 'shop');
      // Long enough for somebody to look into its container.
      const code = "sleep 8; echo 'p95 of checkout is 2.3 s, allowed is 0.8 s' >&2; exit 1";
      await shop.apply(
        aBashFunction('load-test', code),
        aRealDeployment({ version: '2.0.0', preDeploymentTasks: ['load-test'] }),
      );
      const blocks = shownIn('## With kubectl alone');
      const names = await namesIn(shop);
      const exec = blocks.find(({ command }) => command.startsWith('exec '));
      expect(exec).toBeDefined();
      if (exec !== undefined) await says(exec, names);
      await shop.untilVersion(
        { version: '2.0.0', withinMs: 60_000 },
        ({ status }) => status?.status === 'Failed',
      );
      const others = blocks.filter((block) => block !== exec);
      expect(others.map(({ command }) => command.split(' ')[0])).toEqual([
        'describe',
        'describe',
        'logs',
      ]);
      for (const block of others) await says(block, names);
    });

    /** Asks again until the answer has the lines, in their order: Events come after what they tell of. */
    async function says(
      { command, lines }: Shown,
      names: ReadonlyMap<RegExp, string>,
    ): Promise<void> {
      const real = [...names].reduce((text, [shown, name]) => text.replace(shown, name), command);
      const wanted = lines.map(masked);
      await expect
        .poll(
          async () => {
            const output = (await sluice.kubectl(real.split(' '))).split('\n').map(masked);
            let from = 0;
            return wanted.filter((line) => {
              const at = output.indexOf(line, from);
              if (at >= 0) from = at + 1;
              return at < 0;
            });
          },
          { timeout: 30_000, interval: 500, message: `kubectl ${real} does not say` },
        )
        .toEqual([]);
    }
  },
);

/** What the names of the page are called here. */
async function namesIn(shop: EnabledNamespace): Promise<ReadonlyMap<RegExp, string>> {
  const task = await shop.untilTask(
    'load-test',
    ({ status }) => status?.status === 'Progressing',
    60_000,
  );
  const running = await shop
    .untilTask(
      'load-test',
      ({ status }) => (status?.jobName ?? '') !== '' && status?.reason === undefined,
      60_000,
    )
    .catch(() => task);
  const [pod] = await shop.pods();
  return new Map([
    [/pre-load-test-\w+-\w+/u, running.status?.jobName ?? ''],
    [/pre-load-test-\w+(?= )/u, task.metadata.name],
    [/cart-\w+-\w+/u, pod?.metadata.name ?? ''],
  ]);
}

/** The commands of a section of the page, without `kubectl`. */
function shownIn(heading: string): Shown[] {
  const page = readFileSync(new URL('../../docs/troubleshooting.md', import.meta.url), 'utf8');
  const section = page.slice(page.indexOf(heading)).split('\n## ')[0] ?? '';
  const blocks = [...section.matchAll(/^```\n(.*?)^```/gmsu)].map(([, block = '']) => block);
  return blocks.flatMap((block) =>
    block
      .split(/^\$ kubectl /mu)
      .slice(1)
      .map((text) => {
        const [command = '', ...lines] = text.trimEnd().split('\n');
        return { command, lines: lines.filter((line) => line !== '…') };
      }),
  );
}

/** A line without what differs from time to time: spaces, ages, and the ends of names. */
function masked(line: string): string {
  return line
    .trim()
    .replaceAll(/pre-load-test-\w+(?:-\w+)?/gu, 'pre-load-test-*')
    .replace(/(?<=^(?:Warning|Normal) +\S+ +)\S+(?: \(x\d+ over \w+\))?/u, '*')
    .replaceAll(/ +/gu, ' ')
    .replaceAll(/-{2,}/gu, '-');
}

import { describe, expect, test } from 'vitest';
import type { Asking } from '../../../src/cli/check/asking.ts';
import { observeCrds } from '../../../src/cli/check/observe-cluster.ts';
import { judgeLists, observeLists } from '../../../src/cli/check/released-lists.ts';
import type { Seen } from '../../../src/cli/check/seen.ts';

const path = (namespace: string) =>
  `/apis/sluice.keptn.sh/v1/namespaces/${namespace}/releasedversions/released`;

function cluster(objects: Readonly<Record<string, Seen<unknown>>>): Asking {
  return {
    get: async (at) => objects[at] ?? { is: 'absent' },
    post: async () => ({ is: 'absent' }),
    list: async () => ({ is: 'absent' }),
    text: async () => ({ is: 'absent' }),
  };
}

describe('the lists of released versions', () => {
  test('that are full, not there or not readable have a line each; the rest has none', async () => {
    const seen = await observeLists(
      cluster({
        [path('shop')]: { is: 'found', value: { spec: { entries: {} } } },
        [path('crowd')]: { is: 'found', value: { status: { leftOut: 12 } } },
        [path('secret')]: { is: 'unreadable', why: 'forbidden' },
      }),
      ['shop', 'crowd', 'fresh', 'secret'],
    );
    const lines = judgeLists(seen);
    expect(lines.map(({ status, says }) => [status, says.split(':')[0]])).toEqual([
      ['warning', 'the list of crowd is full'],
      ['warning', 'fresh has no list of released versions'],
      ['unknown', 'could not be looked at'],
    ]);
    expect(lines[0]?.says).toContain('12 entries found no room');
  });

  test('that hold all there is are one line', async () => {
    const seen = await observeLists(cluster({ [path('shop')]: { is: 'found', value: {} } }), [
      'shop',
    ]);
    expect(judgeLists(seen)).toMatchObject([{ status: 'ok', says: '1, and none is full' }]);
  });
});

test('the definition of the lists is looked for where there is a backstop, and only there', async () => {
  const namesWith = async (backstop: boolean) =>
    (await observeCrds(cluster({}), { backstop, gatesByPolicy: false })).map(({ name }) => name);
  expect(await namesWith(true)).toContain('releasedversions.sluice.keptn.sh');
  expect(await namesWith(false)).not.toContain('releasedversions.sluice.keptn.sh');
});

import { beforeAll, describe, expect, it } from 'vitest';
import { CheckDefinition } from '../../src/api/keptn/check-definition.ts';
import { rfc3339 } from '../../src/domain/time.ts';
import { aDeployment } from '../support/builders/apps.ts';
import { isHeld } from '../support/cluster/enabled-namespace.ts';
import { eventually } from '../support/clock-and-chance/eventually.ts';
import { RunningSluice } from '../support/cluster/running-sluice.ts';
import type { Manifest } from '../support/cluster/test-cluster.ts';

/** Checks without a Job, as the API server and the webhooks take them. */

let sluice: RunningSluice;
beforeAll(async () => {
  sluice = await RunningSluice.shared();
});

const hour = 3_600_000;

function aFreeze(freezeWindow: Readonly<Record<string, unknown>>): Manifest {
  const { apiVersion, kind } = CheckDefinition;
  return { apiVersion, kind, metadata: { name: 'season' }, spec: { freezeWindow } };
}

const between = (from: number, until: number) => ({
  periods: [{ from: rfc3339(from), until: rfc3339(until), reason: 'stocktaking' }],
});

describe.concurrent('a freeze window', () => {
  it('holds the Pods of a new version, says why on them, and lets them go when it is opened', async () => {
    await using shop = await sluice.namespace();
    const now = Date.now();
    await shop.apply(aFreeze(between(now - hour, now + 30 * hour)));
    const annotations = { 'sluice.keptn.sh/pre-deployment-checks': 'season' };
    await shop.apply(aDeployment({ annotations }));
    await eventually('its Pod is held and says why', async () => {
      const pods = await shop.pods();
      return pods.some(
        (pod) =>
          isHeld(pod) &&
          pod.metadata.annotations?.['sluice.keptn.sh/explanation']?.includes('stocktaking') ===
            true,
      );
    });
    const version = await shop.untilVersion({}, ({ status }) =>
      (status?.preDeploymentEvaluationTaskStatus ?? []).some(
        ({ reason }) => reason === 'FreezeWindow',
      ),
    );
    expect(version.status?.preDeploymentEvaluationTaskStatus?.[0]?.definitionName).toBe(
      'CheckDefinition/season',
    );
    await shop.apply(aFreeze(between(now - 2 * hour, now - hour)));
    await shop.untilVersion({}, ({ status }) => status?.status === 'Succeeded');
    expect((await shop.pods()).some(isHeld)).toBe(false);
  });

  it.each([
    [
      'a time zone that there is not',
      { ...between(0, hour), timeZone: 'Mars/Phobos' },
      'no time zone',
    ],
    [
      'a text that is no cron',
      { windows: [{ start: '0 25 * * *', end: '0 8 * * *' }] },
      'no cron text',
    ],
    ['nothing that could be closed', {}, 'set windows or periods'],
  ])('with %s is refused at apply, with the field and the remedy', async (_, spec, message) => {
    await using shop = await sluice.namespace();
    await expect(shop.apply(aFreeze(spec))).rejects.toThrow(message);
  });
});

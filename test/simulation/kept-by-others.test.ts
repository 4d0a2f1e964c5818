import { expect, it } from 'vitest';
import { KeptnApp } from '../../src/api/keptn/app.ts';
import { allRun, expectNoHarm } from './scenario.ts';
import { aShopNamespace, aWorkload } from './shop.ts';
import { sluice } from './sluice.ts';

it('a generated app that somebody has changed keeps what they wrote when its workloads move on', async () => {
  const simulation = sluice({ seed: 1 });
  await simulation.explained(async () => {
    const { store } = simulation;
    simulation.apply(aShopNamespace, aWorkload('cart'), aWorkload('pay'));
    simulation.start();
    await simulation.until('both run', () =>
      ['cart', 'pay'].every((name) => allRun(simulation, name, { version: '1' })),
    );
    const [generated] = store.list(KeptnApp);
    if (generated === undefined) throw new Error('no app was generated');
    expect(generated.metadata.annotations?.['sluice.keptn.sh/generated']).toMatch(
      /^[0-9a-f]{16}$/u,
    );
    const workloads = [{ name: 'cart', version: '1' }];
    store.update(KeptnApp, { ...generated, spec: { ...generated.spec, workloads } });
    await simulation.pass(60_000);
    simulation.apply(aWorkload('cart', { version: '2' }));
    await simulation.pass(120_000);
    expect(store.list(KeptnApp)[0]?.spec.workloads).toEqual(workloads);
    expectNoHarm(simulation);
  });
});

it('a generated app that nobody has changed goes on to follow its workloads', async () => {
  const simulation = sluice({ seed: 1 });
  await simulation.explained(async () => {
    simulation.apply(aShopNamespace, aWorkload('cart'), aWorkload('pay'));
    simulation.start();
    await simulation.until('both run', () =>
      ['cart', 'pay'].every((name) => allRun(simulation, name, { version: '1' })),
    );
    simulation.apply(aWorkload('cart', { version: '2' }));
    await simulation.until('cart follows', () => allRun(simulation, 'cart', { version: '2' }));
    expectNoHarm(simulation);
  });
});

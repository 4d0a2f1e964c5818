import { describe, expect, test } from 'vitest';
import { ClusterError } from '../../src/api/cluster-error.ts';
import { MutatingWebhookConfigurationKind } from '../../src/api/registration-kinds.ts';
import { SecretKind } from '../../src/api/secret.ts';
import { trustRefs } from '../../src/controllers/certificates/trust-places.ts';
import { SeededRandom } from '../support/clock-and-chance/seeded-random.ts';
import { CertificateWorld, type WorldOptions } from './certificate-world.ts';

const minute = 60_000;
const day = 86_400_000;
const world = (seed: number, options: Partial<WorldOptions> = {}) =>
  new CertificateWorld({
    random: new SeededRandom(seed).next,
    replicas: 3,
    apiServers: 3,
    latestViewMs: 20_000,
    latestLoadMs: 20_000,
    ...options,
  });

/** Installed, trusted everywhere and served by every replica; what went before is not judged. */
async function settled(seed: number, options: Partial<WorldOptions> = {}) {
  const one = world(seed, options);
  one.lead();
  await one.pass(2 * minute);
  one.outages.length = 0;
  await one.pass(minute);
  expect(one.outages).toEqual([]);
  return one;
}

const written = (one: CertificateWorld) => one.store.history.length;

describe('at rest', () => {
  test('nothing is written', async () => {
    const one = await settled(1);
    const before = written(one);
    await one.pass(day, 60 * minute);
    expect(written(one)).toBe(before);
  });
});

describe('over three years', () => {
  test('no API server ever distrusts what a replica serves', async () => {
    const one = await settled(2);
    const first = one.entries['ca.crt'];
    await one.passDays(3 * 365);
    expect(one.outages).toEqual([]);
    expect(one.entries['ca.crt']).not.toBe(first);
    expect(one.entries['next-ca.crt']).toBeUndefined();
  });
});

/** Moves time to the moment at which the authority is due, with leaders that are then killed. */
async function atRotation(seed: number) {
  const one = await settled(seed);
  await one.passDays(242.9);
  one.kill();
  expect(one.outages).toEqual([]);
  await one.pass(minute);
  return one;
}

describe('a rotation of the authority', () => {
  test.each([...Array(40).keys()])(
    'that is cut off by a crash at call %i is finished by the next leader, without a moment of distrust',
    async (at) => {
      const one = await atRotation(100 + at);
      const before = one.entries['ca.crt'];
      const fault = at % 2 === 0 ? 'crash-before' : 'crash-after';
      one.lead(({ number }) => (number === 1 + at ? fault : undefined));
      await one.pass(5 * minute);
      one.kill();
      await one.passDays(1);
      one.lead();
      await one.pass(10 * minute);
      expect(one.outages).toEqual([]);
      expect(one.entries['ca.crt']).not.toBe(before);
      expect(one.entries['next-ca.crt']).toBeUndefined();
    },
  );

  test.each([...Array(10).keys()])(
    'under two leaders at once makes one authority, without a moment of distrust (seed %i)',
    async (seed) => {
      const one = await atRotation(200 + seed);
      one.lead();
      one.lead();
      await one.passDays(1);
      await one.pass(10 * minute);
      expect(one.outages).toEqual([]);
      const authorities = new Set(
        one.store.history
          .filter(({ kind }) => kind.kind === 'Secret')
          .map(({ object }) => JSON.stringify(Reflect.get(Reflect.get(object, 'data'), 'ca.crt'))),
      );
      expect(authorities.size).toBe(2);
    },
  );

  test('goes on after a moment in which the leader may not write because its Lease was renewed late', async () => {
    const one = await atRotation(320);
    const before = one.entries['ca.crt'];
    one.clock.setTimeOfDay(one.clock.now() + day);
    let isLate = false;
    let writes = 0;
    one.lead(
      ({ verb }) => {
        // Late for two seconds from the write that makes the new authority known.
        if (verb === 'patch' && (writes += 1) === 2) {
          isLate = true;
          one.clock.after(2_000, () => (isLate = false));
        }
        return undefined;
      },
      () => !isLate,
    );
    await one.pass(2 * minute, 1_000);
    expect(one.entries['ca.crt']).not.toBe(before);
    expect(one.outages).toEqual([]);
  });

  test('is not put off by what changes again and again', async () => {
    const one = await atRotation(321);
    const before = one.entries['ca.crt'];
    one.clock.setTimeOfDay(one.clock.now() + day);
    one.lead();
    const [ref] = trustRefs;
    if (ref === undefined) throw new Error('there is one');
    for (let passed = 0; passed < 2 * minute; passed += 200) {
      const value = String(passed);
      one.store.patch(ref, [{ op: 'add', path: '/metadata/labels', value: { at: value } }]);
      await one.pass(200);
    }
    expect(one.entries['ca.crt']).not.toBe(before);
  });

  test('waits as long as one webhook configuration may not be written, and says so every day', async () => {
    const one = await atRotation(300);
    const before = one.entries['ca.crt'];
    let isForbidden = true;
    const { keeper } = one.lead(({ verb, kind }) =>
      isForbidden && verb === 'patch' && kind === MutatingWebhookConfigurationKind
        ? '403'
        : undefined,
    );
    await one.passDays(1);
    await one.pass(24 * 60 * minute, 10 * minute);
    expect(one.entries['ca.crt']).toBe(before);
    expect(keeper.problems).toHaveLength(1);
    const warnings = one.log.lines.filter(({ level }) => level === 'warn');
    const said = expect.stringMatching(
      /MutatingWebhookConfiguration .* cannot be written: .*The authority ends at \d{4}/u,
    );
    expect(warnings.map(({ message }) => message)).toEqual([said, said]);
    expect(one.notes.filter(({ reason }) => reason === 'CertificatesBlocked')).toHaveLength(2);
    expect(one.problems).toBe(1);
    isForbidden = false;
    await one.passDays(1);
    await one.pass(10 * minute);
    expect(one.entries['ca.crt']).not.toBe(before);
    expect(one.outages).toEqual([]);
    expect(one.problems).toBe(0);
  });

  test('does not let the authority of all others expire because one caBundle may never be written', async () => {
    const one = await atRotation(312);
    const before = one.entries['ca.crt'];
    one.lead(({ verb, kind }) =>
      verb === 'patch' && kind === MutatingWebhookConfigurationKind ? '403' : undefined,
    );
    await one.passDays(30);
    expect(one.entries['ca.crt']).toBe(before);
    await one.passDays(80);
    expect(one.entries['ca.crt']).not.toBe(before);
  });
});

describe('a CustomResourceDefinition that cannot be read', () => {
  const unreadable = trustRefs[2]?.name;
  const mayNotRead = ({ verb, name }: { readonly verb: string; readonly name: string }) =>
    verb === 'get' && name === unreadable ? ('403' as const) : undefined;

  test('holds the rotation up, but does not let the authority expire', async () => {
    const one = await atRotation(310);
    const before = one.entries['ca.crt'];
    one.lead(mayNotRead);
    await one.passDays(30);
    expect(one.entries['ca.crt']).toBe(before);
    await one.passDays(80);
    expect(one.entries['ca.crt']).not.toBe(before);
  });

  test('is trusted for another while once it can be read', async () => {
    const one = await atRotation(311);
    const before = one.entries['ca.crt'];
    let isUnreadable = true;
    one.lead((call) => (isUnreadable ? mayNotRead(call) : undefined));
    await one.passDays(1);
    isUnreadable = false;
    await one.passDays(1);
    expect(one.entries['ca.crt']).not.toBe(before);
    expect(one.outages).toEqual([]);
  });
});

describe('what others do', () => {
  test('a write that comes between reading and writing a caBundle is no problem', async () => {
    const one = world(5);
    let races = 0;
    const message = 'the server rejected our request due to an error in our request';
    const { keeper } = one.lead(({ verb, kind }) => {
      if (verb !== 'patch' || kind !== MutatingWebhookConfigurationKind || races > 0)
        return undefined;
      races += 1;
      return new ClusterError({ code: 422, reason: 'Invalid', message });
    });
    await one.pass(2 * minute);
    expect(races).toBe(1);
    expect(keeper.problems).toEqual([]);
    expect(one.log.lines.filter(({ level }) => level === 'warn')).toEqual([]);
  });

  test('an overwritten caBundle is repaired at once, with a warning', async () => {
    const one = await settled(4);
    const [ref] = trustRefs;
    if (ref === undefined) throw new Error('there is one');
    const value = Buffer.from('CA foreign from 0 until 1').toString('base64');
    one.store.patch(ref, [{ op: 'add', path: '/webhooks/1/clientConfig/caBundle', value }]);
    await one.pass(1_000);
    expect(JSON.stringify(one.store.get(ref.kind, undefined, ref.name))).not.toContain(value);
    expect(one.notes.map(({ reason }) => reason)).toContain('CABundleRepaired');
  });

  test('a caBundle that is overwritten after it was read in a look is repaired at once, too', async () => {
    const one = await settled(10);
    one.kill();
    const [ref] = trustRefs;
    if (ref === undefined) throw new Error('there is one');
    const value = Buffer.from('CA foreign from 0 until 1').toString('base64');
    let isDone = false;
    one.lead(({ verb, kind }) => {
      if (isDone || verb !== 'get' || kind !== SecretKind) return undefined;
      isDone = true;
      one.store.patch(ref, [{ op: 'add', path: '/webhooks/1/clientConfig/caBundle', value }]);
      return undefined;
    });
    await one.pass(1_000, 100);
    expect(isDone).toBe(true);
    expect(JSON.stringify(one.store.get(ref.kind, undefined, ref.name))).not.toContain(value);
  });

  test('another writer of the same caBundle is not fought without end', async () => {
    const one = await settled(5);
    const [ref] = trustRefs;
    if (ref === undefined) throw new Error('there is one');
    const value = Buffer.from('CA foreign from 0 until 1').toString('base64');
    const before = written(one);
    one.store.onChange(({ kind, object }) => {
      if (kind !== ref.kind || JSON.stringify(object).includes(value)) return;
      one.clock.after(100, () =>
        one.store.patch(ref, [{ op: 'add', path: '/webhooks/1/clientConfig/caBundle', value }]),
      );
    });
    one.store.patch(ref, [{ op: 'add', path: '/webhooks/1/clientConfig/caBundle', value }]);
    await one.pass(60 * minute);
    // Two writers write twice each time; a loop without pauses would write 20,000 times.
    expect(written(one) - before).toBeLessThan(1_500);
  });

  test('a deleted Secret is made again, and what replicas serve stays trusted all the time', async () => {
    const one = await settled(6);
    const { secret } = one;
    one.store.delete(
      { kind: SecretKind, namespace: 'keptn-system', name: 'sluice-certificates' },
      {
        uid: secret?.metadata.uid ?? '',
      },
    );
    await one.pass(5 * minute);
    expect(one.entries['tls.crt']).toBeDefined();
    expect(one.outages).toEqual([]);
  });

  test('a Secret full of other words is replaced in the same way', async () => {
    const one = await settled(7);
    const path = '/data';
    one.store.patch({ kind: SecretKind, namespace: 'keptn-system', name: 'sluice-certificates' }, [
      { op: 'add', path, value: { 'tls.crt': 'AAAA', mine: 'bWluZQ==' } },
    ]);
    await one.pass(5 * minute);
    expect(one.outages).toEqual([]);
    expect(one.entries['tls.crt']).toContain('leaf');
    expect(JSON.stringify(one.secret)).toContain('bWluZQ==');
  });
});

describe('the clock of the leader', () => {
  test('that is a day ahead or behind leaves everybody in trust', async () => {
    for (const byMs of [0.9 * day, -0.9 * day]) {
      const one = await settled(8);
      one.clock.setTimeOfDay(one.clock.now() + byMs);
      await one.pass(30 * minute);
      one.clock.setTimeOfDay(one.clock.now() - byMs);
      await one.pass(30 * minute);
      expect(one.outages).toEqual([]);
    }
  });

  test('that was years ahead for a while is recovered from within minutes of its correction', async () => {
    const one = await settled(9);
    one.clock.setTimeOfDay(one.clock.now() + 1000 * day);
    await one.pass(20 * minute);
    one.clock.setTimeOfDay(one.clock.now() - 1000 * day);
    await one.pass(12 * minute);
    one.outages.length = 0;
    await one.pass(10 * minute);
    expect(one.outages).toEqual([]);
  });
});

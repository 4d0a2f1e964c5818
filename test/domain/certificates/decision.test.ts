import { describe, expect, test } from 'vitest';
import type { StoredCertificates } from '../../../src/domain/certificates/certificate.ts';
import {
  bundleOf,
  type CertificatesSeen,
  decideCertificates,
} from '../../../src/domain/certificates/decision.ts';
import { lifetimes } from '../../../src/domain/certificates/lifetimes.ts';

const dayMs = 86_400_000;
const now = Date.UTC(2026, 10, 1);
const span = (fromDays: number, untilDays: number) => ({
  validFrom: now + fromDays * dayMs,
  validUntil: now + untilDays * dayMs,
});
const authority = (pem: string, fromDays = -10, untilDays = 355) => ({
  pem,
  ...span(fromDays, untilDays),
  canSign: true,
});
const leaf = (signedBy: string, fromDays = -10, untilDays = 80) => ({
  pem: `leaf of ${signedBy}`,
  ...span(fromDays, untilDays),
  keyFits: true,
  signedBy: [signedBy],
  missingHosts: [],
});
const one = authority('one');
const healthy: StoredCertificates = { authority: one, former: [], leaf: leaf('one') };
const place = (...bundles: string[]) => ({ id: bundles.join(), bundles, authorities: [] });

const decide = (seen: Partial<CertificatesSeen>) =>
  decideCertificates({
    now,
    stored: healthy,
    places: [place('one\n')],
    trusted: { bundle: 'one\n', forMs: 60_000 },
    ...seen,
  });

describe('certificates that are as they should be', () => {
  test('are left alone, and looked at again in ten minutes', () => {
    expect(decide({})).toEqual({
      bundle: 'one\n',
      distrustful: [],
      awaited: [],
      wakeAfterMs: 600_000,
    });
  });

  test('are written into a caBundle that holds anything else', () => {
    expect(decide({ places: [place('one\n', 'other'), place('one\n')] }).distrustful).toEqual([
      'one\n,other',
    ]);
    expect(decide({ places: [place('')] }).distrustful).toEqual(['']);
  });
});

describe('a first start', () => {
  test('makes everything at once where nothing is trusted yet', () => {
    const plan = decide({ stored: undefined, places: [place('')], trusted: undefined });
    expect(plan).toMatchObject({ change: { type: 'makeAll' }, distrustful: [] });
    expect(plan.bundle).toBeUndefined();
  });

  test('makes everything at once where only an expired authority is trusted', () => {
    const expired = { ...place('old'), authorities: [authority('old', -400, -1)] };
    expect(decide({ stored: undefined, places: [expired] }).change?.type).toBe('makeAll');
  });
});

describe('the serving certificate', () => {
  const problems: readonly (readonly [string, StoredCertificates])[] = [
    ['is missing', { authority: one, former: [] }],
    ['is due', { ...healthy, leaf: leaf('one', -61, 30) }],
    ['has expired', { ...healthy, leaf: leaf('one', -100, -1) }],
    ['is not valid yet', { ...healthy, leaf: leaf('one', 1, 80) }],
    ['is of an unknown authority', { ...healthy, leaf: leaf('stranger') }],
    ['has another key', { ...healthy, leaf: { ...leaf('one'), keyFits: false } }],
    ['lacks a host', { ...healthy, leaf: { ...leaf('one'), missingHosts: ['sluice.x.svc'] } }],
  ];
  test.each(problems)('is made anew by the same authority when it %s', (_, stored) => {
    expect(decide({ stored }).change?.type).toBe('makeLeaf');
  });

  test('stays for two thirds of its life', () => {
    const stored = { ...healthy, leaf: leaf('one', -59, 31) };
    expect(decide({ stored }).change).toBeUndefined();
  });
});

describe('an authority at two thirds of its life', () => {
  const due = authority('one', -250, 115);
  const next = authority('two', -1, 365);

  test('gets a successor, and nothing is signed by that one yet', () => {
    const stored = { ...healthy, authority: due };
    expect(decide({ stored }).change).toMatchObject({ type: 'makeNext', former: [] });
  });

  test('stays trusted beside its successor', () => {
    const plan = decide({ stored: { ...healthy, authority: due, next } });
    expect(plan.bundle).toBe('one\ntwo\n');
    expect(plan.distrustful).toEqual(['one\n']);
    expect(plan.change).toBeUndefined();
  });

  test('hands over only after every caBundle has held both for 30 seconds', () => {
    const stored = { ...healthy, authority: due, next };
    const places = [place('one\ntwo\n')];
    const after = (forMs: number) =>
      decide({ stored, places, trusted: { bundle: 'one\ntwo\n', forMs } });
    expect(after(lifetimes.settleMs - 1)).toMatchObject({ wakeAfterMs: 1_000 });
    expect(after(lifetimes.settleMs - 1).change).toBeUndefined();
    expect(after(lifetimes.settleMs).change).toMatchObject({ type: 'useNext', former: ['one'] });
  });

  test('waits while a caBundle cannot be read, until a tenth of its life is left', () => {
    const places = [place('one\ntwo\n'), { id: 'unreadable', authorities: [] }];
    const trusted = { bundle: 'one\ntwo\n', forMs: lifetimes.settleMs };
    const after = (old: typeof due) =>
      decide({ stored: { ...healthy, authority: old, next }, places, trusted }).change?.type;
    expect(after(due)).toBeUndefined();
    expect(after(authority('one', -340, 25))).toBe('useNext');
  });

  test('gets another successor when the first one waited for too long', () => {
    const stored = { ...healthy, authority: due, next: authority('two', -250, 115) };
    expect(decide({ stored }).change?.type).toBe('makeNext');
  });

  test('is trusted until everything it has signed has expired', () => {
    const stored = { authority: next, former: [due], leaf: leaf('two', -1, 90) };
    expect(decide({ stored }).bundle).toBe('two\none\n');
    const later = { ...stored, authority: authority('two', -93, 272) };
    expect(decide({ stored: later }).bundle).toBe('two\n');
  });
});

describe('a Secret that was deleted', () => {
  const places = [{ ...place('one\n'), authorities: [one] }];

  test('is made again in two steps, so that what replicas serve from memory stays trusted', () => {
    const { change } = decide({ stored: undefined, places });
    expect(change).toMatchObject({ type: 'makeNext', former: ['one'] });
    const stored = { next: authority('two', -1, 365), former: [one] };
    const waiting = decide({ stored, places });
    expect(waiting).toMatchObject({ bundle: 'two\none\n', distrustful: ['one\n'] });
    expect(waiting.change).toBeUndefined();
    const trusted = { bundle: 'two\none\n', forMs: lifetimes.settleMs };
    const settled = decide({ stored, places: [place('two\none\n')], trusted });
    expect(settled.change).toMatchObject({ type: 'useNext', former: ['one'] });
  });

  test('takes no more than five authorities of others along', () => {
    const authorities = Array.from({ length: 20 }, (_, at) => authority(`foreign ${at}`));
    const { change } = decide({ stored: undefined, places: [{ ...place('many'), authorities }] });
    expect(change?.type === 'makeNext' && change.former).toHaveLength(5);
  });
});

describe('clocks', () => {
  test('that went back make an authority of the future unusable', () => {
    const stored = { ...healthy, authority: authority('one', 2, 367), leaf: leaf('one', 2, 92) };
    const plan = decide({ stored, places: [place('')] });
    expect(plan).toMatchObject({ change: { type: 'makeAll' }, distrustful: [] });
  });

  test('that jumped years ahead make everything anew', () => {
    expect(decide({ now: now + 1000 * dayMs }).change?.type).toBe('makeAll');
  });
});

test('a key that was lost makes an authority a former one', () => {
  const stored = { ...healthy, authority: { ...one, canSign: false } };
  expect(decide({ stored }).change).toMatchObject({ type: 'makeNext', former: ['one'] });
});

test('a bundle is one PEM text per line', () => {
  expect(bundleOf([one, authority('two')])).toBe('one\ntwo\n');
});

import { afterEach, describe, expect, test } from 'vitest';
import { ClusterError } from '../../../src/api/cluster-error.ts';
import type { KubernetesObject } from '../../../src/api/object.ts';
import { SecretKind } from '../../../src/api/secret.ts';
import { ServedSecret } from '../../../src/controllers/certificates/served-secret.ts';
import { TestClock } from '../../support/clock-and-chance/test-clock.ts';

const ref = { kind: SecretKind, namespace: 'here', name: 'sluice-certificates' };
const base64 = (text: string) => Buffer.from(text).toString('base64');
const secret = (data: Record<string, string>) => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { namespace: 'here', name: 'sluice-certificates' },
  data,
});

let stop = new AbortController();
afterEach(() => stop.abort());

function following(
  answers: readonly (KubernetesObject | Error | undefined)[],
  whileReading: (change: () => void) => void = () => undefined,
) {
  stop = new AbortController();
  const clock = new TestClock();
  const left = [...answers];
  const told: string[] = [];
  let change: () => void = () => undefined;
  const served = new ServedSecret({
    cluster: {
      get: async () => {
        const answer = left.shift();
        if (answer instanceof Error) throw answer;
        return answer;
      },
    },
    ref,
    onChange(listener) {
      change = listener;
      return () => void (change = () => undefined);
    },
    offer({ cert, key }) {
      told.push(`${cert} ${key}`);
      whileReading(change);
    },
    refuse: (problem) => void told.push(problem),
    clock,
    random: () => 0,
  });
  served.start(stop.signal);
  return { clock, told, change: () => change() };
}

const complete = secret({ 'tls.crt': base64('cert'), 'tls.key': base64('key') });

describe('a replica that follows the Secret', () => {
  test('hands on certificate and key at the start and at each change', async () => {
    const { clock, told, change } = following([undefined, complete]);
    await clock.advanceAsync(0);
    expect(told).toEqual([]);
    change();
    await clock.advanceAsync(0);
    expect(told).toEqual(['cert key']);
  });

  test('reads again at once what has changed while it was read', async () => {
    const newer = secret({ 'tls.crt': base64('newer'), 'tls.key': base64('key') });
    let changes = 0;
    const { clock, told } = following([complete, newer], (change) => {
      if ((changes += 1) === 1) change();
    });
    await clock.advanceAsync(1);
    expect(told).toEqual(['cert key', 'newer key']);
  });

  test('says nothing of a Secret that is gone or half made: what is served stays', async () => {
    const { clock, told, change } = following([
      complete,
      undefined,
      secret({ 'next-ca.crt': base64('next') }),
    ]);
    await clock.advanceAsync(0);
    for (let changes = 0; changes < 2; changes += 1) {
      change();
      await clock.advanceAsync(0);
    }
    expect(told).toEqual(['cert key']);
  });

  test('names a Secret that it may not read, and tries again', async () => {
    const forbidden = new ClusterError({ code: 403, reason: 'Forbidden', message: 'may not' });
    const { clock, told } = following([forbidden, complete]);
    await clock.advanceAsync(0);
    expect(told).toEqual(['Secret here/sluice-certificates cannot be read: may not']);
    await clock.advanceAsync(1_000);
    expect(told.at(-1)).toBe('cert key');
  });

  test('leaves nothing behind', async () => {
    const { clock } = following([complete]);
    await clock.advanceAsync(0);
    stop.abort();
    expect(clock.leftovers).toEqual([]);
  });
});

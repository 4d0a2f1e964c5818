import { expect, test } from 'vitest';
import { secretReader } from '../../../src/controllers/loops/secret-reader.ts';

test('secretReader gets one Secret by its name and decodes its entries', async () => {
  const asked: string[] = [];
  const reader = secretReader({
    get(ref) {
      asked.push(`${ref.kind.plural} ${ref.namespace ?? ''}/${ref.name}`);
      const data = { user: btoa('ada'), password: Buffer.from('pä').toString('base64') };
      const secret = { apiVersion: 'v1', kind: 'Secret', metadata: { name: ref.name }, data };
      return Promise.resolve(ref.name === 'there' ? secret : undefined);
    },
  });
  expect(await reader.read('shop', 'there')).toEqual({ user: 'ada', password: 'pä' });
  expect(await reader.read('shop', 'missing')).toBeUndefined();
  expect(asked).toEqual(['secrets shop/there', 'secrets shop/missing']);
});

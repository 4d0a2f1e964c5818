import { describe, expect, test } from 'vitest';
import { optInSlip } from '../../../src/domain/opt-in/opt-in-slips.ts';

const key = 'keptn.sh/lifecycle-toolkit';
const slip = (annotations: Record<string, string>, labels: Record<string, string> = {}) =>
  optInSlip('shop', { annotations, labels });

describe('an opt-in by a slip of the pen', () => {
  test.each<[string, Record<string, string>, Record<string, string>, string]>([
    ['another value', { [key]: 'true' }, {}, `annotation ${key} is "true" and not "enabled"`],
    ['capitals', { [key]: 'Enabled' }, {}, `annotation ${key} is "Enabled"`],
    ['a label', {}, { [key]: 'enabled' }, `label ${key} does not count`],
    [
      'Keptn’s older key',
      { 'keptn.sh/lifecycle-controller': 'enabled' },
      {},
      'annotation keptn.sh/lifecycle-controller is not read',
    ],
    [
      'a misspelt name',
      { 'keptn.sh/lifecyle-tookit': 'enabled' },
      {},
      'annotation keptn.sh/lifecyle-tookit is not read',
    ],
    [
      'a misspelt prefix',
      { 'kept.io/lifecycle-toolkit': 'enabled' },
      {},
      'annotation kept.io/lifecycle-toolkit is not read',
    ],
    ['no prefix', {}, { 'lifecycle-toolkit': 'enabled' }, 'label lifecycle-toolkit is not read'],
    [
      'the label of Sluice',
      {},
      { 'sluice.keptn.sh/enabled': 'true' },
      'label sluice.keptn.sh/enabled is set by Sluice alone',
    ],
  ])('%s is told with the remedy', (...[, annotations, labels, says]) => {
    const told = slip(annotations, labels);
    expect(told).toContain(says);
    expect(told).toContain(`kubectl annotate namespace shop --overwrite ${key}=enabled`);
  });

  test('all of them are told in one sentence of bounded length', () => {
    const told = slip(
      { [key]: 'x'.repeat(10_000), 'keptn.sh/lifecycle-controller': 'enabled' },
      { [key]: 'enabled' },
    );
    expect(told?.match(/Namespace shop is not opted in/gu)).toHaveLength(1);
    expect(told?.length).toBeLessThanOrEqual(400);
    expect(told).toContain('does not count');
  });

  test.each<[string, Record<string, string>, Record<string, string>]>([
    [
      'that is none',
      { [key]: 'enabled', 'keptn.sh/lifecycle-controller': 'enabled' },
      { [key]: 'enabled' },
    ],
    ['of which nothing is said', { team: 'a' }, {}],
    ['that is withdrawn', { [key]: 'disabled' }, {}],
    ['that is withdrawn in other words', { [key]: 'False' }, { [key]: 'no' }],
    [
      'by a key that is something else',
      { 'example.com/lifecycle': 'enabled', 'keptn.sh/workload': 'a' },
      {},
    ],
  ])('nothing is told of one %s', (_, annotations, labels) => {
    expect(slip(annotations, labels)).toBeUndefined();
  });
});

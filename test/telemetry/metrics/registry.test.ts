import { describe, expect, test } from 'vitest';
import { MetricRegistry } from '../../../src/telemetry/metrics/registry.ts';
import { counter, gauge, histogram, oneSample } from '../../../src/telemetry/metrics/series.ts';

const jobs = counter('jobs_total', ['result'], 'Jobs that have ended');
const depth = gauge('depth', [], 'Keys that wait');
const age = gauge('age_seconds', ['kind'], 'How old it is');
const took = histogram('took_seconds', [], { help: 'How long it took', buckets: [1, 10] });

const linesOf = async (registry: MetricRegistry): Promise<readonly string[]> =>
  (await registry.text()).split('\n').filter((line) => line !== '' && !line.startsWith('#'));

describe('the registry', () => {
  test('serves what was counted, set and observed in the text format of Prometheus', async () => {
    const registry = new MetricRegistry([jobs, depth, took]);
    registry.add(jobs, { result: 'good' });
    registry.add(jobs, { result: 'good' }, 2);
    registry.set(depth, {}, 7);
    registry.observe(took, {}, 3);
    expect(await registry.text()).toBe(
      [
        '# HELP jobs_total Jobs that have ended',
        '# TYPE jobs_total counter',
        'jobs_total{result="good"} 3',
        '',
        '# HELP depth Keys that wait',
        '# TYPE depth gauge',
        'depth 7',
        '',
        '# HELP took_seconds How long it took',
        '# TYPE took_seconds histogram',
        'took_seconds_bucket{le="1"} 0',
        'took_seconds_bucket{le="10"} 1',
        'took_seconds_bucket{le="+Inf"} 1',
        'took_seconds_sum 3',
        'took_seconds_count 1',
        '',
      ].join('\n'),
    );
  });

  test('reads a collected family anew at each scrape: what is gone is not served', async () => {
    const registry = new MetricRegistry([age, depth]);
    let kinds = ['Pod', 'Job'];
    let waiting: number | undefined = 1;
    registry.collect(age, () => kinds.map((kind) => ({ labels: { kind }, value: 5 })));
    registry.collect(depth, () => oneSample(waiting));
    expect(await linesOf(registry)).toEqual([
      'age_seconds{kind="Pod"} 5',
      'age_seconds{kind="Job"} 5',
      'depth 1',
    ]);
    kinds = ['Job'];
    waiting = undefined;
    expect(await linesOf(registry)).toEqual(['age_seconds{kind="Job"} 5']);
  });

  test('values that people have written stand in quotes and break no line', async () => {
    const registry = new MetricRegistry([jobs]);
    registry.add(jobs, { result: 'a"b\\c\nd' });
    expect(await linesOf(registry)).toEqual(['jobs_total{result="a\\"b\\\\c\\nd"} 1']);
  });

  test('a clock that was set back makes a duration 0, and what is no number is not recorded', async () => {
    const registry = new MetricRegistry([took, depth]);
    registry.observe(took, {}, -5);
    registry.observe(took, {}, Number.NaN);
    registry.set(depth, {}, Number.NaN);
    expect(await linesOf(registry)).toContain('took_seconds_count 1');
    expect(await linesOf(registry)).toContain('depth 0');
  });
});

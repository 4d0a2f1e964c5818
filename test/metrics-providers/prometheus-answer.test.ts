import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  PartialAnswer,
  QueryFailed,
  samplesIn,
} from '../../src/metrics-providers/prometheus-answer.ts';
import { matrix, type Reply, vector } from './fake-prometheus.ts';

const answer = ({ status = 200, body }: Reply) => ({
  status,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});

describe('samplesIn', () => {
  test('gives the value of the one series of a vector', () => {
    expect(samplesIn(answer(vector('4')), 'vector')).toEqual(['4']);
  });

  test('gives all values of the one series of a matrix, oldest first', () => {
    expect(samplesIn(answer(matrix(['3', '1', '2'])), 'matrix')).toEqual(['3', '1', '2']);
  });

  test('passes NaN and infinity through', () => {
    expect(samplesIn(answer(matrix(['NaN', '+Inf'])), 'matrix')).toEqual(['NaN', '+Inf']);
  });

  test.each([
    ['no series', vector(), 'no values in query result'],
    ['a matrix', matrix(['1']), 'could not cast result'],
    ['two series', vector('1', '2'), 'too many values in query result'],
    [
      'a scalar',
      { body: { status: 'success', data: { resultType: 'scalar', result: [1, '4'] } } },
      'could not cast result',
    ],
    ['success without data', { body: { status: 'success' } }, 'could not cast result'],
    [
      'a query that could not be parsed',
      {
        status: 400,
        body: { status: 'error', errorType: 'bad_data', error: 'parse error at char 3' },
      },
      'bad_data: parse error at char 3',
    ],
    ['a missing path', { status: 404, body: 'nothing here' }, 'client_error: client error: 404'],
    ['a server in trouble', { status: 503, body: 'secret' }, 'server_error: server error: 503'],
    ['a web page', { body: '<html>' }, 'bad_response: the answer is not JSON'],
    ['other JSON', { body: ['x'] }, 'bad_response: the answer is not one of the Prometheus API'],
  ] satisfies [string, Reply, string][])('%s is an error in Keptn’s words', (_, reply, want) => {
    expect(() => samplesIn(answer(reply), 'vector')).toThrow(new QueryFailed(want));
  });

  test.each([
    [['No StoreAPIs matched', 'second'], 'No StoreAPIs matched; second'],
    ['of another shape', '"of another shape"'],
    [[{ of: 'another shape' }], '{"of":"another shape"}'],
  ])('an answer with the warnings %j is partial and gives no samples', (warnings, text) => {
    const body = { ...Object(vector('4').body), warnings };
    expect(() => samplesIn(answer({ body }), 'vector')).toThrow(new PartialAnswer(text));
  });

  test('an answer without warnings, and one with remarks only, is whole', () => {
    const body = {
      ...Object(vector('4').body),
      warnings: [],
      infos: ['metric might not be a counter'],
    };
    expect(samplesIn(answer({ body }), 'vector')).toEqual(['4']);
  });

  test('a matrix whose series holds no samples has no values', () => {
    expect(() => samplesIn(answer(matrix([])), 'matrix')).toThrow('no values in query result');
    expect(() => samplesIn(answer(matrix()), 'matrix')).toThrow('no values in query result');
  });

  test('an answer of any shape gives samples or QueryFailed', () => {
    fc.assert(
      fc.property(fc.json(), (data) => {
        const body = `{"status":"success","data":{"resultType":"matrix","result":[${data}]}}`;
        let samples: readonly string[];
        try {
          samples = samplesIn({ status: 200, body }, 'matrix');
        } catch (error) {
          expect(error).toBeInstanceOf(QueryFailed);
          return;
        }
        expect(samples.length).toBeGreaterThan(0);
      }),
    );
  });

  test('never repeats more than a kilobyte of what the server said', () => {
    const body = { status: 'error', errorType: 'execution', error: 'x'.repeat(5000) };
    expect(() => samplesIn(answer({ status: 422, body }), 'vector')).toThrow(
      /^execution: x{1000,1013}$/,
    );
  });
});

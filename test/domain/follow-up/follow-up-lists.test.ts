import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  type FollowUpFields,
  followUpList,
  followUpProblems,
} from '../../../src/domain/follow-up/follow-up-lists.ts';
import { isLegalName } from '../../../src/domain/names.ts';

const fix = 'write the name of a KeptnTaskDefinition, or a list of such names';

describe('the follow-ups that a definition names', () => {
  it.each<[string, FollowUpFields, readonly string[]]>([
    ['a list', { onSuccess: ['notify', 'promote'] }, ['notify', 'promote']],
    ['one name in the spelling of the proposal', { 'on-success': 'notify' }, ['notify']],
    ['a list in the spelling of the proposal', { 'on-success': ['a', 'b'] }, ['a', 'b']],
    ['one name in the other spelling', { onSuccess: 'notify' }, ['notify']],
    ['a name twice, which counts once', { onSuccess: ['a', 'b', 'a'] }, ['a', 'b']],
    ['nothing', {}, []],
    ['null, which is nothing', { onSuccess: null, 'on-success': 'notify' }, ['notify']],
    ['an empty list', { 'on-success': [] }, []],
    ['those of the other end only', { onFailure: ['undo'], 'on-failure': null }, []],
  ])('are read from %s', (_, spec, names) => {
    expect(followUpList(spec, 'onSuccess')).toEqual({ names, problems: [] });
  });

  it.each([
    { where: 'a number', value: 5, path: '', says: `is a number; ${fix}` },
    { where: 'an object', value: { name: 'undo' }, path: '', says: `is an object; ${fix}` },
    { where: 'an empty name', value: '', path: '', says: `is empty; ${fix}` },
    { where: 'an empty name in a list', value: ['a', ''], path: '[1]', says: `is empty; ${fix}` },
    { where: 'no text in a list', value: ['a', null], path: '[1]', says: `is null; ${fix}` },
    { where: 'a list in a list', value: [['a']], path: '[0]', says: `is a list in a list; ${fix}` },
    {
      where: "the proposal's placeholder",
      value: '<KeptnTaskDefinition>',
      path: '',
      says: `"<KeptnTaskDefinition>" cannot be the name of anything; ${fix}`,
    },
  ])('are none where there is $where', ({ value, path, says }) => {
    const list = followUpList({ 'on-failure': value }, 'onFailure');
    expect(list.names).toEqual([]);
    expect(list.problems).toMatchObject([{ path: `spec.on-failure${path}`, message: says }]);
  });

  it('are none where there are more than 32, so that admission and controllers agree', () => {
    const names = Array.from({ length: 33 }, (_, index) => `f${index}`);
    expect(followUpList({ 'on-failure': names }, 'onFailure')).toEqual({
      names: [],
      problems: [
        {
          path: 'spec.on-failure',
          reason: 'TooMany',
          message: 'names 33 definitions; at most 32 may follow one end',
        },
      ],
    });
    expect(followUpList({ 'on-failure': names.slice(1) }, 'onFailure').names).toHaveLength(32);
  });

  it('are none where one trigger is spelled both ways, even alike', () => {
    const spec = { onFailure: ['undo'], 'on-failure': 'undo', onSuccess: ['notify'] };
    expect(followUpProblems(spec)).toEqual([
      {
        path: 'spec.on-failure',
        reason: 'BothSpellings',
        message:
          'onFailure is set as well, and both mean the same; keep one of them, preferably onFailure',
      },
    ]);
    expect(followUpList(spec, 'onFailure').names).toEqual([]);
    expect(followUpList(spec, 'onSuccess').names).toEqual(['notify']);
  });

  it('are, whatever stands there, either legal names, each once, or problems', () => {
    const names = fc.constantFrom('a', 'b', 'c-d', '', 'A', '<x>');
    const value = fc.oneof(fc.jsonValue(), names, fc.array(fc.oneof(names, fc.jsonValue())));
    fc.assert(
      fc.property(value, fc.option(value, { nil: undefined }), (proposed, canonical) => {
        const spec = { 'on-success': proposed, onSuccess: canonical };
        const list = followUpList(spec, 'onSuccess');
        expect(list.names.every(isLegalName)).toBe(true);
        expect(new Set(list.names).size).toBe(list.names.length);
        expect(list.names.length === 0 || list.problems.length === 0).toBe(true);
        expect(followUpProblems(spec)).toEqual(list.problems);
      }),
    );
  });
});

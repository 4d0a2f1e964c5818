import fc from 'fast-check';
import { expect, test } from 'vitest';
import { goJson, goMap, goValue } from '../../../src/domain/go/go-json.ts';

test('what HTML and JavaScript could mistake is escaped', () => {
  expect(goJson('<a href="x">&\u2028\u2029')).toBe(
    String.raw`"\u003ca href=\"x\"\u003e\u0026\u2028\u2029"`,
  );
});

test('a struct keeps its order, a map is sorted by bytes', () => {
  const map = goMap({
    b: '1',
    '10': '2',
    '9': '3',
    '\u{1F600}': '4',
    '\uFFFD': '5',
    ab: '6',
    a: '7',
  });
  expect(goJson({ z: 1, a: [true, null, map] })).toBe(
    '{"z":1,"a":[true,null,{"10":"2","9":"3","a":"7","ab":"6","b":"1","\uFFFD":"5","\u{1F600}":"4"}]}',
  );
});

test('it reads back as what was written', () => {
  const record = fc.dictionary(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), {
    noNullPrototype: true,
  });
  fc.assert(
    fc.property(record, (written) => {
      expect(JSON.parse(goJson(goMap(written)))).toEqual(written);
    }),
  );
});

test('any JSON is written as what it was, its objects sorted as Go sorts maps', () => {
  expect(goJson(goValue({ b: [1, { d: null, c: '<' }], a: true }))).toBe(
    String.raw`{"a":true,"b":[1,{"c":"\u003c","d":null}]}`,
  );
  fc.assert(
    fc.property(fc.jsonValue({ noUnicodeString: false }), (written) => {
      // JSON knows no negative zero.
      expect(JSON.parse(goJson(goValue(written)))).toEqual(JSON.parse(JSON.stringify(written)));
    }),
  );
});

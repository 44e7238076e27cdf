import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { compactJson } from './json-text.ts';

const white = fc.stringMatching(/^[ \n\t\r]{0,3}$/);
const number = fc.oneof(
  fc.bigInt().map(String),
  fc.stringMatching(/^-?(0|[1-9]\d{0,25})(\.\d{1,25})?([eE][+-]?\d{1,4})?$/),
  fc.constantFrom('9007199254740993', '1e400', '-1E+400', '1.0', '-0', '0.10', '1e-9999', '0E0'),
);
const word = fc.constantFrom('true', 'false', 'null');
const string = fc.string({ unit: 'grapheme' }).map((text) => JSON.stringify(text));

/** A document: its tokens, without white space, and the same with some between them. */
const { document } = fc.letrec<{ document: string[] }>((tie) => ({
  document: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.oneof(number, word, string).map((token) => [token]),
    fc.array(tie('document'), { maxLength: 4 }).map((items) => ['[', ...joined(items), ']']),
    fc
      .uniqueArray(fc.tuple(string, tie('document')), { selector: ([name]) => name, maxLength: 4 })
      .map((members) => ['{', ...joined(members.map(([name, value]) => [name, ':', ...value])), '}']),
  ),
}));

function joined(items: readonly (readonly string[])[]): string[] {
  return items.flatMap((item, index) => (index === 0 ? item : [',', ...item]));
}

property.prop([document, fc.infiniteStream(white)])(
  'what was written comes back, without its white space',
  (tokens, spaces) => {
    const spaced = [...tokens.flatMap((token) => [spaces.next().value ?? '', token]), ' '].join('');
    expect(compactJson(spaced).text).toBe(tokens.join(''));
  },
);

property.prop([fc.json()])('the meaning stays', (text) => {
  expect(JSON.parse(compactJson(text).text)).toEqual(JSON.parse(text));
});

property.prop([fc.dictionary(fc.string({ unit: 'grapheme' }), fc.jsonValue({ maxDepth: 2 }))])(
  'members are those of the object',
  (object) => {
    const { members } = compactJson(JSON.stringify(object, undefined, 1));
    expect([...(members ?? [])]).toEqual(Object.entries(object).map(([name, value]) => [name, JSON.stringify(value)]));
  },
);

test.each([
  ['escapes that are none', '{"\\u0041\\/":"\\u00e9"}', '{"A/":"é"}'],
  ['a name of the prototype', '{ "__proto__" : 1 }', '{"__proto__":1}'],
  ['quotes and backslashes', String.raw`["\\", "\"", "\\\\\" , "]`, String.raw`["\\","\"","\\\\\" , "]`],
  ['the same name in different objects', '{"a":{"a":1},"b":[{"a":1},{"a":2}]}', '{"a":{"a":1},"b":[{"a":1},{"a":2}]}'],
  ['a scalar', ' 1.0 ', '1.0'],
])('%s', (_, source, text) => {
  expect(compactJson(source).text).toBe(text);
});

test.each([
  ['a name twice', '{"a":1,"a":2}'],
  ['a name twice, once escaped', '{"a":1,"\\u0061":1}'],
  ['a name twice, inside', '[{"x":{"b":1,"c":2,"b":1}}]'],
  ['half a pair', '"\\ud800"'],
  ['half a pair in a name', '{"\\udc00":1}'],
  ['too deep', `${'['.repeat(129)}${']'.repeat(129)}`],
])('%s is refused', (_, source) => {
  expect(() => compactJson(source)).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

test('as deep as is allowed', () => {
  const text = `${'['.repeat(128)}${']'.repeat(128)}`;
  expect(compactJson(text).text).toBe(text);
});

test('a large value takes time in proportion', () => {
  const text = JSON.stringify({ value: '\\"\n'.repeat(250_000), more: ' '.repeat(100_000) });
  const started = performance.now();
  expect(compactJson(text).text).toBe(text);
  expect(performance.now() - started).toBeLessThan(2000);
});

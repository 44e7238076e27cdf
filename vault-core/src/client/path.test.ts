import { fc, test as property } from '@fast-check/vitest';
import { expect, test } from 'vitest';
import { encodeSegments, formatQuery, path, under } from './path.ts';

test('parts are encoded, and left out of the template', () => {
  const made = under(path`/v1/${'a/b'}`, path`/secrets/${'A KEY?#%'}`);
  expect(made).toEqual({ target: '/v1/a%2Fb/secrets/A%20KEY%3F%23%25', template: '/v1/{}/secrets/{}' });
});

test.each(['', '.', '..', '\ud800'])('%j is no part of a path', (part) => {
  expect(() => path`/x/${part}`).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

test('queries leave out what is not given', () => {
  expect(formatQuery({ env: 'a&b=c', version: undefined, limit: 5, force: true })).toBe(
    '?env=a%26b%3Dc&limit=5&force=true',
  );
  expect(formatQuery({ a: undefined })).toBe('');
  expect(formatQuery(undefined)).toBe('');
  expect(() => formatQuery({ a: '\udc00' })).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

const part = fc
  .string({ unit: 'binary', minLength: 1 })
  .filter((text) => text !== '.' && text !== '..' && text.isWellFormed());

property.prop([part, part])('a URL parser finds the parts again', (first, second) => {
  const { target } = path`/v1/${first}/x/${second}`;
  const parts = new URL(target, 'http://any').pathname.split('/');
  expect(parts.map(decodeURIComponent)).toEqual(['', 'v1', first, 'x', second]);
});

test('segments keep their slashes', () => {
  expect(encodeSegments('env/my app/KEY')).toBe('env/my%20app/KEY');
  expect(() => encodeSegments('env/../KEY')).toThrow(expect.objectContaining({ code: 'BAD_REQUEST' }));
});

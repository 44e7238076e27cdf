import { expect, test } from 'vitest';
import { type ChildEnvironmentSources, childEnvironment } from './child-environment.ts';

function make(sources: Partial<ChildEnvironmentSources>): Record<string, string> {
  return childEnvironment({
    inherited: {},
    values: [],
    allowed: new Set(),
    keepToken: false,
    platform: 'linux',
    ...sources,
  });
}

test('the later wins: inherited, then secrets, then the file', () => {
  const values = [
    [
      ['B', 'secret'],
      ['C', 'secret'],
    ],
    new Map([['C', 'file']]),
  ] as const;
  expect(make({ inherited: { A: 'inherited', B: 'inherited' }, values })).toEqual({
    A: 'inherited',
    B: 'secret',
    C: 'file',
  });
});

test('our token and unseal keys stay here, unless they are asked for', () => {
  const inherited = {
    PATH: '/bin',
    ZVAULT_TOKEN: 't',
    ZVAULT_TOKEN_FILE: 'f',
    ZVAULT_UNSEAL_KEY: 'k',
    ZVAULT_UNSEAL_KEY_FILE: 'k',
    ZVAULT_UNSEAL_PASSPHRASE: 'p',
    ZVAULT_URL: 'u',
  };
  expect(make({ inherited })).toEqual({ PATH: '/bin', ZVAULT_URL: 'u' });
  expect(make({ inherited, keepToken: true })).toEqual(inherited);
});

test.each([
  ['LD_PRELOAD', 'x'],
  ['NODE_OPTIONS', '--require /tmp/x.js'],
  ['BASH_ENV', '/tmp/x'],
  ['PATH', '/tmp'],
  ['ZVAULT_URL', 'https://elsewhere'],
  ['my-key', 'x'],
  ['a.b', 'x'],
  ['9', 'x'],
  ['ünicode', 'x'],
])('the name %s is refused, unless it is allowed by name', (name, value) => {
  const values = [[[name, value]]] as const;
  expect(() => make({ values })).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', hint: expect.stringContaining(name) }),
  );
  expect(make({ values, allowed: new Set([name]) })).toEqual({ [name]: value });
});

test.each([
  ['', 'x', 'cannot be the name'],
  ['A=B', 'x', 'cannot be the name'],
  ['A\0', 'x', 'cannot be the name'],
  ['A', 'canary\0x', 'A holds a NUL'],
  ['A', 'c'.repeat(131_070), 'too long'],
  ['A', '\u{1f600}'.repeat(32_768), 'too long'],
])('what no environment can carry is refused even if it is allowed', (name, value, message) => {
  const values = [[[name, value]]] as const;
  const attempt = (): unknown => make({ values, allowed: new Set([name]) });
  expect(attempt).toThrow(
    expect.objectContaining({ code: 'INPUT_INVALID', message: expect.stringContaining(message) }),
  );
  expect(attempt).toThrow(expect.objectContaining({ message: expect.not.stringContaining('canary') }));
});

test('the longest value that Linux takes is taken', () => {
  const longest = 'c'.repeat(131_069);
  expect(make({ values: [[['A', longest]]] })).toEqual({ A: longest });
  expect(make({ values: [[['A', `${longest}c`]]], platform: 'darwin' })).toEqual({ A: `${longest}c` });
});

test('all problems are told at once', () => {
  const values = [
    [
      ['A', '\0'],
      ['B', '\0'],
    ],
  ] as const;
  expect(() => make({ values })).toThrow(/A holds.*B holds/);
});

test('a name of an object’s own is a name like any other', () => {
  const env = make({ values: [[['__proto__', 'p']]], allowed: new Set(['__proto__']) });
  expect(Object.entries(env)).toEqual([['__proto__', 'p']]);
});

import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { matchesGlob } from './glob.ts';
import { type SelectOptions, selectSecrets, transformName } from './select.ts';

const secrets = new Map([
  ['DB_URL', 'postgres://x'],
  ['DB_PASSWORD', 'p'],
  ['SMTP__USER_NAME', 'u'],
  ['api-key', 'k'],
  ['CONFIG', '{"host":"h","port":5432,"nested":{"a.b":"deep","list":[true,null]}}'],
]);
const none: SelectOptions = { keys: [], exclude: [], map: [], prefix: '', transform: 'none', parseJson: [] };
const names = (options: Partial<SelectOptions>): string[] =>
  selectSecrets(secrets, { ...none, ...options }).selected.map(({ key, name }) =>
    key === name ? key : `${key}>${name}`,
  );

test.each<[string, Partial<SelectOptions>, string[]]>([
  ['all', {}, ['DB_URL', 'DB_PASSWORD', 'SMTP__USER_NAME', 'api-key', 'CONFIG']],
  ['keys and globs', { keys: ['DB_*', 'CONFIG'] }, ['DB_URL', 'DB_PASSWORD', 'CONFIG']],
  ['a glob with ! leaves out', { keys: ['DB_*', '!*PASSWORD'] }, ['DB_URL']],
  ['only ! takes all others', { keys: ['!DB_*', '!api-?ey'] }, ['SMTP__USER_NAME', 'CONFIG']],
  ['exclude', { keys: ['DB_*'], exclude: ['DB_URL'] }, ['DB_PASSWORD']],
  [
    'transform comes before the prefix',
    { keys: ['api-key'], transform: 'upper-snake', prefix: 'my_' },
    ['api-key>my_API_KEY'],
  ],
  [
    'a mapped name gets neither, and is taken',
    { keys: ['DB_URL'], map: [['api-key', 'Key']], transform: 'tf-var', prefix: 'X_' },
    ['DB_URL>X_TF_VAR_db_url', 'api-key>Key'],
  ],
  [
    'one key under two names',
    {
      keys: ['DB_URL'],
      map: [
        ['DB_URL', 'A'],
        ['DB_URL', 'B'],
      ],
    },
    ['DB_URL>A', 'DB_URL>B'],
  ],
  [
    'JSON: every leaf',
    { keys: ['CONFIG'], parseJson: ['CONFIG'], transform: 'upper-snake' },
    [
      'CONFIG>CONFIG_HOST',
      'CONFIG>CONFIG_PORT',
      'CONFIG>CONFIG_NESTED_A_B',
      'CONFIG>CONFIG_NESTED_LIST_0',
      'CONFIG>CONFIG_NESTED_LIST_1',
    ],
  ],
  ['JSON: one leaf', { keys: ['CONFIG'], parseJson: ['CONFIG#port'] }, ['CONFIG>CONFIG_port']],
])('%s', (_, options, expected) => expect(names(options)).toEqual(expected));

test('what is missing is told, globs that match nothing too', () => {
  const { missing } = selectSecrets(secrets, { ...none, keys: ['NO', 'NO_*', 'DB_*'], map: [['GONE', 'X']] });
  expect(missing).toEqual(['NO', 'NO_*', 'GONE']);
});

test('contradictions and JSON that is none are errors without the value', () => {
  expect(() => selectSecrets(secrets, { ...none, exclude: ['DB_*'], map: [['DB_URL', 'X']] })).toThrow(/^ZVCI-100/);
  expect(() => selectSecrets(secrets, { ...none, parseJson: ['DB_URL'] })).toThrow(/^ZVCI-100: (?!.*postgres)/);
  expect(() => selectSecrets(secrets, { ...none, parseJson: ['CONFIG#no.such'] })).toThrow(/^ZVCI-140/);
});

test.each([
  ['upper-snake', 'a.b-c d', 'A_B_C_D'],
  ['upper-snake', 'é😀x', '__X'],
  ['tf-var', 'DB_URL', 'TF_VAR_db_url'],
  ['dotnet', 'SMTP__USER_NAME', 'Smtp__UserName'],
  ['dotnet', 'A', 'A'],
  ['none', 'x-y', 'x-y'],
] as const)('%s makes of %s %s', (transform, key, expected) => expect(transformName(key, transform)).toBe(expected));

describe('globs', () => {
  test('match as an expression does', () => {
    const sign = fc.constantFrom('a', 'b', '*', '?', '.');
    fc.assert(
      fc.property(
        fc.string({ unit: sign, maxLength: 8 }),
        fc.string({ unit: fc.constantFrom('a', 'b', '.'), maxLength: 8 }),
        (glob, key) => {
          const expression = glob.replaceAll('.', '\\.').replaceAll('*', '.*').replaceAll('?', '.');
          expect(matchesGlob(glob, key)).toBe(new RegExp(`^${expression}$`).test(key));
        },
      ),
      { numRuns: 2000 },
    );
  });

  test('no pattern takes long', () => {
    const started = performance.now();
    expect(matchesGlob('*a'.repeat(100), 'a'.repeat(256) + 'b')).toBe(false);
    expect(performance.now() - started).toBeLessThan(1000);
  });
});

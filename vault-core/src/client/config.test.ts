import { inspect } from 'node:util';
import { expect, expectTypeOf, test } from 'vitest';
import type { Secret } from '../domain/secret.ts';
import { type ConfigType, defineConfig, oneOf, optional, withDefault } from './config.ts';
import { startTestServer, testClient } from './test-server.ts';
import { modernVault } from './test-vaults.ts';

const definition = defineConfig({
  PORT: 'port',
  DATABASE_URL: 'url',
  DEBUG: optional('boolean'),
  MODE: withDefault(oneOf('fast', 'safe'), 'safe'),
  WORKERS: withDefault('integer', 4),
  API_KEY: 'secret',
});
const texts = { PORT: '8080', DATABASE_URL: 'postgres://u:p@db/x', API_KEY: 'canary', UNUSED: 'x' };

test('a typed object', () => {
  const config = definition.parse(texts);
  expectTypeOf(config.PORT).toEqualTypeOf<number>();
  expectTypeOf(config.DATABASE_URL).toEqualTypeOf<string>();
  expectTypeOf(config.DEBUG).toEqualTypeOf<boolean | undefined>();
  expectTypeOf(config.MODE).toEqualTypeOf<'fast' | 'safe'>();
  expectTypeOf(config.WORKERS).toEqualTypeOf<number>();
  expectTypeOf(config.API_KEY).toEqualTypeOf<Secret>();
  expect({ ...config, API_KEY: config.API_KEY.expose() }).toEqual({
    PORT: 8080,
    DATABASE_URL: 'postgres://u:p@db/x',
    DEBUG: undefined,
    MODE: 'safe',
    WORKERS: 4,
    API_KEY: 'canary',
  });
  expect(Object.isFrozen(config)).toBe(true);
});

test('it prints names only', () => {
  const config = definition.parse(texts);
  const printed = inspect(config) + JSON.stringify({ config });
  expect(printed).toContain('DATABASE_URL');
  expect(printed).not.toMatch(/canary|postgres|8080/);
});

test('every problem at once, by name and without values', () => {
  const error = thrownBy(() => definition.parse({ PORT: 'canary', MODE: 'canary', DEBUG: 'canary', API_KEY: 'x' }));
  expect(error).toMatchObject({ code: 'CONFIG_INVALID' });
  expect((error as Error).message).toBe(
    'the configuration is not usable: PORT is not a port (1 to 65535); DATABASE_URL is missing; DEBUG is not true or false; MODE is not one of fast, safe',
  );
  expect(inspect(error, { depth: 9 })).not.toContain('canary');
});

function thrownBy(work: () => unknown): unknown {
  try {
    work();
  } catch (error) {
    return error;
  }
  throw new Error('nothing was thrown');
}

test.each<[ConfigType, string, unknown]>([
  ['string', '', ''],
  ['string', ' a\n', ' a\n'],
  ['integer', '-12', -12],
  ['integer', '+3', 3],
  ['integer', '007', 7],
  ['integer', '9007199254740991', 9_007_199_254_740_991],
  ['number', '1.5e3', 1500],
  ['number', '.5', 0.5],
  ['boolean', 'TRUE', true],
  ['boolean', 'on', true],
  ['boolean', '0', false],
  ['boolean', 'No', false],
  ['url', 'redis://h:1', 'redis://h:1'],
  ['port', '1', 1],
  ['port', '65535', 65_535],
  ['json', '{"a":[1]}', { a: [1] }],
])('%s takes %j', (type, text, expected) => {
  expect(defineConfig({ X: type }).parse({ X: text })).toEqual({ X: expected });
});

test.each<[ConfigType, string]>([
  ['integer', ''],
  ['integer', '1.0'],
  ['integer', '0x10'],
  ['integer', ' 1'],
  ['integer', '9007199254740993'],
  ['number', 'NaN'],
  ['number', 'Infinity'],
  ['number', '1e999'],
  ['number', '.'],
  ['boolean', ''],
  ['boolean', '2'],
  ['url', 'example.com'],
  ['url', ''],
  ['port', '0'],
  ['port', '65536'],
  ['port', '080808'],
  ['json', '{'],
])('%s refuses %j', (type, text) => {
  expect(() => defineConfig({ X: type }).parse({ X: text })).toThrow(
    expect.objectContaining({ code: 'CONFIG_INVALID' }),
  );
});

test('inherited names are no settings', () => {
  expect(() => defineConfig({ toString: 'string' }).parse({})).toThrow(/toString is missing/);
});

test('from a client', async () => {
  await using server = await startTestServer(modernVault(texts).handle);
  await using client = testClient(server);
  const config = await client.loadConfig(definition);
  expectTypeOf(config.PORT).toEqualTypeOf<number>();
  expect(config.PORT).toBe(8080);
  expect(await client.loadConfig(defineConfig({ UNUSED: 'string' }), 'staging')).toEqual({ UNUSED: 'x' });
  expect(server.lines.at(-1)).toContain('env=staging');
});

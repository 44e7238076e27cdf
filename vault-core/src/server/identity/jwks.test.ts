import { expect, test } from 'vitest';
import { createAddressRules } from './addresses.ts';
import type { FetchRules } from './fetch-json.ts';
import { type KeySet, parseKeySet } from './jwk.ts';
import { KeyCache, discoverKeys, fetchKeys, keysOfFile } from './jwks.ts';
import { createTestKey, startTestServer } from './test-issuer.ts';

const never = new AbortController().signal;
const loopback: FetchRules = { addresses: createAddressRules([], true), allowLoopbackHttp: true };
const one = createTestKey('EdDSA', 'one').jwk;
const two = createTestKey('EdDSA', 'two').jwk;
const setOf = (...keys: unknown[]): KeySet => parseKeySet({ keys });
const ids = (set: KeySet): readonly unknown[] => set.keys.map(({ id }) => id);
const second = 1000;
const minute = 60 * second;

/** A cache whose clock and loads the test decides. */
function createCache(first?: KeySet) {
  const state = { nowMs: 1e12, loads: 0, warnings: [] as string[], load: (): KeySet | Promise<KeySet> => setOf(one) };
  const cache = new KeyCache(
    'https://idp.example',
    () => {
      state.loads += 1;
      return state.load();
    },
    { now: () => state.nowMs, warn: (message) => state.warnings.push(message) },
    first,
  );
  return Object.assign(state, { cache });
}

const fail = (reason: string) => (): never => {
  throw new Error(reason);
};

test('loads once for everybody who waits, and not again for ten minutes', async () => {
  const state = createCache();
  let release = (_set: KeySet): void => {};
  state.load = () => new Promise((resolve) => (release = resolve));
  const waiting = Array.from({ length: 50 }, () => state.cache.current());
  await Promise.resolve();
  release(setOf(one));
  expect(new Set((await Promise.all(waiting)).flatMap(ids))).toEqual(new Set(['one']));
  state.nowMs += 10 * minute - 1;
  await state.cache.current();
  expect(state.loads).toBe(1);
  state.load = () => setOf(two);
  state.nowMs += 1;
  expect(ids(await state.cache.current())).toEqual(['two']);
  expect(state.loads).toBe(2);
});

test('an empty set is an answer: all keys were removed', async () => {
  const state = createCache(setOf(one));
  state.load = () => setOf();
  state.nowMs += 10 * minute;
  expect(ids(await state.cache.current())).toEqual([]);
});

test('asks for newer keys at once, three times in thirty seconds, and once for many', async () => {
  const state = createCache(setOf(one));
  const first = await state.cache.current();
  state.load = async () => setOf(two);
  const newer = await Promise.all(Array.from({ length: 20 }, () => state.cache.newerThan(first)));
  expect(newer.map(ids)).toEqual(newer.map(() => ['two']));
  expect(state.loads).toBe(1);
  for (const loads of [2, 3, 3, 3]) {
    await state.cache.newerThan(await state.cache.current());
    expect(state.loads).toBe(loads);
  }
  state.nowMs += 30 * second - 1;
  await state.cache.newerThan(await state.cache.current());
  expect(state.loads).toBe(3);
  state.nowMs += 1;
  await state.cache.newerThan(await state.cache.current());
  expect(state.loads).toBe(4);
});

test('who saw an older set gets the current one without a load', async () => {
  const state = createCache(setOf(one));
  const older = await state.cache.current();
  state.nowMs += 10 * minute;
  await state.cache.current();
  expect(state.loads).toBe(1);
  await state.cache.newerThan(older);
  expect(state.loads).toBe(1);
});

test('without any keys: unavailable, and asked for at most every second', async () => {
  const state = createCache();
  state.load = fail('away');
  const unavailable = expect.objectContaining({ code: 'UNAVAILABLE' });
  await expect(state.cache.current()).rejects.toEqual(unavailable);
  state.nowMs += second - 1;
  await expect(state.cache.current()).rejects.toEqual(unavailable);
  expect(state.loads).toBe(1);
  state.nowMs += 1;
  await expect(state.cache.current()).rejects.toEqual(unavailable);
  expect(state.loads).toBe(2);
  state.load = () => setOf(one);
  state.nowMs += second;
  expect(ids(await state.cache.current())).toEqual(['one']);
});

test('the reason is for the operator, once; the client learns that it can try again', async () => {
  const state = createCache();
  state.load = fail('connect ECONNREFUSED 10.0.0.7:443');
  const error: unknown = await state.cache.current().catch((caught: unknown) => caught);
  expect(JSON.stringify([String(error), error])).not.toContain('10.0.0.7');
  for (let attempt = 0; attempt < 3; attempt += 1) {
    state.nowMs += second;
    await state.cache.current().catch(() => {});
  }
  expect(state.warnings).toEqual([
    "can't refresh the keys of the issuer https://idp.example: connect ECONNREFUSED 10.0.0.7:443",
  ]);
  state.load = fail('other');
  state.nowMs += second;
  await state.cache.current().catch(() => {});
  expect(state.warnings).toHaveLength(2);
});

test('the last keys serve while refreshing fails, for a day, and only the first request waits', async () => {
  const state = createCache(setOf(one));
  state.load = async () => fail('away')();
  state.nowMs += 10 * minute;
  expect(ids(await state.cache.current())).toEqual(['one']);
  expect(state.loads).toBe(1);
  // A load that hangs holds nobody up any more.
  state.load = () => new Promise(() => {});
  state.nowMs += 10 * second - 1;
  expect(ids(await state.cache.current())).toEqual(['one']);
  expect(state.loads).toBe(1);
  state.nowMs += 1;
  expect(ids(await state.cache.current())).toEqual(['one']);
  expect(state.loads).toBe(2);
  state.nowMs += 24 * 60 * minute;
  const waiting = state.cache.current();
  const outcome = await Promise.race([
    waiting.then(() => 'keys'),
    new Promise((resolve) => setTimeout(resolve, 20, 'waits')),
  ]);
  expect(outcome).toBe('waits');
});

test('after a day without an answer the last keys are no longer believed', async () => {
  const state = createCache(setOf(one));
  state.load = fail('away');
  state.nowMs += 24 * 60 * minute - 1;
  expect(ids(await state.cache.current())).toEqual(['one']);
  state.nowMs += 1;
  await expect(state.cache.current()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('a failed request for newer keys leaves the current ones', async () => {
  const state = createCache(setOf(one));
  state.load = fail('away');
  expect(ids(await state.cache.newerThan(await state.cache.current()))).toEqual(['one']);
  expect(state.loads).toBe(1);
});

test('a clock that was set back does not keep old keys young', async () => {
  const state = createCache(setOf(one));
  state.load = () => setOf(two);
  state.nowMs -= 60 * minute;
  expect(ids(await state.cache.current())).toEqual(['two']);
});

test('closed: the load under way is told, nothing is said, and there are no keys', async () => {
  let signal: AbortSignal | undefined;
  const warnings: string[] = [];
  const load = (ending: AbortSignal): Promise<KeySet> => {
    signal = ending;
    return new Promise((_resolve, reject) => ending.addEventListener('abort', () => reject(new Error('ended'))));
  };
  const cache = new KeyCache('https://idp.example', load, { now: () => 0, warn: (message) => warnings.push(message) });
  const waiting = cache.current();
  cache.close();
  await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(cache.current()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  await expect(cache.newerThan(setOf(one))).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(signal?.aborted).toBe(true);
  expect(warnings).toEqual([]);
});

test('closed: what was known and what still arrives is not handed out', async () => {
  const state = createCache(setOf(one));
  state.cache.close();
  await expect(state.cache.current()).rejects.toMatchObject({ code: 'UNAVAILABLE' });
  expect(state.loads).toBe(0);
  const late = createCache();
  const waiting = late.cache.current();
  late.cache.close();
  await expect(waiting).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test('discovery: issuer, then its key set', async () => {
  await using server = await startTestServer((request, response) => {
    const document = { issuer: `${server.url}/tenant/`, jwks_uri: `${server.url}/keys` };
    response.end(JSON.stringify(request.url === '/keys' ? { keys: [one] } : document));
  });
  expect(ids(await discoverKeys({ issuer: `${server.url}/tenant/` }, loopback, never))).toEqual(['one']);
  expect(server.requests).toEqual(['/tenant/.well-known/openid-configuration', '/keys']);
});

test.each([
  { name: 'another issuer', document: (url: string) => ({ issuer: 'https://evil.example', jwks_uri: `${url}/keys` }) },
  {
    name: 'an issuer that differs in a slash',
    document: (url: string) => ({ issuer: `${url}/`, jwks_uri: `${url}/keys` }),
  },
  { name: 'no issuer', document: (url: string) => ({ jwks_uri: `${url}/keys` }) },
  { name: 'no jwks_uri', document: (url: string) => ({ issuer: url }) },
  { name: 'jwks_uri that is a list', document: (url: string) => ({ issuer: url, jwks_uri: [`${url}/keys`] }) },
  {
    name: 'jwks_uri with another scheme',
    document: (url: string) => ({ issuer: url, jwks_uri: 'file:///etc/passwd' }),
  },
  {
    name: 'jwks_uri by http elsewhere',
    document: (url: string) => ({ issuer: url, jwks_uri: 'http://93.184.216.34/keys' }),
  },
  {
    name: 'jwks_uri with a password',
    document: (url: string) => ({ issuer: url, jwks_uri: `${url.replace('//', '//a:b@')}/keys` }),
  },
  { name: 'a list', document: () => [] },
])('discovery refused: $name', async ({ document }) => {
  await using server = await startTestServer(
    (_request, response) => void response.end(JSON.stringify(document(server.url))),
  );
  await expect(discoverKeys({ issuer: server.url }, loopback, never)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
  expect(server.requests).toEqual(['/.well-known/openid-configuration']);
});

test('a key set behind discovery is held to the same address rules', async () => {
  await using server = await startTestServer((_request, response) => {
    response.end(JSON.stringify({ issuer: server.url, jwks_uri: 'https://169.254.169.254/keys' }));
  });
  await expect(discoverKeys({ issuer: server.url }, loopback, never)).rejects.toMatchObject({
    code: 'CONNECTION_FAILED',
    message: expect.stringContaining('private address 169.254.169.254'),
  });
});

test('JSON that is no key set', async () => {
  await using server = await startTestServer((_request, response) => void response.end('{"key":[]}'));
  await expect(fetchKeys(server.url, loopback, never)).rejects.toMatchObject({ code: 'BAD_ANSWER' });
});

test('a file of keys', () => {
  expect(ids(keysOfFile('keys.json', () => JSON.stringify({ keys: [one, two] })))).toEqual(['one', 'two']);
  expect(() => keysOfFile('keys.json', () => 'canary')).toThrow(
    expect.objectContaining({ code: 'BAD_ANSWER', message: 'keys.json is not JSON' }),
  );
  expect(() => keysOfFile('/nonexistent/keys.json')).toThrow('ENOENT');
});

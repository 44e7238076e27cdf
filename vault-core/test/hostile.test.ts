// Ten thousand keys and values that nobody would choose: each comes back as it was sent, or is refused clearly.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type TestVault, type Workspace, makeWorkspace, startTestVault } from '../../test/support/vault.ts';

let vault: TestVault;
let place: Workspace;

beforeAll(async () => {
  vault = await startTestVault();
  place = await makeWorkspace(vault);
});
afterAll(() => vault[Symbol.asyncDispose]());

const seeds = [
  '',
  ' ',
  '\t',
  '\n',
  '\r\n',
  '\r',
  '\u0000',
  '"',
  "'",
  '`',
  '\\',
  '\\\\',
  '$',
  '$(touch /tmp/x)',
  '`id`',
  '${HOME}',
  '%s',
  '%00',
  '%2F',
  '%2e%2e%2f',
  '../../etc/passwd',
  '/',
  '//',
  'a/b',
  '.',
  '..',
  '...',
  '.a',
  '-rf',
  '--',
  '#',
  '=',
  'a=b',
  ';',
  '|',
  '&',
  '*',
  '?',
  '[',
  ']',
  '{',
  '}',
  '<',
  '>',
  '!',
  '~',
  '^',
  ',',
  ':',
  '@',
  '+',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'valueOf',
  'null',
  'undefined',
  'true',
  '0',
  '-1',
  'NaN',
  'secret',
  'versions',
  'restore',
  'rollback',
  'batch',
  'events',
  'é',
  'e\u0301',
  '\u00a0',
  '\u200b',
  '\u202e',
  '\ufeff',
  '\ufffd',
  '\uffff',
  '\u{1f600}',
  '\u{10ffff}',
  'İ',
  'ß',
  'ﬀ',
  '\ud800',
  '\udfff',
  '\udc00\ud800',
  "'; DROP TABLE kv; --",
  '<script>',
  '{"a":1}',
  '[1]',
  '\u001b[31m',
  '\u0007',
  '\u007f',
  '\u0085',
  '\u2028',
  '\u2029',
];

/** Reproducible: the same ten thousand in each run. */
function* generate(count: number): Generator<{ key: string; value: string }> {
  let state = 1;
  const random = (below: number): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state % below;
  };
  const piece = (): string => seeds[random(seeds.length)] ?? '';
  const text = (): string => Array.from({ length: 1 + random(4) }, piece).join('');
  for (let index = 0; index < count; index += 1) {
    yield index < seeds.length
      ? { key: seeds[index] ?? '', value: seeds[index] ?? '' }
      : { key: text(), value: text() };
  }
}

const keyIsGood = (key: string): boolean =>
  key !== '' && key !== '.' && key !== '..' && key.isWellFormed() && Buffer.byteLength(key) <= 256;

test('10,000 by batch: what is good comes back byte for byte, in every way to read it', async () => {
  const all = [...generate(10_000)];
  const good = new Map(
    all.filter(({ key, value }) => keyIsGood(key) && value.isWellFormed()).map(({ key, value }) => [key, value]),
  );
  const bad = all.filter(({ key, value }) => !keyIsGood(key) || !value.isWellFormed());
  expect(good.size).toBeGreaterThan(5000);
  expect(bad.length).toBeGreaterThan(200);
  const operations = [...good].map(([key, value]) => ({ op: 'put', key, value, comment: value }));
  await vault.root('POST', `${place.env}/batch`, { operations });
  const { secrets } = await vault.root('GET', `${place.env}/secrets?include=values`);
  expect(new Map(secrets.map(({ key, value }: any) => [key, value]))).toEqual(good);
  expect(secrets.every(({ value, comment }: any) => comment === value)).toBe(true);
  for (const { key, value } of bad.slice(0, 100)) {
    const answer = await vault.call('POST', `${place.env}/batch`, {
      token: vault.rootToken,
      body: { operations: [{ op: 'put', key, value }] },
    });
    expect([answer.status, answer.json.error]).toEqual([400, 'bad_request']);
  }
});

test('one by one, through the path', async () => {
  for (const { key, value } of generate(400)) {
    const sendable = key.isWellFormed();
    const path = `${place.base}/envs/staging/secrets/${sendable ? encodeURIComponent(key) : encodeURIComponent(key.toWellFormed())}`;
    const { rootToken: token } = vault;
    const put = await vault.call('PUT', path, { token, body: { value } });
    if (key === '') {
      expect(put.status).toBe(404);
      continue;
    }
    const expected = keyIsGood(sendable ? key : key.toWellFormed()) && value.isWellFormed() ? 200 : 400;
    expect([key, put.status]).toEqual([key, expected]);
    if (expected !== 200) continue;
    const read = await vault.call('GET', path, { token });
    expect(read.json.secret.value).toBe(value);
    if (sendable) expect(read.json.secret.key).toBe(key);
  }
});

test('keys of 256 bytes are taken, of 257 not', async () => {
  const { rootToken: token } = vault;
  for (const [key, status] of [
    ['k'.repeat(256), 200],
    ['k'.repeat(257), 400],
    ['é'.repeat(128), 200],
    [`é`.repeat(128) + 'k', 400],
    ['\u{1f600}'.repeat(64), 200],
  ] as const) {
    const path = `${place.env}/secrets/${encodeURIComponent(key)}`;
    expect((await vault.call('PUT', path, { token, body: { value: 'v' } })).status).toBe(status);
  }
});

test('1 MiB of any characters, as long as the body stays under its limit', async () => {
  for (const unit of ['x', '"', '\u{1f600}', 'é']) {
    const value = unit.repeat(Math.floor(1_048_576 / Buffer.byteLength(unit)));
    const path = `${place.env}/secrets/BIG`;
    const put = await vault.call('PUT', path, { token: vault.rootToken, body: { value } });
    // Every quote is two bytes in JSON: more than a body may have.
    expect(put.status).toBe(unit === '"' ? 413 : 200);
    if (put.status === 200) expect((await vault.root('GET', path)).secret.value === value).toBe(true);
  }
});

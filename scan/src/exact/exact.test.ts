import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { randomBytes, randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { type Host, ZvaultError, processHost } from '@zvault/core/domain';
import { classOfValue } from './classes.ts';
import { type ValueSource, loadExactIndex } from './load.ts';
import { ValueIndex, buildIndex } from './value-index.ts';

const folders: string[] = [];
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })));

/** Random, and never one that is left out because it looks like a word or a number. */
const value = (bytes = 18): string => {
  for (;;) {
    const text = randomBytes(bytes).toString('base64url');
    if (typeof classOfValue(text) === 'string' || bytes < 8) return text;
  }
};
const entry = (key: string, text: string) => ({ key, value: text, reference: `zvault://env/app/${key}` });

const strictPercent = (text: string): string =>
  Array.from(Buffer.from(text), (byte) =>
    /[\w.~-]/.test(String.fromCharCode(byte))
      ? String.fromCharCode(byte)
      : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`,
  ).join('');

const wrappings: readonly (readonly [string, (text: string) => string])[] = [
  ['verbatim', (text) => text],
  ['Base64', (text) => Buffer.from(text).toString('base64')],
  ['Base64 one byte in', (text) => Buffer.from(`u${text}`).toString('base64')],
  ['Base64 two bytes in', (text) => Buffer.from(`us${text}`).toString('base64')],
  ['a Basic header', (text) => `Basic ${Buffer.from(`user:${text}`).toString('base64')}`],
  ['Base64 for URLs', (text) => Buffer.from(`x:${text}`).toString('base64url')],
  ['a URL', (text) => encodeURIComponent(text)],
  ['a URL, after RFC 3986', (text) => strictPercent(text)],
  ['a URL, after RFC 3986 in lower case', (text) => strictPercent(text).replace(/%../g, (code) => code.toLowerCase())],
  ['hex', (text) => Buffer.from(text).toString('hex')],
  ['upper-case hex', (text) => Buffer.from(text).toString('hex').toUpperCase()],
  ['JSON', (text) => JSON.stringify(text)],
];

test.each(wrappings)('500 values of many lengths are found: %s', (_, wrap) => {
  const values = Array.from({ length: 500 }, (_unused, i) => {
    const base = value(8 + (i % 40));
    return entry(`K${i}`, i % 5 === 0 ? `${base}"/&+ (!*) ü` : base);
  });
  const index = new ValueIndex(buildIndex(values));
  for (const { key, value: text } of values) {
    const leak = Buffer.from(`${value(randomInt(1, 30))} = ${wrap(text)} ;\n`);
    const found = index.find(leak);
    expect(
      found.map((match) => match.reference),
      `${key} ${leak.toString()}`,
    ).toContain(`zvault://env/app/${key}`);
  }
});

test('thousands of values over megabytes of text: each planted leak in each form, and nothing else', () => {
  const values = Array.from({ length: 3000 }, (_unused, i) => entry(`K${i}`, value(10 + (i % 30))));
  const common = ['production', 'localhost', 'postgres', 'password', '5432', 'true'].map((text, i) =>
    entry(`COMMON_${i}`, text),
  );
  const index = new ValueIndex(buildIndex([...values, ...common]));
  const filler = Array.from(
    { length: 4000 },
    (_unused, i) =>
      `${i}: password=localhost production ${randomBytes(24).toString('base64')} ${randomBytes(16).toString('hex')}\n`,
  ).join('');
  let bytes = 0;
  for (const [i, [name, wrap]] of Array.from({ length: 8 }, () => wrappings)
    .flat()
    .entries()) {
    const planted = Array.from({ length: 5 }, () => values[randomInt(values.length)]!);
    const cut = randomInt(filler.length);
    const text = Buffer.from(
      `${filler.slice(cut)}${planted.map((one) => `x ${wrap(one.value)} ;\n`).join('y\n')}${filler.slice(0, cut)}`,
    );
    bytes += text.length;
    expect(
      index.find(text).map((match) => match.reference),
      `${name}, text ${i}`,
    ).toEqual(planted.map((one) => one.reference));
  }
  expect(bytes).toBeGreaterThan(20_000_000);
});

test('a value of several lines is found by its parts, as one finding', () => {
  const lines = Array.from({ length: 10 }, () => randomBytes(48).toString('base64'));
  const index = new ValueIndex(
    buildIndex([entry('KEY', `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`)]),
  );
  const found = index.find(
    Buffer.from(
      `key: |\n${lines
        .slice(2, 7)
        .map((line) => `    ${line}`)
        .join('\n')}\n`,
    ),
  );
  expect(found).toMatchObject([{ reference: 'zvault://env/app/KEY', encoding: 'part' }]);
});

test.each([
  'true',
  'postgres',
  'localhost',
  'production',
  '12345678',
  'short',
  'https://acme.test/path',
  'someone@acme.test',
  '/etc/ssl/key',
  'password',
])('the common value %s takes no part', (text) => {
  expect(classOfValue(text)).toHaveProperty('left');
  expect(new ValueIndex(buildIndex([entry('K', text)])).find(Buffer.from(`a ${text} b`))).toEqual([]);
});

test('a short value counts only between other characters', () => {
  const index = new ValueIndex(buildIndex([entry('K', 'a8Fk2LmQ9z')]));
  expect(index.find(Buffer.from('x="a8Fk2LmQ9z"'))).toHaveLength(1);
  expect(index.find(Buffer.from('xa8Fk2LmQ9zy'))).toEqual([]);
});

function fixture(now = 1_700_000_000_000) {
  const home = mkdtempSync(join(tmpdir(), 'zvault-exact-'));
  folders.push(home);
  const clock = { now };
  const host: Host = {
    ...processHost(),
    stdin: process.stdin,
    stdout: process.stdout,
    stderr: process.stderr,
    env: { ZVAULT_TOKEN: 'a-token' },
    homeDir: home,
    platform: 'linux',
    now: () => clock.now,
  };
  const secret = value();
  const asked: (string | undefined)[] = [];
  const source: ValueSource & { error?: ZvaultError | undefined } = {
    fetch(etag) {
      asked.push(etag);
      if (source.error) return Promise.reject(source.error);
      return Promise.resolve(
        etag === '"1"'
          ? { kind: 'unchanged' }
          : { kind: 'values', etag: '"1"', project: 'app', values: [['K', secret]] },
      );
    },
  };
  const warnings: string[] = [];
  const load = (required = false) => loadExactIndex({ host, required, warn: (text) => warnings.push(text), source });
  const folder = join(home, '.cache', 'zvault');
  return { clock, load, secret, asked, source, warnings, folder, host };
}

test('fresh: no request; older than five minutes: a conditional one; the file is sealed and 0600', async () => {
  const { clock, load, secret, asked, folder } = fixture();
  const found = async () => (await load())?.finder.find(Buffer.from(`x ${secret}`)).map((match) => match.reference);
  expect(await found()).toEqual(['zvault://env/app/K']);
  clock.now += 4 * 60_000;
  expect(await found()).toEqual(['zvault://env/app/K']);
  expect(asked).toEqual([undefined]);
  clock.now += 2 * 60_000;
  expect(await found()).toEqual(['zvault://env/app/K']);
  expect(asked).toEqual([undefined, '"1"']);
  const [name = ''] = readdirSync(folder);
  const file = readFileSync(join(folder, name));
  expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600);
  for (const form of [secret, Buffer.from(secret).toString('base64').slice(0, 12), 'zvault://'])
    expect(file.includes(form)).toBe(false);
});

test('the vault is away: the index serves for a day, then only patterns, or failure where it is required', async () => {
  const { clock, load, secret, source, warnings } = fixture();
  await load();
  source.error = new ZvaultError('CONNECTION_FAILED', 'away');
  clock.now += 23 * 60 * 60_000;
  expect((await load())?.finder.find(Buffer.from(secret))).toHaveLength(1);
  expect(warnings).toHaveLength(1);
  clock.now += 2 * 60 * 60_000;
  expect(await load()).toBeUndefined();
  await expect(load(true)).rejects.toMatchObject({ code: 'UNAVAILABLE' });
});

test.each(['UNAUTHORIZED', 'FORBIDDEN'] as const)('%s deletes the index', async (code) => {
  const { clock, load, source, folder } = fixture();
  await load();
  expect(readdirSync(folder)).toHaveLength(1);
  source.error = new ZvaultError(code, 'no');
  clock.now += 6 * 60_000;
  await expect(load()).rejects.toMatchObject({ code });
  expect(readdirSync(folder)).toEqual([]);
});

test('another token cannot read it', async () => {
  const { load, asked, host, folder } = fixture();
  await load();
  (host.env as Record<string, string>)['ZVAULT_TOKEN'] = 'another-token';
  await load();
  expect(asked).toEqual([undefined, undefined]);
  expect(existsSync(folder)).toBe(true);
});

test('a file that is damaged or cut off is made anew; damage behind what was read is told, not passed over', async () => {
  const { load, asked, secret, folder } = fixture();
  await load();
  const [name = ''] = readdirSync(folder);
  const path = join(folder, name);
  const good = readFileSync(path);
  const damaged = (at: number): Buffer => Buffer.from(good.map((byte, i) => (i === at ? byte ^ 1 : byte)));
  for (const bad of [
    good.subarray(0, 10),
    good.subarray(0, 60),
    damaged(0),
    damaged(12),
    damaged(60),
    Buffer.alloc(0),
  ]) {
    writeFileSync(path, bad);
    const before = asked.length;
    expect((await load())?.finder.find(Buffer.from(secret))).toHaveLength(1);
    expect(asked.length).toBe(before + 1);
  }
  writeFileSync(path, damaged(good.length - 40));
  const finder = (await load())?.finder;
  expect(finder?.find(Buffer.from('nothing of it'))).toEqual([]);
  expect(() => finder?.find(Buffer.from(secret))).toThrow(expect.objectContaining({ code: 'PARTIAL' }) as Error);
});

test('what is left out is told by key, never by value', async () => {
  const { load, source, host, secret } = fixture();
  source.fetch = () =>
    Promise.resolve({
      kind: 'values',
      etag: undefined,
      project: 'app',
      values: [
        ['MODE', 'production'],
        ['K', secret],
      ],
    });
  const loaded = await load();
  expect(loaded?.explain()).toBe('K  looked for  zvault://env/app/K\nMODE  left out  a common word\n');
  expect(loaded?.notices().join()).toContain('1 of the vault');
  expect(loaded?.explain()).not.toContain(secret);
  expect(host.homeDir).not.toBe('');
});

test('one value after the other is found in text after text', () => {
  const values = Array.from({ length: 300 }, (_, i) => entry(`K${i}`, value(10 + (i % 30))));
  const index = new ValueIndex(buildIndex(values));
  for (let round = 0; round < 80; round++) {
    const picked = values[randomInt(values.length)]!;
    const text = Buffer.from(`${value(200)} ${picked.value} ${value(200)}`);
    expect(index.find(text).map((match) => match.reference)).toEqual([picked.reference]);
  }
});

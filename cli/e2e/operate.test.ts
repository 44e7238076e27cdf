// A vault over the years, by its command: other shares, other keys, other ways in, a new root token, a backup that comes back.

import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Result, type RunOptions, ended, start, temporaryFolder, until, zvault } from './support.ts';

const byText = (a: string, b: string): number => (a < b ? -1 : Number(a > b));

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
}

async function serve(cwd: string, args: readonly string[] = []): Promise<Server> {
  const child = start(['server', '--listen', '127.0.0.1:0', '--storage', 'sqlite:vault.db', ...args], { cwd });
  const end = ended(child);
  const [, url = ''] = await until(child, /listening on (\S+)/, 'stderr');
  return {
    url,
    child,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      await end;
    },
  };
}

interface Place extends AsyncDisposable {
  readonly path: string;
  readonly url: string;
  readonly run: (
    args: readonly string[],
    options?: Partial<RunOptions> & { readonly token?: string },
  ) => Promise<Result>;
}

async function place(): Promise<Place> {
  const folder = temporaryFolder();
  const server = await serve(folder.path);
  return {
    path: folder.path,
    url: server.url,
    run: (args, { token, input, env } = {}) =>
      zvault(args, {
        cwd: folder.path,
        env: { ZVAULT_URL: server.url, ...(token === undefined ? {} : { ZVAULT_TOKEN: token }), ...env },
        ...(input === undefined ? {} : { input }),
      }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      folder[Symbol.dispose]();
    },
  };
}

interface Initialized {
  readonly unseal_shares: string[];
  readonly root_token: string;
  readonly recovery_code: string;
}

async function initialize({ run }: Place, value: string): Promise<Initialized> {
  const made = await run(['init', '--shares', '3', '--threshold', '2', '--recovery-code', '--json']);
  const keys = JSON.parse(made.stdout) as Initialized;
  expect((await run(['unseal'], { input: keys.unseal_shares.join('\n') })).code).toBe(0);
  const token = keys.root_token;
  const linked = await run(['cloud', 'init', '--create', '--org', 'acme', '--project', 'web'], { token });
  expect(linked.code).toBe(0);
  expect((await run(['cloud', 'set', 'KEPT'], { token, input: value })).code).toBe(0);
  return keys;
}

const kept = async ({ run }: Place, token: string): Promise<string> =>
  (await run(['cloud', 'get', 'KEPT'], { token })).stdout;

let one: Place;
let keys: Initialized;
beforeAll(async () => {
  one = await place();
  keys = await initialize(one, 'canary-value-of-one');
});
afterAll(() => one[Symbol.asyncDispose]());

test('rekey: shares by stdin or from a file, never from the arguments', async () => {
  const token = keys.root_token;
  const rekey = ['rekey', '--shares', '4', '--threshold', '3', '--json'];
  expect((await one.run(rekey, { input: keys.unseal_shares.join('\n') })).code).toBe(3);
  expect((await one.run(rekey, { token, input: keys.unseal_shares[0] ?? '' })).code).toBe(2);
  expect((await one.run([...rekey, keys.unseal_shares[0] ?? ''], { token })).code).toBe(2);
  const made = await one.run(rekey, { token, input: keys.unseal_shares.slice(1).join('\n') });
  expect(made.stderr).toContain('3 of these 4 shares');
  const { unseal_shares: shares } = JSON.parse(made.stdout) as Initialized;
  expect(shares).toHaveLength(4);
  for (const share of [...shares, ...keys.unseal_shares]) expect(made.stderr).not.toContain(share);
  expect((await one.run(['seal'], { token })).code).toBe(0);
  expect((await one.run(['unseal'], { input: keys.unseal_shares.join('\n') })).code).toBe(2);
  writeFileSync(join(one.path, 'shares'), shares.slice(1).join('\n'));
  expect((await one.run(['unseal', '--share-file', 'shares'])).code).toBe(0);
  keys = { ...keys, unseal_shares: shares };
});

test('rotate waits until all is encrypted again, and says what it did', async () => {
  const token = keys.root_token;
  expect((await one.run(['rotate', '--status'], { token })).stderr).toContain('no key was ever rotated');
  const done = await one.run(['rotate'], { token });
  expect([done.code, done.stderr]).toEqual([
    0,
    expect.stringMatching(/\d+ entries are encrypted again, 2 old keys erased/),
  ]);
  const json = await one.run(['rotate', '--key', 'root', '--key', 'mounts', '--json'], { token });
  expect(JSON.parse(json.stdout)).toMatchObject({ state: 'done', what: ['root', 'mounts'], kept: 0 });
  expect((await one.run(['rotate', '--key', 'all'], { token })).code).toBe(2);
  expect((await one.run(['rotate', '--no-wait'], { token })).code).toBe(0);
  expect(await kept(one, token)).toBe('canary-value-of-one');
});

test('key slots: a passphrase, a recovery code and a key file open the vault, each by its own flag', async () => {
  const token = keys.root_token;
  const { run } = one;
  const seal = async (): Promise<void> => expect((await run(['seal'], { token })).code).toBe(0);
  const code = await run(['key-slot', 'add', '--kind', 'recovery'], { token });
  const recovery = /^recovery code: (\S+)\n$/.exec(code.stdout)?.[1] ?? '';
  expect(recovery).toMatch(/^([0-9A-Z]{5}-){7}[0-9A-Z]{5}$/);
  expect(code.stderr).not.toContain(recovery);
  await run(['key-slot', 'add', '--kind', 'passphrase'], { token, input: 'correct horse\n' });
  expect((await run(['key-slot', 'add', '--kind', 'key'], { token })).code).toBe(2);
  expect((await run(['key-slot', 'add', '--kind', 'key', '--output', 'key'], { token })).code).toBe(0);
  expect((await run(['key-slot', 'add', '--kind', 'key', '--output', 'key'], { token })).code).toBe(5);
  expect((statSync(join(one.path, 'key')).mode & 0o777).toString(8)).toBe('600');

  for (const [args, input] of [
    [['--recovery-code'], `${recovery.toLowerCase()}\n`],
    [['--passphrase'], 'correct horse\n'],
    [['--key-file', 'key'], ''],
    [['--recovery-code'], keys.recovery_code],
  ] as const) {
    await seal();
    const opened = await run(['unseal', ...args], { input });
    expect([args, opened.code, opened.stderr]).toEqual([args, 0, expect.stringContaining('is unsealed')]);
  }
  await seal();
  expect((await run(['unseal', '--passphrase'], { input: 'wrong horse\n' })).code).toBe(2);
  expect((await run(['unseal', '--passphrase', '--recovery-code'], { input: 'x' })).code).toBe(2);
  expect((await run(['unseal', '--recovery-code'], { input: recovery.replace(/.$/, '!') })).code).toBe(2);
  expect((await run(['unseal', '--key-file', 'key'])).code).toBe(0);

  const listed = (await run(['key-slot', 'list'], { token })).stdout;
  const rows = listed
    .trimEnd()
    .split('\n')
    .map((line) => line.split('\t'));
  expect(rows.map(([, kind = '']) => kind).toSorted(byText)).toEqual([
    'key',
    'passphrase',
    'recovery',
    'recovery',
    'shamir',
  ]);
  const id = rows.find(([, kind]) => kind === 'passphrase')?.[0] ?? '';
  expect((await run(['key-slot', 'remove', id], { token })).code).toBe(0);
  expect((await run(['key-slot', 'remove', id], { token })).code).toBe(4);
});

test('generate-root: shares or a recovery code in, a token out', async () => {
  const { run } = one;
  const made = await run(['generate-root', '--json'], { input: keys.unseal_shares.join(' ') });
  const { root_token: token } = JSON.parse(made.stdout) as Initialized;
  expect(made.stderr).not.toContain(token);
  const again = await run(['generate-root', '--recovery-code', '--revoke-others'], { input: keys.recovery_code });
  expect(again.stderr).toContain('2 other root tokens are revoked');
  expect((await run(['key-slot', 'list'], { token })).code).toBe(3);
  expect((await run(['generate-root'], { input: keys.unseal_shares[0] ?? '' })).code).toBe(2);
  keys = { ...keys, root_token: /root token: (\S+)/.exec(again.stdout)?.[1] ?? '' };
  expect(await kept(one, keys.root_token)).toBe('canary-value-of-one');
});

test('a backup to a file or a pipe, and its way back over another vault', async () => {
  const token = keys.root_token;
  expect((await one.run(['backup', '--output', 'b.backup'])).code).toBe(3);
  const written = await one.run(['backup', '--output', 'b.backup'], { token });
  expect([written.code, written.stdout, written.stderr]).toEqual([0, '', expect.stringContaining('to b.backup')]);
  expect((statSync(join(one.path, 'b.backup')).mode & 0o777).toString(8)).toBe('600');
  const piped = await one.run(['backup'], { token });
  expect(piped.output.subarray(0, 8).toString()).toBe('ZVLTBAK1');
  for (const bytes of [piped.output, readFileSync(join(one.path, 'b.backup'))]) {
    for (const secret of ['canary', 'KEPT', token, ...keys.unseal_shares])
      expect([secret, bytes.includes(secret)]).toEqual([secret, false]);
  }
  expect((await one.run(['backup', '--output', 'no/such/folder'], { token })).code).toBe(4);
  expect(readdirSync(one.path).filter((name) => name.endsWith('.tmp'))).toEqual([]);

  await using two = await place();
  const other = await initialize(two, 'value of two');
  const file = join(one.path, 'b.backup');
  const own = { token: other.root_token };
  expect((await two.run(['restore', file], own)).code).toBe(2);
  expect((await two.run(['restore', '--yes', file])).code).toBe(3);
  expect((await two.run(['restore', '--yes', join(two.path, 'none')], own)).code).toBe(4);
  writeFileSync(join(two.path, 'cut'), piped.output.subarray(0, -10));
  const cut = await two.run(['restore', '--yes', 'cut'], own);
  expect([cut.code, cut.stderr]).toEqual([2, expect.stringContaining('ends too early')]);

  expect((await two.run(['restore', '--yes', file], own)).code).toBe(0);
  expect((await two.run(['restore', '--status'], own)).stderr).toContain('0 of 3 shares are given');
  expect(await kept(two, other.root_token)).toBe('value of two');
  expect((await two.run(['restore', '--cancel'], own)).code).toBe(0);
  expect((await two.run(['restore', '--cancel'], own)).code).toBe(4);

  const staged = await two.run(['restore', '--yes', '-'], { ...own, input: piped.output });
  expect([staged.code, staged.stderr]).toEqual([0, expect.stringContaining('zvault unseal')]);
  expect((await two.run(['unseal'], { input: keys.unseal_shares.slice(0, 3).join('\n') })).code).toBe(0);
  expect(await kept(two, token)).toBe('canary-value-of-one');
  expect((await two.run(['cloud', 'get', 'KEPT'], own)).code).toBe(3);
  expect((await two.run(['seal'], { token })).code).toBe(0);
  expect((await two.run(['unseal'], { input: other.unseal_shares.join('\n') })).code).toBe(2);
  expect((await two.run(['unseal', '--key-file', join(one.path, 'key')])).code).toBe(0);
  expect(await kept(two, token)).toBe('canary-value-of-one');
});

test('onto a server that is nobody’s, in one go', async () => {
  await using fresh = await place();
  const file = join(one.path, 'b.backup');
  const shares = join(one.path, 'all-shares');
  writeFileSync(shares, keys.unseal_shares.join('\n'));
  const done = await fresh.run(['restore', '--yes', '--share-file', shares, '--json', file]);
  expect([done.code, done.stderr]).toEqual([0, expect.stringContaining('is restored')]);
  expect(JSON.parse(done.stdout)).toMatchObject({ success: true, staged: false });
  await fresh.run(['cloud', 'init', '--org', 'acme', '--project', 'web'], { token: keys.root_token });
  expect(await kept(fresh, keys.root_token)).toBe('canary-value-of-one');
});

test('a server that ends in the middle of a backup leaves no file', async () => {
  await using other = await place();
  const made = await initialize(other, 'x');
  const operations = Array.from({ length: 20 }, (_, index) => `K${index}=${'x'.repeat(900_000)}`).join('\n');
  writeFileSync(join(other.path, '.env'), operations);
  expect((await other.run(['cloud', 'push', '--file', '.env'], { token: made.root_token })).code).toBe(0);
  const child = start(['backup', '--output', '-'], {
    cwd: other.path,
    env: { ZVAULT_URL: other.url, ZVAULT_TOKEN: made.root_token },
  });
  // Nobody reads its stdout: the server waits, and is sealed meanwhile.
  await new Promise((resolve) => setTimeout(resolve, 700));
  expect((await other.run(['seal'], { token: made.root_token })).code).toBe(0);
  await new Promise((resolve) => setTimeout(resolve, 700));
  child.stdout?.resume();
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const [code] = await ended(child);
  expect([code, errors]).toEqual([6, expect.stringContaining('before its end')]);
});

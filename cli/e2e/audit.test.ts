// The audit, as its operators and auditors meet it.

import { copyFileSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { bundle, ended, start, temporaryFolder, until, zvault } from './support.ts';

test('verify, key and export, from the first start on', async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const file = (name: string): string => join(cwd, name);
  const canary = 'CANARY-4c1e-audit';
  const serve = async (env: Readonly<Record<string, string>> = {}) => {
    const devices = ['--audit', 'file:a.log', '--audit', 'syslog:file:b.log', '--audit', 'stdout', '--audit-fsync'];
    const child = start(['server', '--listen', '127.0.0.1:0', '--storage', 'sqlite:v.db', ...devices], { cwd, env });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => (out += chunk.toString()));
    const end = ended(child);
    const [, url = ''] = await until(child, /listening on (\S+)/, 'stderr');
    return {
      url,
      stop: async () => {
        child.kill();
        await end;
        return out;
      },
    };
  };
  let server = await serve();
  let env: Record<string, string> = { ZVAULT_URL: server.url };
  const made = await zvault(['init', '--unseal-key-file', 'u.key', '--json'], { cwd, env });
  const token = (JSON.parse(made.stdout) as { root_token: string }).root_token;
  const stdout = [await server.stop()];
  server = await serve({ ZVAULT_UNSEAL_KEY_FILE: 'u.key' });
  env = { ZVAULT_URL: server.url, ZVAULT_TOKEN: token };
  const run = (...args: string[]) => zvault(args, { cwd, env });
  expect((await zvault(['kv', 'put', 'foo', '-'], { cwd, env, input: JSON.stringify({ a: canary }) })).code).toBe(0);
  for (let index = 0; index < 3; index += 1) await run('kv', 'get', 'foo', '--json');

  const all = await run('audit', 'verify', 'a.log');
  expect([all.code, all.stdout]).toEqual([0, '']);
  expect((await run('audit', 'verify', 'b.log')).code).toBe(0);
  // A copy lacks the lines that verifying it adds.
  copyFileSync(file('a.log'), file('copy.log'));
  expect(await run('audit', 'verify', 'copy.log')).toMatchObject({ code: 0, stdout: '' });
  expect((await run('audit', 'verify', '--json', 'a.log')).stdout).toContain('"ok": true');
  const key = await run('audit', 'key');
  expect(key.stdout).toMatch(/^-----BEGIN PUBLIC KEY-----/);
  writeFileSync(file('key.pem'), key.stdout);
  // Who takes the key along finds everything up to that moment proven.
  copyFileSync(file('a.log'), file('taken.log'));
  const taken = await run('audit', 'verify', '--public-key', 'key.pem', 'taken.log');
  expect([taken.code, taken.stdout]).toEqual([0, '']);
  // Behind a checkpoint stand the request for the key itself, and the end of the server that was never unsealed.
  const lineCount = readFileSync(file('taken.log'), 'utf8').split('\n').length - 1;
  expect(taken.stderr).toContain(`: ${lineCount - 2} lines of `);
  writeFileSync(file('taken.log'), readFileSync(file('taken.log'), 'utf8').replaceAll('/data/foo"', '/data/bar"'));
  expect((await run('audit', 'verify', '--public-key', 'key.pem', 'taken.log')).code).toBe(7);

  // Rotation: both files are one log, in any order, compressed or not.
  renameSync(file('a.log'), file('a.log.1'));
  await run('kv', 'get', 'foo', '--json');
  expect((await run('audit', 'verify', 'a.log', 'a.log.1')).code).toBe(0);
  writeFileSync(file('a.log.1.gz'), gzipSync(readFileSync(file('a.log.1'))));
  expect((await run('audit', 'verify', 'a.log', 'a.log.1.gz')).code).toBe(0);
  const cut = await run('audit', 'verify', 'a.log.1');
  expect([cut.code, cut.stdout]).toEqual([7, expect.stringContaining('cut off')]);

  const lines = readFileSync(file('a.log.1'), 'utf8').split('\n');
  writeFileSync(
    file('changed.log'),
    lines.with(4, (lines[4] ?? '').replace('"remote_addr":', '"remote_addr" :')).join('\n'),
  );
  writeFileSync(file('removed.log'), lines.toSpliced(4, 1).join('\n'));
  for (const name of ['changed.log', 'removed.log']) {
    expect([name, (await run('audit', 'verify', name, 'a.log')).code]).toEqual([name, 7]);
    expect([name, (await run('audit', 'verify', '--public-key', 'key.pem', name, 'a.log')).code]).toEqual([name, 7]);
  }
  // Emptied, it has lost every line.
  writeFileSync(file('empty.log'), '');
  const emptied = await run('audit', 'verify', 'empty.log');
  expect([emptied.code, emptied.stdout]).toEqual([7, expect.stringContaining('no lines')]);
  expect((await run('audit', 'verify', '--public-key', 'key.pem', 'empty.log')).code).toBe(2);
  expect((await run('audit', 'verify', 'none.log')).code).toBe(4);
  expect((await run('audit', 'verify', '--public-key', 'a.log', 'a.log')).code).toBe(2);

  const exports: string[] = [];
  for (const format of ['json', 'csv', 'cef']) {
    const exported = await run('audit-export', '--format', format, '--limit', '4');
    expect([format, exported.code]).toEqual([format, 0]);
    expect(exported.stdout.trim().split('\n')).toHaveLength({ json: 6, csv: 5, cef: 4 }[format] ?? 0);
    exports.push(exported.stdout);
  }
  const first = await run('audit-export', '--limit', '2');
  const cursor = /--after (\S+)/.exec(first.stderr)?.[1] ?? '';
  const second = await run('audit-export', '--limit', '2', '--after', cursor);
  const seqs = [first, second].flatMap(({ stdout: text }) =>
    (JSON.parse(text) as { seq: number }[]).map(({ seq }) => seq),
  );
  expect(seqs).toEqual(seqs.map((_, index) => (seqs[0] ?? 0) - index));
  expect((await run('audit-export', '--after', 'x')).code).toBe(2);
  const written = await run('audit-export', '--format', 'csv', '--output', 'out.csv');
  expect([written.code, written.stdout, statSync(file('out.csv')).mode & 0o777]).toEqual([0, '', 0o600]);

  // Without a vault, after its end.
  stdout.push(await server.stop());
  const alone = await zvault(['audit', 'verify', '--public-key', 'key.pem', 'a.log.1', 'a.log'], { cwd });
  expect([alone.code, alone.stdout]).toEqual([0, '']);
  const collected = stdout
    .join('')
    .split('\n')
    .filter((line) => line.startsWith('{"id"'));
  writeFileSync(file('stdout.log'), `${collected.join('\n')}\n`);
  expect((await zvault(['audit', 'verify', '--public-key', 'key.pem', 'stdout.log'], { cwd })).code).toBe(0);

  for (const text of [
    ...exports,
    ...stdout,
    ...['a.log', 'a.log.1', 'b.log', 'out.csv'].map((name) => readFileSync(file(name), 'utf8')),
  ]) {
    expect(text).not.toContain(canary);
    expect(text).not.toContain(token);
  }
});

test('lines of servers that ended before they were unsealed, or initialized, are verified too', async () => {
  using folder = temporaryFolder();
  const cwd = folder.path;
  const serve = async (): Promise<{ url: string; end: (signal: NodeJS.Signals) => Promise<unknown> }> => {
    const args = ['server', '--listen', '127.0.0.1:0', '--storage', 'sqlite:v.db', '--audit', 'file:a.log'];
    const child = start(args, { cwd, env: {} });
    const end = ended(child);
    const [, url = ''] = await until(child, /listening on (\S+)/, 'stderr');
    return {
      url,
      end: (signal) => {
        child.kill(signal);
        return end;
      },
    };
  };
  const live = async (signal: NodeJS.Signals): Promise<void> => {
    const server = await serve();
    const env = { ZVAULT_URL: server.url, ZVAULT_TOKEN: 'x' };
    expect((await zvault(['kv', 'get', 'foo'], { cwd, env })).code).not.toBe(0);
    await server.end(signal);
  };
  await live('SIGTERM');
  await live('SIGKILL');
  const first = await serve();
  const made = await zvault(['init', '--json'], { cwd, env: { ZVAULT_URL: first.url } });
  const { root_token: token, unseal_shares: shares } = JSON.parse(made.stdout) as Record<string, string[]>;
  await first.end('SIGKILL');
  await live('SIGTERM');
  await live('SIGKILL');
  const last = await serve();
  const env = { ZVAULT_URL: last.url, ZVAULT_TOKEN: String(token) };
  for (const share of shares?.slice(0, 3) ?? []) await zvault(['unseal'], { cwd, env, input: share });
  const clean = await zvault(['audit', 'verify', 'a.log'], { cwd, env });
  expect([clean.code, clean.stdout]).toEqual([0, '']);
  expect(clean.stderr).toContain('6 chains');

  const path = join(cwd, 'a.log');
  const lines = readFileSync(path, 'utf8').split('\n');
  const starts = lines.flatMap((line, index) => (line.includes('"action":"server.start"') ? [index] : []));
  for (const at of starts.slice(0, -1)) {
    const changed = lines.with(at + 1, (lines[at + 1] ?? '').replace('"path":"/v1', '"path":"/v2'));
    writeFileSync(join(cwd, 'changed.log'), changed.join('\n'));
    const found = await zvault(['audit', 'verify', 'changed.log'], { cwd, env });
    expect([at, found.stdout]).toEqual([
      at,
      expect.stringContaining(`changed.log:${at + 2}: the line, or one before it`),
    ]);
  }
  await last.end('SIGTERM');
});

test('ZVAULT_AUDIT_FILE names a device; who may not read the log gets no export', async () => {
  using folder = temporaryFolder();
  const script = `const { execFileSync: run, spawnSync } = require('node:child_process');
    const zvault = (...args) => spawnSync(process.execPath, [process.env.BIN, ...args], { encoding: 'utf8', env: { ...process.env, ZVAULT_TOKEN: process.env.ZVAULT_SERVICE_TOKEN } });
    const refused = zvault('audit-export'); console.log(refused.status, JSON.stringify(refused.stdout));`;
  const env = { ZVAULT_AUDIT_FILE: 'dev.log', BIN: bundle };
  const done = await zvault(['dev', '--', process.execPath, '-e', script], { cwd: folder.path, env });
  expect(done.stdout.trim()).toBe('3 ""');
  expect(readFileSync(join(folder.path, 'dev.log'), 'utf8')).toContain('"action":"sys.audit-log"');
});

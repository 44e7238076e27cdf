// A vault that lives long: made, unsealed in each way, sealed, stopped, started again.

import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ChildProcess } from 'node:child_process';
import { expect, test } from 'vitest';
import { ended, start, temporaryFolder, until, zvault } from './support.ts';

interface Server extends AsyncDisposable {
  readonly url: string;
  readonly child: ChildProcess;
  stop(signal: NodeJS.Signals): Promise<number | null>;
}

async function serve(
  cwd: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<Server> {
  const child = start(['server', '--listen', '127.0.0.1:0', ...args], { cwd, env });
  const end = ended(child);
  const [, url = ''] = await until(child, /listening on (\S+)/, 'stderr');
  const stop = async (signal: NodeJS.Signals): Promise<number | null> => {
    child.kill(signal);
    return (await end)[0];
  };
  return {
    url,
    child,
    stop,
    async [Symbol.asyncDispose]() {
      await stop('SIGTERM');
    },
  };
}

test('shares unseal a vault, and a stop loses nothing', async () => {
  using folder = temporaryFolder();
  const at = (env: Readonly<Record<string, string>>) => ({ cwd: folder.path, env });
  const storage = ['--storage', 'sqlite:vault.db'];
  let server = await serve(folder.path, storage);
  let env: Record<string, string> = { ZVAULT_URL: server.url };

  const before = await zvault(['status', '--json'], at(env));
  expect(before.code).toBe(6);
  expect(JSON.parse(before.stdout)).toMatchObject({ initialized: false });

  const made = await zvault(['init', '--shares', '3', '--threshold', '2', '--json'], at(env));
  expect(made.code).toBe(0);
  const { unseal_shares: shares, root_token: token } = JSON.parse(made.stdout) as {
    unseal_shares: string[];
    root_token: string;
  };
  expect(shares).toHaveLength(3);
  expect((await zvault(['init'], at(env))).code).toBe(5);
  const unseal = (share: string) => zvault(['unseal'], { ...at(env), input: `${share}\n` });
  expect((await unseal(shares[0] ?? '')).stderr).toContain('1 of 2 shares are given');
  const reset = await zvault(['unseal', '--reset'], at(env));
  expect(reset.code).toBe(0);
  expect((await unseal('bm8gc2hhcmU=')).code).toBe(2);
  writeFileSync(join(folder.path, 'shares'), `${shares[2]}\n${shares[0]}\n`);
  const opened = await zvault(['unseal', '--share-file', 'shares'], at(env));
  expect(opened.stderr).toContain('is unsealed');
  expect((await zvault(['status'], at(env))).code).toBe(0);

  env = { ...env, ZVAULT_TOKEN: token };
  const linked = await zvault(['cloud', 'init', '--org', 'acme', '--project', 'web'], at(env));
  expect(linked.code).toBe(4);
  expect(linked.stderr).toContain('add --create');
  expect((await zvault(['cloud', 'init', '--create', '--org', 'acme', '--project', 'web'], at(env))).code).toBe(0);
  expect((await zvault(['cloud', 'set', 'KEPT'], { ...at(env), input: 'over the restart' })).code).toBe(0);

  expect((await zvault(['seal'], at({ ZVAULT_URL: server.url }))).code).toBe(3);
  expect((await zvault(['seal'], at({ VAULT_ADDR: server.url, VAULT_TOKEN: token }))).code).toBe(0);
  const sealed = await zvault(['status'], at(env));
  expect(sealed.code).toBe(6);
  expect(sealed.stdout).toContain('sealed\ttrue');
  expect((await zvault(['cloud', 'get', 'KEPT'], at(env))).code).toBe(6);

  expect(await server.stop('SIGTERM')).toBe(0);
  server = await serve(folder.path, storage);
  env['ZVAULT_URL'] = server.url;
  await unseal(shares[1] ?? '');
  await unseal(shares[2] ?? '');
  expect((await zvault(['cloud', 'get', 'KEPT'], at(env))).stdout).toBe('over the restart');
  expect(await server.stop('SIGINT')).toBe(130);
});

test.each(['key file', 'key', 'passphrase'] as const)('a %s unseals the vault at its start', async (way) => {
  using folder = temporaryFolder();
  const storage = ['--storage', 'sqlite:vault.db'];
  const first = await serve(folder.path, storage);
  const args = way === 'passphrase' ? ['--unseal-passphrase'] : ['--unseal-key-file', 'unseal.key'];
  const at = { cwd: folder.path, env: { ZVAULT_URL: first.url } };
  const made = await zvault(['init', ...args], { ...at, input: way === 'passphrase' ? 'correct horse battery\n' : '' });
  expect(made.stderr).not.toContain('error');
  expect(made.code).toBe(0);
  await first.stop('SIGTERM');
  const keyFile = join(folder.path, 'unseal.key');
  let env: Record<string, string> = { ZVAULT_UNSEAL_PASSPHRASE: 'correct horse battery' };
  if (way !== 'passphrase') {
    expect(statSync(keyFile).mode & 0o777).toBe(0o600);
    const key = readFileSync(keyFile, 'utf8');
    expect(key).toMatch(/^[\w-]{43}\n$/);
    expect(made.stdout + made.stderr).not.toContain(key.trim());
    env = way === 'key' ? { ZVAULT_UNSEAL_KEY: key.trim() } : { ZVAULT_UNSEAL_KEY_FILE: keyFile };
  }
  await using second = await serve(folder.path, storage, env);
  expect((await zvault(['status'], { cwd: folder.path, env: { ZVAULT_URL: second.url } })).code).toBe(0);
});

test('a key file is never overwritten, and none is left when the vault was not made', async () => {
  using folder = temporaryFolder();
  await using server = await serve(folder.path, []);
  const at = { cwd: folder.path, env: { ZVAULT_URL: server.url } };
  writeFileSync(join(folder.path, 'there'), 'mine');
  const refused = await zvault(['init', '--unseal-key-file', 'there'], at);
  expect(refused.code).toBe(5);
  expect(readFileSync(join(folder.path, 'there'), 'utf8')).toBe('mine');
  const away = await zvault(['init', '--unseal-key-file', 'new', '--url', 'http://127.0.0.1:1'], at);
  expect(away.code).toBe(6);
  expect(existsSync(join(folder.path, 'new'))).toBe(false);
  const status = await zvault(['status', '--json'], at);
  expect(JSON.parse(status.stdout)).toMatchObject({ initialized: false });
});

test('settings come from a file, and what is not one is refused', async () => {
  using folder = temporaryFolder();
  writeFileSync(
    join(folder.path, 'good.yaml'),
    'storage: sqlite:from-config.db\nrate-limit: 5\naudit: file:audit.log\n',
  );
  writeFileSync(join(folder.path, 'bad.toml'), 'storge = "memory"\n');
  await using server = await serve(folder.path, ['--config', 'good.yaml']);
  expect(existsSync(join(folder.path, 'from-config.db'))).toBe(true);
  expect(server.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  const refused = await zvault(['server', '--config', 'bad.toml'], { cwd: folder.path });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/"storge" is not a setting of the server/);
});

test('a token is saved per address after it was checked, and forgotten again', async () => {
  using folder = temporaryFolder();
  const dev = start(['dev', '--json'], { cwd: folder.path });
  const end = ended(dev);
  const [line] = await until(dev, /^.*\n/);
  const { ZVAULT_URL: url = '', ZVAULT_SERVICE_TOKEN: token = '' } = JSON.parse(line) as Record<string, string>;
  const at = { cwd: folder.path };
  const wrong = await zvault(['login', '--stdin', '--url', url], { ...at, input: `zvt_${'0'.repeat(40)}\n` });
  expect(wrong.code).toBe(3);
  expect((await zvault(['cloud', 'secrets', '--url', url], at)).code).toBe(3);
  const right = await zvault(['login', '--stdin', '--url', `${url}/`], { ...at, input: `${token}\n` });
  expect(right.stderr).toContain('saved a token');
  expect(right.stdout + right.stderr).not.toContain(token);
  expect((await zvault(['cloud', 'secrets', '--url', url], at)).code).toBe(0);
  writeFileSync(join(folder.path, '.zvault.toml'), `[vault]\naddress = "${url}"\n`);
  expect((await zvault(['cloud', 'secrets'], at)).code).toBe(0);
  expect((await zvault(['logout', '--url', url], at)).code).toBe(0);
  expect((await zvault(['cloud', 'secrets'], at)).code).toBe(3);
  dev.kill('SIGTERM');
  await end;
});

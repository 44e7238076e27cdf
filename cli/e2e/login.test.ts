// Signing in and out on the command line. A plain HTTP client stands for the browser (test/e2e/sign-in.test.ts has a real one).

import type { ChildProcess } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Answer, send } from '../../test/support/http.ts';
import { ended, start, temporaryFolder, until, zvault } from './support.ts';

const folder = temporaryFolder();
let server: ChildProcess;
let url: string;
let token: string;

beforeAll(async () => {
  server = start(['dev', '--json'], { cwd: folder.path });
  const [line] = await until(server, /^.*\n/);
  ({ ZVAULT_URL: url = '', ZVAULT_SERVICE_TOKEN: token = '' } = JSON.parse(line) as Record<string, string>);
});
afterAll(async () => {
  server.kill('SIGTERM');
  await ended(server);
  folder[Symbol.dispose]();
});

interface Login {
  readonly child: ChildProcess;
  /** The page that it asks to open. */
  readonly page: URL;
  readonly cwd: string;
  result(): Promise<{ code: number | null; said: string }>;
}

async function login(args: readonly string[] = [], env: Readonly<Record<string, string>> = {}): Promise<Login> {
  const home = temporaryFolder();
  onTestFinished(() => home[Symbol.dispose]());
  const child = start(['login', '--no-browser', '--url', url, ...args], { cwd: home.path, env });
  const end = ended(child);
  let said = '';
  child.stdout?.on('data', (chunk) => (said += String(chunk)));
  const page = await new Promise<URL>((resolve) => {
    child.stderr?.on('data', (chunk) => {
      said += String(chunk);
      const found = /^http\S+$/m.exec(said);
      if (found) resolve(new URL(found[0]));
    });
  });
  return { child, page, cwd: home.path, result: async () => ({ code: (await end)[0], said }) };
}

/** What a browser does when a person gives `given` on the page: the address that it is sent to. */
async function giveToken({ page }: Login, given = token): Promise<URL> {
  const form = { token: given, ...Object.fromEntries(page.searchParams) };
  const answer = await send(url, 'POST', '/cli/auth/token', { form });
  return new URL(answer.headers.location ?? '');
}

const visit = (address: URL, headers: Record<string, string> = {}, method = 'GET'): Promise<Answer> =>
  send(address.origin, method, address.pathname + address.search, { headers });

test('the code that comes back is exchanged, and the token saved for this address alone', async () => {
  const running = await login(['--json']);
  const back = await giveToken(running);
  expect(back.origin).toBe(`http://127.0.0.1:${running.page.searchParams.get('port')}`);
  const answer = await visit(back);
  expect([answer.status, answer.headers['cache-control']]).toEqual([200, 'no-store']);
  expect(answer.headers['content-security-policy']).toMatch(/default-src 'none'.*frame-ancestors 'none'/);
  expect(answer.text).toContain('You are signed in');
  const { code, said } = await running.result();
  expect(code).toBe(0);
  expect(said).not.toContain(token);
  const saved = join(running.cwd, '.zvault/tokens', encodeURIComponent(url));
  expect(readFileSync(saved, 'utf8')).toBe(`${token}\n`);
  expect([statSync(saved).mode & 0o777, statSync(join(running.cwd, '.zvault')).mode & 0o777]).toEqual([0o600, 0o700]);
  expect(readdirSync(join(running.cwd, '.zvault/tokens'))).toHaveLength(1);
});

test('what does not belong to this sign-in is turned away, and ends nothing', async () => {
  const running = await login();
  const back = await giveToken(running);
  const change = (edit: (address: URL) => void): URL => {
    const address = new URL(back);
    edit(address);
    return address;
  };
  expect((await visit(change(({ searchParams }) => searchParams.set('state', 'another-state')))).status).toBe(400);
  expect((await visit(change(({ searchParams }) => searchParams.delete('state')))).status).toBe(400);
  expect((await visit(change(({ searchParams }) => searchParams.delete('code')))).status).toBe(400);
  expect((await visit(new URL('/callback?token=zvt_x', back))).status).toBe(400);
  expect((await visit(new URL('/', back))).status).toBe(404);
  expect((await visit(back, { Host: `localhost:${back.port}` })).status).toBe(403);
  expect((await visit(back, { Host: `evil.example.com:${back.port}` })).status).toBe(403);
  expect((await visit(back, {}, 'POST')).status).toBe(405);
  expect((await visit(back)).status).toBe(200);
  expect((await running.result()).code).toBe(0);
});

test('a code of another sign-in is worth nothing', async () => {
  const [mine, other] = [await login(), await login()];
  const foreign = (await giveToken(other)).searchParams.get('code') ?? '';
  const back = await giveToken(mine);
  back.searchParams.set('code', foreign);
  const answer = await visit(back);
  expect([answer.status, answer.text.includes('not signed in')]).toEqual([502, true]);
  const { code, said } = await mine.result();
  expect(code).toBe(3);
  expect(said).toMatch(/UNAUTHORIZED/);
  expect(said).not.toContain(foreign);
  expect(existsSync(join(mine.cwd, '.zvault'))).toBe(false);
  other.child.kill('SIGINT');
  expect((await other.result()).code).toBe(130);
});

test('nobody comes: it stops after its time, and at Ctrl-C at once', async () => {
  const slow = await login(['--timeout', '1']);
  const { code, said } = await slow.result();
  expect(code).toBe(6);
  expect(said).toMatch(/nobody signed in within 1 seconds/);
  const stopped = await login();
  stopped.child.kill('SIGINT');
  expect((await stopped.result()).code).toBe(130);
});

test('the browser is started with the address, and without our settings', async () => {
  using home = temporaryFolder();
  const note = join(home.path, 'note');
  const browser = join(home.path, 'browser.sh');
  writeFileSync(
    browser,
    `#!/bin/sh\nprintf '%s\\n' "$1" > "${note}.part"\nenv >> "${note}.part"\nmv "${note}.part" "${note}"\n`,
  );
  chmodSync(browser, 0o755);
  const env = { BROWSER: browser, ZVAULT_TOKEN: 'canary-token', VAULT_TOKEN: 'canary-token' };
  const { code, stderr } = await zvault(['login', '--url', url, '--timeout', '2'], { cwd: home.path, env });
  expect(code).toBe(6);
  expect(stderr).toContain('sign in in the browser');
  const seen = readFileSync(note, 'utf8');
  expect(seen).toMatch(
    new RegExp(`^${url}/cli/auth\\?port=\\d+&state=[\\w-]{32}&code_challenge=[\\w-]{43}&code_challenge_method=S256\\n`),
  );
  expect(seen).not.toContain('canary');
});

test('over plain http to another machine nobody signs in', async () => {
  const { code, stderr } = await zvault(['login', '--url', 'http://vault.example.com'], { cwd: folder.path });
  expect(code).toBe(3);
  expect(stderr).toMatch(/in clear.*\n.*https/);
});

/** A server of which only the revocation is known. */
async function revoking(answer: (sent: { token: unknown; body: string }) => number): Promise<string> {
  const fake = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const known = request.url === '/v1/auth/token/revoke-self';
      const status = known ? answer({ token: request.headers['x-vault-token'], body }) : 404;
      const text = status === 204 || status === 404 ? '' : JSON.stringify({ error: 'unauthorized', message: 'no' });
      response.writeHead(status, { 'Content-Type': 'application/json' }).end(text);
    });
  });
  await new Promise<void>((resolve) => void fake.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void fake.close());
  return `http://127.0.0.1:${(fake.address() as AddressInfo).port}`;
}

const session = `zvv_0123456789abcdef0123456789abcdef7759b50e`;
const root = `zvr_0123456789abcdef0123456789abcdef7759b50e`;

test.each([
  { name: 'revoked', saved: session, status: 204, code: 0, says: /is revoked and forgotten/, calls: 1 },
  { name: 'over already', saved: session, status: 401, code: 0, says: /not valid any more/, calls: 1 },
  { name: 'a server without it', saved: session, status: 404, code: 0, says: /can’t revoke it/, calls: 1 },
  { name: 'a server in trouble', saved: session, status: 400, code: 6, says: /could not revoke the token/, calls: 1 },
  {
    name: '--no-revoke',
    saved: session,
    status: 204,
    code: 0,
    says: /forgotten, not revoked/,
    calls: 0,
    flag: '--no-revoke',
  },
  { name: 'a root token', saved: root, status: 204, code: 0, says: /root token/, calls: 0 },
  { name: 'an identity token', saved: 'a.b.c', status: 204, code: 0, says: /end by themselves/, calls: 0 },
])('logout: $name', async ({ saved, status, code, says, calls, flag }) => {
  using home = temporaryFolder();
  const sent: { token: unknown; body: string }[] = [];
  const address = await revoking((request) => {
    sent.push(request);
    return status;
  });
  const file = join(home.path, '.zvault/tokens', encodeURIComponent(address));
  mkdirSync(join(home.path, '.zvault/tokens'), { recursive: true });
  writeFileSync(file, `${saved}\n`, { mode: 0o600 });
  const args = ['logout', '--url', address, ...(flag === undefined ? [] : [flag])];
  const result = await zvault(args, { cwd: home.path });
  expect(result.stderr).toMatch(says);
  expect(result.code).toBe(code);
  expect(result.stderr).not.toContain(saved);
  expect(sent).toEqual(Array.from({ length: calls }, () => ({ token: saved, body: JSON.stringify({ token: saved }) })));
  // Whatever the server said: it is gone from here.
  expect(existsSync(file)).toBe(false);
});

test('logout of a server that is away forgets the token, and says that it could not be revoked', async () => {
  using home = temporaryFolder();
  const address = 'http://127.0.0.1:9';
  const file = join(home.path, '.zvault/tokens', encodeURIComponent(address));
  mkdirSync(join(home.path, '.zvault/tokens'), { recursive: true });
  writeFileSync(file, session, { mode: 0o600 });
  const { code, stderr } = await zvault(['logout', '--url', address], { cwd: home.path });
  expect([code, existsSync(file)]).toEqual([6, false]);
  expect(stderr).toContain('could not revoke');
});

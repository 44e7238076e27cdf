// A person signs in: the command as users have it, a real browser, and a real OpenID Connect provider.

import { type ChildProcess } from 'node:child_process';
import { mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo } from 'node:net';
import { join } from 'node:path';
import axe from 'axe-core';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import { confirmationCode } from '../../vault-core/src/domain/sign-in.ts';
import { ended, start, temporaryFolder, until, zvault } from '../../cli/e2e/support.ts';
import { browserPath, startBrowser } from '../support/browser.ts';
import { send } from '../support/http.ts';
import { type TestProvider, startProvider } from '../support/oidc.ts';
import { startTestVault } from '../support/vault.ts';
import { makeCertificates } from '../../vault-core/src/client/test-certificates.ts';

const hostile = 'Corp <img src=x onerror=alert(1)> "SSO"';

const folder = temporaryFolder();
const home = folder.path;
afterAll(() => folder[Symbol.dispose]());

// Without a browser on this machine these are skipped; where .ci/run brings one they have to run.
describe.skipIf(browserPath === undefined)('sign-in in a browser', () => {
  let browser: Browser;
  let provider: TestProvider;
  let server: ChildProcess;
  let url: string;
  let serviceToken: string;
  let rootToken: string;

  beforeAll(async () => {
    const port = await freePort();
    provider = await startProvider(`http://127.0.0.1:${port}/cli/auth/callback`);
    writeFileSync(join(home, 'client.secret'), `${provider.clientSecret}\n`);
    const issuer = {
      issuer: provider.issuer,
      audience: 'zvault-api',
      client_id: provider.clientId,
      client_secret_file: 'client.secret',
      name: hostile,
    };
    writeFileSync(join(home, 'issuers.json'), JSON.stringify([issuer]));
    const audit = ['--audit', `file:${join(home, 'audit.log')}`];
    const args = ['dev', '--json', '--port', String(port), '--jwt-issuers', 'issuers.json', ...audit];
    server = start(args, { cwd: home });
    server.stderr?.resume();
    const [line] = await until(server, /^.*\n/);
    const made = JSON.parse(line) as Record<string, string>;
    ({ ZVAULT_URL: url = '', ZVAULT_SERVICE_TOKEN: serviceToken = '', ZVAULT_TOKEN: rootToken = '' } = made);
    browser = await startBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    server?.kill('SIGTERM');
    if (server) await ended(server);
    await provider?.[Symbol.asyncDispose]();
  });

  /** Starts `zvault login` and opens its page. Every address that the browser asks for is kept. */
  async function begin(
    name: string,
    at: { url: string; env?: Record<string, string> } = { url },
  ): Promise<{
    page: Page;
    /** Addresses. */
    asked: string[];
    referrers: { to: string; referrer: string }[];
    cwd: string;
    login: ChildProcess;
    address: URL;
    result: () => Promise<{ code: number | null; output: string }>;
  }> {
    const cwd = join(home, name);
    mkdirSync(cwd, { recursive: true });
    const args = ['login', '--no-browser', '--url', at.url, '--json'];
    const login = start(args, { cwd, ...(at.env === undefined ? {} : { env: at.env }) });
    onTestFinished(() => void login.kill('SIGKILL'));
    let output = '';
    login.stdout?.on('data', (chunk) => (output += String(chunk)));
    const address = await new Promise<URL>((resolve) => {
      login.stderr?.on('data', (chunk) => {
        output += String(chunk);
        const found = /^http\S+$/m.exec(output);
        if (found) resolve(new URL(found[0]));
      });
    });
    // The browser need not know the CA of a test.
    const context = await browser.newContext({ ignoreHTTPSErrors: true });
    context.setDefaultTimeout(10_000);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const asked: string[] = [];
    const referrers: { to: string; referrer: string }[] = [];
    page.on('request', (request) => {
      asked.push(request.url());
      const sent = request.allHeaders().catch((): Record<string, string> => ({}));
      void sent.then(({ referer = '' }) => referrers.push({ to: request.url(), referrer: referer }));
    });
    page.on('dialog', () => asked.push('a dialog opened'));
    await page.goto(address.href);
    const end = ended(login);
    return { page, asked, referrers, cwd, login, address, result: async () => ({ code: (await end)[0], output }) };
  }

  const withToken = async (page: Page, token: string): Promise<void> => {
    await page.getByLabel('Token', { exact: true }).fill(token);
    await page.getByRole('button', { name: 'Sign in with the token' }).click();
  };

  test('with a token: checked, brought to the command, saved for its owner alone', async () => {
    const { page, asked, cwd, address, result } = await begin('token');
    const code = confirmationCode(address.searchParams.get('code_challenge') ?? '');
    expect(await page.getByText(code).count()).toBe(1);
    await withToken(page, `zvt_${'0'.repeat(40)}`);
    expect(await page.getByRole('alert').textContent()).toContain('not accepted');
    await withToken(page, `  ${serviceToken} `);
    await page.getByText('You are signed in').waitFor();
    const { code: exit, output } = await result();
    expect(exit).toBe(0);
    expect(output).toContain(`shows the code ${code}`);
    expect(output).toContain('"kind": "service_token"');
    expect(output + asked.join('\n')).not.toContain(serviceToken);
    const saved = join(cwd, '.zvault', 'tokens', encodeURIComponent(url));
    expect(readFileSync(saved, 'utf8')).toBe(`${serviceToken}\n`);
    expect(statSync(saved).mode & 0o777).toBe(0o600);
    expect((await zvault(['cloud', 'secrets', '--url', url], { cwd })).code).toBe(0);
  });

  test('at an issuer: a session of the person, by keyboard alone', async () => {
    const { page, asked, referrers, cwd, result } = await begin('oidc');
    expect(await page.locator('img').count()).toBe(0);
    await page.keyboard.press('Tab');
    const focused = page.locator(':focus');
    expect(await focused.textContent()).toBe(`Sign in with ${hostile}`);
    await page.keyboard.press('Enter');
    await page.getByPlaceholder('Enter any login').fill('ada');
    await page.getByPlaceholder('and password').fill('any');
    await page.getByRole('button', { name: 'Sign-in' }).click();
    await page.getByRole('button', { name: 'Continue' }).click();
    await page.getByText('You are signed in').waitFor();
    const { code, output } = await result();
    expect(output).toContain('"name": "ada@example.com"');
    expect(code).toBe(0);
    const token = readFileSync(join(cwd, '.zvault', 'tokens', encodeURIComponent(url)), 'utf8').trim();
    expect(token).toMatch(/^zvv_[0-9a-f]{40}$/);
    expect(output + asked.join('\n')).not.toContain(token);
    // Nobody else learns the page's address, which holds what the command asked for.
    expect(referrers.length).toBeGreaterThan(5);
    const told = referrers.filter(({ to, referrer }) => new URL(to).origin !== url && referrer.startsWith(url));
    expect(told).toEqual([]);
    const me = await send(url, 'GET', '/v1/cloud/me', { token });
    expect(me.json).toMatchObject({ user_id: 'ada', email: 'ada@example.com', auth_type: 'jwt' });
    // A person: has an organisation of their own, and none of others.
    expect((await send(url, 'POST', '/v1/cloud/orgs', { token, body: { name: 'a', slug: 'ada' } })).status).toBe(200);
    expect((await send(url, 'GET', '/v1/cloud/orgs/dev', { token })).status).toBe(403);
    expect((await zvault(['logout', '--url', url], { cwd })).stderr).toContain('is revoked and forgotten');
    expect((await send(url, 'GET', '/v1/cloud/me', { token })).status).toBe(401);
    const audit = readFileSync(join(home, 'audit.log'), 'utf8');
    for (const secret of [token, serviceToken, provider.clientSecret]) expect(audit).not.toContain(secret);
    const lines = audit
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, any>);
    expect(lines.find(({ action }) => action === 'login.exchange')?.['response'].status_code).toBe(200);
    const signedIn = lines.filter(({ action, actor }) => action.startsWith('login.') && actor.id === 'ada');
    expect(signedIn.map(({ action }) => action)).toEqual(['login.callback', 'login.exchange']);
  });

  test('over TLS: from the https page to the command on loopback, and at an issuer', async () => {
    const { ca, server: tls } = makeCertificates();
    writeFileSync(join(home, 'ca.pem'), ca);
    const port = await freePort();
    await using secureProvider = await startProvider(`https://localhost:${port}/cli/auth/callback`);
    writeFileSync(join(home, 'other.secret'), secureProvider.clientSecret);
    const { issuer, clientId } = secureProvider;
    const secret = join(home, 'other.secret');
    await using secure = await startTestVault({
      tls,
      listen: { host: '127.0.0.1', port },
      publicUrls: [`https://localhost:${port}`],
      loopbackIssuers: true,
      jwtIssuers: [{ issuer, audience: 'x', client_id: clientId, client_secret_file: secret, name: 'Co' }],
    });
    const at = { url: `https://localhost:${port}`, env: { ZVAULT_CA_CERT: join(home, 'ca.pem') } };
    const first = await begin('tls-token', at);
    await withToken(first.page, secure.rootToken);
    await first.page.getByText('You are signed in').waitFor();
    expect((await first.result()).code).toBe(0);
    const second = await begin('tls-oidc', at);
    await second.page.getByRole('button', { name: 'Sign in with Co' }).click();
    await second.page.getByPlaceholder('Enter any login').fill('grace');
    await second.page.getByPlaceholder('and password').fill('any');
    await second.page.getByRole('button', { name: 'Sign-in' }).click();
    const cookies = await second.page.context().cookies(at.url);
    expect(cookies.filter(({ name }) => name.startsWith('__Host-zvault_login_'))).toMatchObject([
      { secure: true, httpOnly: true, sameSite: 'Lax', path: '/' },
    ]);
    await second.page.getByRole('button', { name: 'Continue' }).click();
    await second.page.getByText('You are signed in').waitFor();
    const { code, output } = await second.result();
    expect(output).toContain('"name": "grace@example.com"');
    expect(code).toBe(0);
    expect(await second.page.context().cookies(at.url)).toEqual([]);
  });

  test('an older command, which proves nothing: the page shows the token, and leads nowhere', async () => {
    const context = await browser.newContext();
    context.setDefaultTimeout(10_000);
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const asked: string[] = [];
    page.on('request', (request) => asked.push(request.url()));
    await page.goto(`${url}/cli/auth?port=18000`);
    await withToken(page, serviceToken);
    expect(await page.locator('#token').inputValue()).toBe(serviceToken);
    expect(asked.filter((address) => !address.startsWith(`${url}/cli/auth`))).toEqual([]);
    expect(asked.join()).not.toContain(serviceToken);
  });

  test('a person who refuses at the issuer is not signed in, and can try another way', async () => {
    const { page, result } = await begin('refused');
    await page.getByRole('button', { name: /Corp/ }).click();
    await page.getByRole('link', { name: /Cancel/i }).click();
    expect(await page.getByRole('alert').textContent()).toContain('signed nobody in (access_denied)');
    await withToken(page, rootToken);
    await page.getByText('You are signed in').waitFor();
    expect((await result()).code).toBe(0);
  });

  test('the page runs no script, is framed by nobody, and works without script', async () => {
    const context = await browser.newContext({ javaScriptEnabled: false });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const framing = createServer((_, response) => {
      response.setHeader('Content-Type', 'text/html');
      response.end(`<iframe name="inner" src="${url}/cli/auth?port=8300"></iframe>`);
    });
    await new Promise<void>((resolve) => void framing.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void framing.close());
    await page.goto(`http://127.0.0.1:${(framing.address() as AddressInfo).port}/`);
    const inner = page.frame({ name: 'inner' });
    expect(await inner?.content().catch(() => '')).not.toContain('Sign in');
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    await page.goto(`${url}/cli/auth?port=8300`);
    await page.screenshot({ path: join(home, 'page.png') });
    expect(await page.evaluate(`getComputedStyle(document.querySelector('main')).borderTopStyle`)).toBe('solid');
    await withToken(page, serviceToken);
    expect(await page.locator('#token').inputValue()).toBe(serviceToken);
    // The browser finds nothing that the page's own policy forbids.
    expect(complaints).toEqual([]);
  });

  test.each(['light', 'dark'] as const)('axe finds nothing to complain of: %s', async (colorScheme) => {
    // The page's policy stands against axe too.
    const context = await browser.newContext({ bypassCSP: true, colorScheme });
    onTestFinished(() => context.close());
    const page = await context.newPage();
    const check = async (): Promise<void> => {
      await page.addScriptTag({ content: axe.source });
      const violations = await page.evaluate(
        `axe.run().then(({ violations }) => violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)]))`,
      );
      expect(violations).toEqual([]);
    };
    const query = `port=18000&state=${'s'.repeat(20)}&code_challenge=${'c'.repeat(43)}`;
    await page.goto(`${url}/cli/auth?${query}`);
    await check();
    await withToken(page, 'wrong');
    await check();
    await page.goto(`${url}/cli/auth?port=1`);
    await check();
    await page.goto(`${url}/cli/auth`);
    await withToken(page, serviceToken);
    await check();
  });
});

async function freePort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => void probe.listen(0, '127.0.0.1', resolve));
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => void probe.close(resolve));
  return port;
}

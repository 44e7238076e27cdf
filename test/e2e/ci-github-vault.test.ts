// The ephemeral vault of the action, the command that it puts on PATH, and its connections: TLS, mutual TLS, a proxy, an older Node.

import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { makeCertificates } from '../../vault-core/src/client/test-certificates.ts';
import { startFakeCiVault } from '../support/fake-ci-vault.ts';
import { GithubJob, type StepResult } from '../support/github-job.ts';

const action = fileURLToPath(new URL('../../actions/setup', import.meta.url));

function errorsOf({ log }: StepResult): string[] {
  return log.split('\n').filter((line) => line.startsWith('##[error]'));
}

function isAlive(url: string): Promise<boolean> {
  const { port } = new URL(url);
  return new Promise((resolve) => {
    const socket = connect(Number(port), '127.0.0.1', () => resolve(socket.destroy() !== undefined));
    socket.once('error', () => resolve(false));
  });
}

/** A namespace without a network takes root, or a kernel that lets anybody make one. */
const canCutNetwork = spawnSync('unshare', ['-n', 'ip', 'link', 'set', 'lo', 'up']).status === 0;

describe('ephemeral', () => {
  test('a vault, seeded, for the steps that follow: by the command on PATH, without a token in the environment', async () => {
    await using job = new GithubJob({ debug: true, env: { ZVAULT_TOKEN: 'zvt_of_something_else' } });
    writeFileSync(join(job.workspace, 'seed.yaml'), 'GREETING: hello-from-the-seed\n');
    const step = await job.uses(action, { ephemeral: 'true', 'ephemeral-seed': 'seed.yaml' });
    expect(errorsOf(step)).toEqual([]);
    const environment = await job.environment();
    expect(environment.get('ZVAULT_TOKEN')).toBe('');
    expect(environment.get('ZVAULT_URL')).toBe(step.outputs['vault-url']);
    expect(environment.has('GREETING')).toBe(false);
    const token = readFileSync(environment.get('ZVAULT_TOKEN_FILE') ?? '', 'utf8');
    const used = await job.run(
      'zvault --version; zvault run -- sh -c \'printf %s "$GREETING" > greeting\'; printf %s made-by-a-step | zvault cloud set ADDED; zvault cloud get ADDED > added; zvault scan --list-rules | head -1',
    );
    expect(used.log).not.toMatch(/error/);
    expect(used.code).toBe(0);
    expect(readFileSync(join(job.workspace, 'greeting'), 'utf8')).toBe('hello-from-the-seed');
    expect(readFileSync(join(job.workspace, 'added'), 'utf8').trim()).toBe('made-by-a-step');
    // A second use reads from it, with no more than a wish.
    expect((await job.uses(action, { env: 'development', keys: 'GREETING' })).code).toBe(0);
    expect((await job.environment()).get('GREETING')).toBe('hello-from-the-seed');
    const url = step.outputs['vault-url'] ?? '';
    expect(await isAlive(url)).toBe(true);
    await job.finish();
    expect(await isAlive(url)).toBe(false);
    expect(job.leftovers()).toEqual([]);
    expect(job.log).not.toContain(token);
  });

  test('loads from its own vault when an environment is named', async () => {
    await using job = new GithubJob();
    writeFileSync(
      join(job.workspace, 'seed.json'),
      JSON.stringify({ projects: { app: { staging: { A: 'of-staging' } } } }),
    );
    const step = await job.uses(action, { ephemeral: 'true', 'ephemeral-seed': 'seed.json', env: 'staging' });
    expect(errorsOf(step)).toEqual([]);
    expect((await job.environment()).get('A')).toBe('of-staging');
  });

  test.skipIf(!canCutNetwork)('needs no network: it starts and loads where there is nothing but loopback', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-offline-'));
    const [node, inside] = [join(folder, 'node.cjs'), join(folder, 'inside.cjs')];
    // In JavaScript: a shell drops variables with a dash in their names, and inputs have them.
    const run = "require('child_process').spawnSync";
    const rest = "{ stdio: 'inherit' }).status)";
    writeFileSync(
      node,
      `#!${process.execPath}\nprocess.exit(${run}('unshare', ['-n', process.execPath, '${inside}', ...process.argv.slice(2)], ${rest}`,
      {
        mode: 0o755,
      },
    );
    writeFileSync(
      inside,
      `${run}('ip', ['link', 'set', 'lo', 'up']); process.exit(${run}(process.execPath, process.argv.slice(2), ${rest}`,
    );
    try {
      await using job = new GithubJob({ node });
      writeFileSync(join(job.workspace, 'seed.yaml'), 'GREETING: hello-from-the-seed\n');
      const step = await job.uses(action, { ephemeral: 'true', 'ephemeral-seed': 'seed.yaml', env: 'development' });
      expect(step.code, step.log).toBe(0);
      expect((await job.environment()).get('GREETING')).toBe('hello-from-the-seed');
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('two at once; a copy of the action alone is enough', async () => {
    const copy = mkdtempSync(join(tmpdir(), 'zvault-action-'));
    try {
      cpSync(action, copy, { recursive: true });
      await using one = new GithubJob();
      await using two = new GithubJob();
      const [first, second] = await Promise.all([
        one.uses(copy, { ephemeral: 'true' }),
        two.uses(copy, { ephemeral: 'true' }),
      ]);
      expect([...errorsOf(first), ...errorsOf(second)]).toEqual([]);
      expect(first.outputs['vault-url']).not.toBe(second.outputs['vault-url']);
      expect((await one.run('zvault cloud set A < /dev/null && zvault cloud envs')).code).toBe(0);
      await one.finish();
      expect(await isAlive(second.outputs['vault-url'] ?? '')).toBe(true);
    } finally {
      rmSync(copy, { recursive: true, force: true });
    }
  });

  test('what keeps it from starting is told', async () => {
    await using job = new GithubJob();
    expect(errorsOf(await job.uses(action, { ephemeral: 'true', 'ephemeral-seed': 'none.yaml' }))[0]).toMatch(
      /ZVCI-170.*none\.yaml/,
    );
    const server = createTcpServer().listen(0, '127.0.0.1');
    await new Promise((resolve) => server.once('listening', resolve));
    const { port } = server.address() as AddressInfo;
    expect(errorsOf(await job.uses(action, { ephemeral: 'true', 'ephemeral-port': String(port) }))[0]).toMatch(
      /ZVCI-170/,
    );
    server.close();
    await job.finish();
    expect(job.leftovers()).toEqual([]);
  });

  test('a main step that is killed leaves what the post step can clean', async () => {
    await using job = new GithubJob();
    // A seed so large that the vault takes its time.
    writeFileSync(
      join(job.workspace, 'seed.json'),
      JSON.stringify(Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`K${i}`, `v${i}`]))),
    );
    const step = await job.uses(action, { ephemeral: 'true', 'ephemeral-seed': 'seed.json' }, { killAfterMs: 400 });
    expect(step.code).toBe(null);
    const [post] = await job.finish();
    expect(post?.code).toBe(0);
    expect(job.leftovers()).toEqual([]);
    const left = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    expect(left).not.toContain(job.workspace);
  });

  test('a process id that belongs to somebody else by now is left alone', async () => {
    const stranger = spawn('sleep', ['60']);
    try {
      const [post, again] = await Promise.all(
        ['12345', startOf(stranger.pid ?? 0)].map((started) =>
          runPost({ STATE_vault: JSON.stringify({ pid: stranger.pid, started }) }, stranger.pid ?? 0),
        ),
      );
      // The same id with another start is a stranger; with its own it is what was started.
      expect(post).toMatchObject({ code: 0, log: expect.stringContaining('had ended') });
      expect(again).toMatchObject({ code: 0, log: expect.stringContaining('is stopped') });
      expect(stranger.exitCode ?? stranger.signalCode).toBe('SIGTERM');
    } finally {
      stranger.kill('SIGKILL');
    }
  });
});

function startOf(pid: number): string {
  return (
    readFileSync(`/proc/${pid}/stat`, 'latin1')
      .replace(/^.*\) /s, '')
      .split(' ')[19] ?? ''
  );
}

async function runPost(env: Record<string, string>, _pid: number): Promise<{ code: number | null; log: string }> {
  const child = spawn(process.execPath, [join(action, 'dist/post.cjs')], {
    env: { PATH: process.env['PATH'] ?? '', ...env },
  });
  let log = '';
  child.stdout.on('data', (chunk: Buffer) => (log += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (log += chunk.toString()));
  return { code: await new Promise((resolve) => child.once('close', resolve)), log };
}

describe('the command', () => {
  async function serve(archive: Buffer): Promise<AsyncDisposable & { url: string; requests: () => number }> {
    let requests = 0;
    const server = createServer((_, response) => {
      requests += 1;
      response.end(archive);
    });
    await new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve));
    return {
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/zvault.tgz`,
      requests: () => requests,
      [Symbol.asyncDispose]: async () => void (await new Promise((resolve) => server.close(resolve))),
    };
  }

  function packageWith(script: string): Buffer {
    const folder = mkdtempSync(join(tmpdir(), 'zvault-package-'));
    try {
      mkdirSync(join(folder, 'package/bin'), { recursive: true });
      writeFileSync(join(folder, 'package/bin/zvault.cjs'), script);
      return execFileSync('tar', ['-czf', '-', '-C', folder, 'package']);
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  const archive = packageWith('console.log("9.9.9")');
  const digest = createHash('sha256').update(archive).digest('hex');

  test('another version, by its checksum', async () => {
    await using server = await serve(archive);
    await using job = new GithubJob();
    const inputs = { 'cli-version': '9.9.9', 'cli-url': server.url, ephemeral: 'true' };
    const none = await job.uses(action, inputs);
    expect(errorsOf(none)[0]).toMatch(/ZVCI-160/);
    expect(server.requests()).toBe(0);
    const wrong = await job.uses(action, {
      ...inputs,
      'cli-sha256': digest.replace(/^./, (first) => (first === '0' ? '1' : '0')),
    });
    expect(errorsOf(wrong)[0]).toMatch(/ZVCI-160/);
    expect(wrong.outputs['cli-path']).toBe(undefined);
    expect(none.outputs['cli-path']).toBe(undefined);
    const right = await job.uses(action, { ...inputs, 'cli-sha256': digest.toUpperCase() });
    expect(errorsOf(right)).toEqual([]);
    expect(right.outputs['cli-version']).toBe('9.9.9');
    expect((await job.run('zvault --version')).log).toBe('9.9.9\n');
    // Node would take this option for its own, and end.
    expect((await job.run('zvault run --env-file missing.env')).log).toBe('9.9.9\n');
  });

  test('can be left out', async () => {
    await using job = new GithubJob();
    const step = await job.uses(action, { 'install-cli': 'false', ephemeral: 'true' });
    expect(step.outputs['cli-path']).toBe(undefined);
  });
});

describe('connections', () => {
  const certificates = makeCertificates();
  const inputs = { token: 'zvt_tls_token', env: 'p' };

  test('a CA of one’s own, as text and as a file; a wrong one', async () => {
    await using vault = await startFakeCiVault({ secrets: { A: 'value-by-tls' }, tls: certificates.server });
    await using job = new GithubJob();
    const file = join(job.workspace, 'ca.pem');
    writeFileSync(file, certificates.ca);
    for (const ca of [certificates.ca, file]) {
      expect(errorsOf(await job.uses(action, { ...inputs, url: vault.url, 'ca-cert': ca }))).toEqual([]);
    }
    const wrong = await job.uses(action, { ...inputs, url: vault.url });
    expect(errorsOf(wrong)[0]).toMatch(/ZVCI-120/);
    expect(wrong.log).toMatch(/ca-cert/);
    expect(
      errorsOf(await job.uses(action, { ...inputs, url: vault.url, 'ca-cert': join(job.root, 'none.pem') }))[0],
    ).toMatch(/ZVCI-120/);
  });

  test('mutual TLS; the key shows nowhere', async () => {
    const tls = { ...certificates.server, ca: certificates.ca, requestCert: true, rejectUnauthorized: true };
    await using vault = await startFakeCiVault({ secrets: { A: 'value-by-mtls' }, tls });
    await using job = new GithubJob({ debug: true });
    const { cert, key } = certificates.client;
    const step = await job.uses(action, {
      ...inputs,
      url: vault.url,
      'ca-cert': certificates.ca,
      'client-cert': cert,
      'client-key': key,
    });
    expect(errorsOf(step)).toEqual([]);
    for (const line of key.split('\n').filter((text) => text.length > 20)) expect(job.log).not.toContain(line);
    expect((await job.uses(action, { ...inputs, url: vault.url, 'ca-cert': certificates.ca, retries: '0' })).code).toBe(
      1,
    );
  });

  test('a proxy is used, or not, as the environment says', async () => {
    await using vault = await startFakeCiVault({ secrets: { A: 'value-by-proxy' }, tls: certificates.server });
    const seen: string[] = [];
    const proxy = createServer().on('connect', (request, socket) => {
      seen.push(request.url ?? '');
      const upstream = connect(Number(new URL(vault.url).port), '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      for (const end of [upstream, socket]) end.on('error', () => {});
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const HTTPS_PROXY = `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`;
    // A name, because loopback addresses never go through a proxy of the environment.
    const url = `https://vault.test:${new URL(vault.url).port}`;
    await using job = new GithubJob({ env: { HTTPS_PROXY } });
    const through = await job.uses(action, { ...inputs, url, 'ca-cert': certificates.ca });
    expect(errorsOf(through)).toEqual([]);
    expect(seen).toEqual([`vault.test:${new URL(vault.url).port}`]);
    const around = await job.uses(
      action,
      { ...inputs, url, 'ca-cert': certificates.ca, retries: '0' },
      { env: { NO_PROXY: 'vault.test' } },
    );
    expect(around.code).toBe(1);
    expect(seen).toHaveLength(1);
    proxy.closeAllConnections();
    await new Promise((resolve) => void proxy.close(resolve));
    expect(errorsOf(await job.uses(action, { ...inputs, url, retries: '0' }))[0]).toMatch(/ZVCI-12[12]/);
  });
});

/** Runners without the newest Node run an action with the one that they have. */
const olderNode = ['/usr/bin/node', '/usr/local/bin/node'].find(
  (path) => existsSync(path) && /^v2[0-3]\./.test(execFileSync(path, ['--version'], { encoding: 'utf8' })),
);
test.skipIf(olderNode === undefined)('an older Node loads secrets, and says that it runs no vault', async () => {
  await using vault = await startFakeCiVault({ secrets: { A: 'value-on-older-node' } });
  await using job = new GithubJob({ node: olderNode! });
  const step = await job.uses(action, { url: vault.url, token: 't', env: 'p' });
  expect(errorsOf(step)).toEqual([]);
  expect(step.log).toMatch(/not put on PATH/);
  expect((await job.environment()).get('A')).toBe('value-on-older-node');
  expect(errorsOf(await job.uses(action, { ephemeral: 'true' }))[0]).toMatch(/ZVCI-170.*24\.12/);
});

// The committed bundle of the GitHub Action in an emulated runner, against a vault.

import { execFileSync, spawn } from 'node:child_process';
import { closeSync, createReadStream, existsSync, openSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { mkdtempDisposable } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { derivedForms } from '../support/derived-forms.ts';
import { startFakeCiVault } from '../support/fake-ci-vault.ts';
import { GithubJob, type StepResult } from '../support/github-job.ts';
import { hostileSecrets, withProto } from '../support/hostile-secrets.ts';

const action = fileURLToPath(new URL('../../actions/setup', import.meta.url));
const canary = join(process.env['TMPDIR'] ?? '/tmp', `zvault-canary-${process.pid}`);
const secrets = withProto(hostileSecrets(canary));

let vault: EphemeralVault;
beforeAll(async () => {
  vault = await startVault();
  await vault.client.batch(
    Array.from(secrets, ([key, value]) => ({ op: 'put' as const, key, value })),
    'staging',
  );
  await vault.client.set('GREETING', 'hello-from-the-vault', 'development');
});
afterAll(() => vault.stop());

const withToken = (more: Record<string, string> = {}): Record<string, string> => ({
  url: vault.url,
  token: vault.serviceToken,
  env: 'development',
  ...more,
});

function errorsOf({ log }: StepResult): string[] {
  return log.split('\n').filter((line) => line.startsWith('##[error]'));
}

test('the next step has exactly what the vault has, and nothing shows it', async () => {
  await using job = new GithubJob({ debug: true });
  const step = await job.uses(action, withToken({ env: 'staging' }));
  expect(errorsOf(step)).toEqual([]);
  expect(step.code).toBe(0);
  const environment = await job.environment();
  for (const [key, value] of secrets) expect(environment.get(key), key).toBe(value);

  // What a careless program would print.
  const file = join(job.root, 'prints');
  for (const [key, value] of secrets) {
    if (['ONE', 'EMPTY', 'LARGE'].includes(key)) continue;
    writeFileSync(
      file,
      derivedForms(value)
        .map(({ prints }) => prints)
        .join('\n-\n'),
    );
    await job.run(
      `cat '${file}'; echo "$${key}" | base64; printf %s "$${key}" | base64 -w0; echo "$${key}"; export -p >/dev/null`,
    );
  }
  const seen = job.log + step.summary;
  for (const [key, value] of [...secrets, ['the token', vault.serviceToken] as const]) {
    if (key === 'ONE') continue;
    for (const { name, leaks } of derivedForms(value)) {
      for (const leak of leaks) expect(seen.includes(leak), `${key}: ${name}`).toBe(false);
    }
  }
  expect(existsSync(canary)).toBe(false);
  expect(step.summary).toContain('<td>QUOTES</td>');
  await job.finish();
  expect(job.leftovers()).toEqual([]);
});

test('without the masks, the same log would show the values', async () => {
  await using job = new GithubJob({ debug: true });
  const step = await job.uses(action, withToken({ unmask: 'GREETING' }));
  expect(step.code).toBe(0);
  expect(job.log).toContain('hello-from-the-vault');
});

test('all masks come before the first variable, and one request is enough', async () => {
  await using fake = await startFakeCiVault({ secrets: { A: 'value-of-the-first', B: 'value-of-the-second' } });
  await using job = new GithubJob();
  const step = await job.uses(action, { url: fake.url, token: 'zvt_some_token', env: 'prod' });
  expect(step.code).toBe(0);
  expect(fake.lines).toEqual(['GET /v1/cloud/secrets?env=prod']);
  // Variables go out by a file that is read when the step is over; so the last mask comes before the first of them if nothing is said later.
  const commands = step.raw.split('\n').filter((line) => line !== '');
  const lastMask = commands.findLastIndex((line) => line.startsWith('::add-mask::'));
  const firstOther = commands.findIndex((line) => !line.startsWith('::add-mask::'));
  expect(lastMask).toBeGreaterThan(3);
  expect(firstOther).toBeGreaterThan(lastMask);
  expect(step.outputs).toMatchObject({ count: '2', names: '["A","B"]' });
});

test('no variable is written before the last mask is out', async () => {
  const { secrets: many, order } = await orderOfEmission();
  expect(order.masks).toBeGreaterThan(many);
  expect(order.late).toBe(0);
});

/**
 * The runner's file is a pipe here: the action waits at its first byte until somebody reads. What it has said until then is in a file, to
 * which it writes at once.
 */
async function orderOfEmission(): Promise<{ secrets: number; order: { masks: number; late: number } }> {
  const count = 50;
  const values = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [`KEY_${index}`, `a-value-with-number-${index}`]),
  );
  await using fake = await startFakeCiVault({ secrets: values });
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-order-'));
  const at = (name: string): string => join(folder.path, name);
  for (const name of ['GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_PATH']) writeFileSync(at(name), '');
  execFileSync('mkfifo', [at('GITHUB_ENV')]);
  const stdout = openSync(at('stdout'), 'w');
  const names = ['GITHUB_ENV', 'GITHUB_OUTPUT', 'GITHUB_STATE', 'GITHUB_PATH'];
  const child = spawn(process.execPath, [join(action, 'dist/main.cjs')], {
    stdio: ['ignore', stdout, 'ignore'],
    env: {
      PATH: process.env['PATH'],
      RUNNER_TEMP: folder.path,
      GITHUB_ACTIONS: 'true',
      INPUT_URL: fake.url,
      INPUT_TOKEN: 'zvt_order_token',
      INPUT_ENV: 'prod',
      ...Object.fromEntries(names.map((name) => [name, at(name)])),
    },
  });
  const closed = new Promise<number | null>((resolve) => child.once('close', resolve));
  let before = 0;
  for (let quiet = 0; quiet < 10;) {
    await sleep(100);
    const size = statSync(at('stdout')).size;
    quiet = size > 0 && size === before ? quiet + 1 : 0;
    before = size;
  }
  createReadStream(at('GITHUB_ENV')).resume();
  const code = await closed;
  closeSync(stdout);
  expect(code).toBe(0);
  const text = readFileSync(at('stdout'));
  const masksIn = (part: Buffer): number => part.toString().split('::add-mask::').length - 1;
  return { secrets: count, order: { masks: masksIn(text.subarray(0, before)), late: masksIn(text.subarray(before)) } };
}

test('what a person does not need to say: only token and env', async () => {
  await using job = new GithubJob({ env: { ZVAULT_URL: vault.url } });
  const step = await job.uses(action, { token: vault.serviceToken, env: 'development' });
  expect(step.code).toBe(0);
  expect((await job.environment()).get('GREETING')).toBe('hello-from-the-vault');
});

test('variables of the job that are references are resolved, and alone when nothing else is asked for', async () => {
  await using job = new GithubJob({ env: { HELLO: 'zvault://cloud/app/development/GREETING', OTHER: 'as-it-was' } });
  const step = await job.uses(action, { url: vault.url, token: vault.serviceToken });
  expect(errorsOf(step)).toEqual([]);
  const environment = await job.environment();
  expect(environment.get('HELLO')).toBe('hello-from-the-vault');
  expect(environment.get('OTHER')).toBe('as-it-was');
  expect(environment.has('GREETING')).toBe(false);
  expect((await job.run('echo "$HELLO"')).log).toBe('***\n');

  await using broken = new GithubJob({ env: { HELLO: 'zvault://cloud/app/development/NOT_THERE' } });
  const failed = await broken.uses(action, { url: vault.url, token: vault.serviceToken });
  expect(errorsOf(failed)[0]).toMatch(/ZVCI-140.*HELLO/);
  expect(failed.envFile).toBe('');
});

describe('names', () => {
  test.each([
    ['A=1\nLD_PRELOAD', 'ZVCI-130'],
    ['A<<B', 'ZVCI-130'],
    ['with space', 'ZVCI-130'],
    ['with-dash', 'ZVCI-130'],
    ['1A', 'ZVCI-130'],
    ['PATH', 'ZVCI-131'],
    ['ld_preload', 'ZVCI-131'],
    ['NODE_OPTIONS', 'ZVCI-131'],
    ['GITHUB_ENV', 'ZVCI-131'],
  ])('%j: %s', async (key, code) => {
    await using fake = await startFakeCiVault({ secrets: { GOOD: 'a-good-value', [key]: 'a-bad-value' } });
    await using job = new GithubJob();
    const step = await job.uses(action, { url: fake.url, token: 't', env: 'prod' });
    expect(step.code).toBe(1);
    expect(errorsOf(step)[0]).toContain(code);
    expect(step.envFile).toBe('');
    expect(step.raw).not.toContain('a-bad-value');
  });

  test('allow-reserved admits the one that it names', async () => {
    await using fake = await startFakeCiVault({ secrets: { EDITOR: 'allowed-value', PAGER: 'refused-value' } });
    await using job = new GithubJob();
    const refused = await job.uses(action, { url: fake.url, token: 't', env: 'p', 'allow-reserved': 'EDITOR' });
    expect(errorsOf(refused)[0]).toMatch(/ZVCI-131: reserved: "PAGER"/);
    const admitted = await job.uses(action, {
      url: fake.url,
      token: 't',
      env: 'p',
      'allow-reserved': 'EDITOR',
      keys: 'EDITOR',
    });
    expect(admitted.code).toBe(0);
    expect((await job.environment()).get('EDITOR')).toBe('allowed-value');
  });

  test('a name that is set already, and one that an earlier use has set', async () => {
    let value = 'the-first-value';
    await using fake = await startFakeCiVault({
      get secrets() {
        return { A: value };
      },
    });
    await using job = new GithubJob({ env: { B: 'set-by-the-job' } });
    const inputs = { url: fake.url, token: 't', env: 'p' };
    expect((await job.uses(action, inputs)).code).toBe(0);
    value = 'the-second-value';
    expect((await job.uses(action, inputs)).code).toBe(0);
    expect((await job.environment()).get('A')).toBe('the-second-value');
    const taken = await job.uses(action, { ...inputs, map: 'A -> B' });
    expect(errorsOf(taken)[0]).toMatch(/ZVCI-132: .*"B"/);
  });
});

describe('faults', () => {
  const inputs = (url: string, more: Record<string, string> = {}): Record<string, string> => ({
    url,
    token: 'zvt_fault_token',
    env: 'prod',
    ...more,
  });
  const status =
    (code: number, headers: Record<string, string> = {}) =>
    (response: ServerResponse): void => {
      response
        .writeHead(code, { 'content-type': 'application/json', ...headers })
        .end('{"error":"x","message":"leaked-body-text"}');
    };

  test('429 with Retry-After, then 503, then a reset in the middle of the body: it goes on, and nothing of the half shows', async () => {
    const times: number[] = [];
    await using fake = await startFakeCiVault({
      secrets: { A: 'the-whole-value' },
      fault: (_, count) => {
        times.push(performance.now());
        if (count === 1) return status(429, { 'retry-after': '1' });
        if (count === 2) return status(503);
        if (count === 3) {
          return (response) => {
            response.writeHead(200, { 'content-type': 'application/json', 'content-length': '500' });
            response.write('{"secrets":[{"key":"A","value":"half-of-a-value', () => response.destroy());
          };
        }
        return undefined;
      },
    });
    await using job = new GithubJob({ debug: true });
    const step = await job.uses(action, inputs(fake.url));
    expect(step.code).toBe(0);
    expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(1000);
    expect(fake.lines).toHaveLength(4);
    expect(step.raw).not.toContain('half-of-a-value');
  });

  test.each<[string, (response: ServerResponse) => void, RegExp]>([
    ['401', status(401), /ZVCI-102/],
    ['403', status(403), /ZVCI-103: .*"prod"/],
    ['404', status(404), /ZVCI-104/],
    ['503', status(503), /ZVCI-122: .*up to 2 attempts/],
    ['a redirect', status(302, { location: 'http://127.0.0.1:1/elsewhere' }), /ZVCI-123/],
    [
      'HTML',
      (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<p>leaked-body-text'),
      /ZVCI-123/,
    ],
    ['silence', () => {}, /ZVCI-122/],
  ])('%s', async (_, fault, expected) => {
    await using fake = await startFakeCiVault({ fault: () => fault });
    await using job = new GithubJob({ debug: true });
    const started = performance.now();
    const step = await job.uses(action, inputs(fake.url, { retries: '1', 'timeout-ms': '2500' }));
    expect(performance.now() - started).toBeLessThan(8000);
    expect(step.code).toBe(1);
    expect(errorsOf(step)[0]).toMatch(expected);
    expect(step.log).not.toMatch(/leaked-body-text|zvt_fault_token|\bat .*:\d+:\d+/);
    expect(step.envFile).toBe('');
    await job.finish();
    expect(job.leftovers()).toEqual([]);
  });

  test('a redirect takes no token along', async () => {
    await using elsewhere = await startFakeCiVault();
    await using fake = await startFakeCiVault({
      fault: () => status(307, { location: `${elsewhere.url}/v1/cloud/secrets?env=prod` }),
    });
    await using job = new GithubJob();
    expect((await job.uses(action, inputs(fake.url))).code).toBe(1);
    expect(elsewhere.lines).toEqual([]);
  });

  test('a missing key fails and leaves nothing', async () => {
    await using job = new GithubJob();
    const step = await job.uses(action, withToken({ keys: 'GREETING,NOT_THERE' }));
    expect(errorsOf(step)[0]).toMatch(/ZVCI-140: .*"NOT_THERE"/);
    expect(step.envFile).toBe('');
    const warned = await job.uses(action, withToken({ keys: 'GREETING,NOT_THERE', 'on-missing': 'warn' }));
    expect(warned.code).toBe(0);
    expect(warned.log).toMatch(/##\[warning\].*NOT_THERE/);
  });

  test('an empty token on a fork says so', async () => {
    await using job = new GithubJob({ event: { name: 'pull_request', payload: {} } });
    const step = await job.uses(action, { url: vault.url, token: '', env: 'development' });
    expect(errorsOf(step)[0]).toMatch(/ZVCI-101/);
    expect(step.log).toMatch(/forks/);
  });

  test('nothing listens', async () => {
    await using job = new GithubJob();
    const step = await job.uses(action, inputs('http://127.0.0.1:1', { retries: '0' }));
    expect(errorsOf(step)[0]).toMatch(/ZVCI-122/);
  });

  test('a token over plain http to another machine', async () => {
    await using job = new GithubJob();
    expect(errorsOf(await job.uses(action, inputs('http://vault.example')))[0]).toMatch(/ZVCI-100/);
  });

  test.each(['GITHUB_ENV', 'GITHUB_STATE', 'GITHUB_OUTPUT'])('no %s', async (name) => {
    await using job = new GithubJob();
    const step = await job.uses(action, withToken(), { without: [name] });
    expect(step.code).toBe(1);
    expect(errorsOf(step)[0]).toContain(`ZVCI-150: ${name}`);
    expect(step.raw).not.toMatch(/::set-env|::save-state|::set-output/);
  });

  test('an event that a fork may have made', async () => {
    const payload = {
      pull_request: { head: { repo: { full_name: 'evil/x' } }, base: { repo: { full_name: 'good/x' } } },
    };
    await using job = new GithubJob({ event: { name: 'pull_request_target', payload } });
    const warned = await job.uses(action, withToken());
    expect(warned.code).toBe(0);
    expect(warned.log).toMatch(/##\[warning\]pull_request_target from a fork/);
    expect(errorsOf(await job.uses(action, withToken({ 'fail-on-untrusted-event': 'true' })))[0]).toContain('ZVCI-113');
  });
});

describe('outputs and files', () => {
  test('nothing goes to outputs unless asked', async () => {
    await using job = new GithubJob();
    const step = await job.uses(action, withToken());
    expect(Object.keys(step.outputs).sort()).toEqual([
      'cli-path',
      'cli-version',
      'count',
      'expires-at',
      'names',
      'version',
    ]);
    const asked = await job.uses(action, withToken({ export: 'outputs' }));
    expect(asked.outputs['GREETING']).toBe('hello-from-the-vault');
    expect(asked.envFile).toBe('');
    await using fake = await startFakeCiVault({ secrets: { COUNT: 'a-secret-count' } });
    const clash = await job.uses(action, { url: fake.url, token: 't', env: 'p', export: 'outputs' });
    expect(errorsOf(clash)[0]).toMatch(/ZVCI-132/);
  });

  test.each(['dotenv', 'json', 'yaml', 'sh'])('a file of %s is for its owner, and gone afterwards', async (format) => {
    await using job = new GithubJob();
    const step = await job.uses(action, withToken({ file: 'inner/secrets', 'file-format': format, export: 'file' }));
    expect(errorsOf(step)).toEqual([]);
    const path = step.outputs['file'] ?? '';
    expect(path).toBe(join(job.temp, 'inner/secrets'));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect(readFileSync(path, 'utf8')).toContain('hello-from-the-vault');
    await job.finish();
    expect(existsSync(path)).toBe(false);
  });

  test('a relative file stays in the temporary folder; an absolute one may be anywhere', async () => {
    await using job = new GithubJob();
    expect(errorsOf(await job.uses(action, withToken({ file: '../x' })))[0]).toMatch(/ZVCI-100/);
    const path = join(job.workspace, 'absolute.env');
    expect((await job.uses(action, withToken({ file: path }))).code).toBe(0);
    expect(readFileSync(path, 'utf8')).toBe('GREETING=hello-from-the-vault\n');
  });
});

describe('the post step', () => {
  test('leaves a token of the user alone', async () => {
    await using fake = await startFakeCiVault({ secrets: {} });
    await using job = new GithubJob();
    await job.uses(action, { url: fake.url, token: 'zvt_of_the_user', env: 'p' });
    const [post] = await job.finish();
    expect(post?.code).toBe(0);
    expect(fake.lines).toEqual(['GET /v1/cloud/secrets?env=p']);
  });

  test('ends well after a main step that failed', async () => {
    await using job = new GithubJob();
    expect((await job.uses(action, { url: 'not a url', token: 'x', env: 'p' })).code).toBe(1);
    const [post] = await job.finish();
    expect(post?.code).toBe(0);
    expect(job.leftovers()).toEqual([]);
  });
});

test('500 names: the summary and the state hold no value, and names are escaped', async () => {
  const many = Object.fromEntries(
    Array.from({ length: 500 }, (_, index) => [`KEY_${index}`, `a-value-with-number-${index}`]),
  );
  await using fake = await startFakeCiVault({ secrets: many });
  await using job = new GithubJob({ debug: true });
  const step = await job.uses(action, { url: fake.url, token: 't', env: '<b>&' });
  expect(step.code).toBe(0);
  expect(step.summary).toContain('&#60;b&#62;&#38;');
  expect(step.summary).not.toContain('a-value-with');
  expect(job.log).not.toContain('a-value-with');
  expect(fake.lines).toHaveLength(1);
});

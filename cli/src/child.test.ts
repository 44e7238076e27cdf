import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { join } from 'node:path';
import { Writable } from 'node:stream';
import { expect, test } from 'vitest';
import { type FakeContext, fakeContext } from '../test/fake-context.ts';
import { runChild } from './child.ts';

const node = process.execPath;

function run(
  context: FakeContext,
  script: string,
  options: { redact?: boolean; env?: Record<string, string> } = {},
): Promise<number> {
  const env = { PATH: process.env['PATH'] ?? '', ...options.env };
  const redactor = options.redact === false ? undefined : context.redactor;
  return runChild(context, { command: node, args: ['-e', script], env, redactor });
}

test.each([0, 1, 3, 127, 255])('the exit code of the child is ours: %i', async (code) => {
  using context = fakeContext();
  expect(await run(context, `process.exit(${code})`)).toBe(code);
});

test.each([
  ['SIGTERM', 143],
  ['SIGKILL', 137],
  ['SIGINT', 130],
] as const)('a child that %s killed exits with %i', async (signal, code) => {
  using context = fakeContext();
  expect(await run(context, `process.kill(process.pid, '${signal}'); setTimeout(() => {}, 10000)`)).toBe(code);
});

test('a command that cannot be started is an error of ours', async () => {
  using context = fakeContext();
  const file = join(context.folder, 'no-program');
  writeFileSync(file, '', { mode: 0o600 });
  const start = (command: string): Promise<number> =>
    runChild(context, { command, args: [], env: {}, redactor: context.redactor });
  await expect(start('/nowhere/such-command')).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
    message: expect.stringContaining('not found'),
  });
  await expect(start(file)).rejects.toMatchObject({
    code: 'COMMAND_NOT_FOUND',
    message: expect.stringContaining('permission denied'),
  });
});

test('values are taken out of both streams, whole and cut into pieces', async () => {
  using context = fakeContext();
  context.redactor.add('canary-value-1');
  const script = `
    const parts = ['x canary-', 'value', '-1 y\\n'];
    (async () => {
      for (const part of parts) { process.stdout.write(part); process.stderr.write(part); await new Promise((r) => setTimeout(r, 30)); }
    })();`;
  expect(await run(context, script)).toBe(0);
  expect(context.out()).toBe('x [redacted] y\n');
  expect(context.err()).toBe('x [redacted] y\n');
});

test('what holds no value arrives byte for byte', async () => {
  using context = fakeContext();
  context.redactor.add('canary-value-1');
  const chunks: Buffer[] = [];
  const stdout = new Writable({
    write(chunk: Buffer, _, done) {
      chunks.push(Buffer.from(chunk));
      done();
    },
  });
  const host = Object.assign(Object.create(context.host), { stdout });
  const script = 'process.stdout.write(Buffer.from(Array.from({ length: 100000 }, (_, i) => (i * 7919) & 255)))';
  const code = await runChild(
    { ...context, host },
    { command: node, args: ['-e', script], env: {}, redactor: context.redactor },
  );
  expect(code).toBe(0);
  expect(Buffer.concat(chunks).equals(Buffer.from(Array.from({ length: 100_000 }, (_, i) => (i * 7919) & 255)))).toBe(
    true,
  );
});

test('a slow reader slows the child down instead of filling our memory', async () => {
  using context = fakeContext();
  let sizeBytes = 0;
  const stdout = new Writable({
    highWaterMark: 1000,
    write(chunk: Buffer, _, done) {
      sizeBytes += chunk.length;
      setTimeout(done, 1);
    },
  });
  let longest = 0;
  const timer = setInterval(() => (longest = Math.max(longest, stdout.writableLength)), 1);
  const host = Object.assign(Object.create(context.host), { stdout });
  const script =
    'const b = Buffer.alloc(65536, 97); let n = 0; (function go() { if (n++ < 64) process.stdout.write(b, go); })()';
  const code = await runChild(
    { ...context, host },
    { command: node, args: ['-e', script], env: {}, redactor: context.redactor },
  );
  clearInterval(timer);
  expect(code).toBe(0);
  expect(sizeBytes).toBe(64 * 65_536);
  expect(longest).toBeLessThan(10 * 65_536);
});

test('a reader that goes away is the child’s to notice, and we end with it', async () => {
  using context = fakeContext();
  const stdout = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  });
  stdout.on('error', () => {});
  const host = Object.assign(Object.create(context.host), { stdout });
  const options = { command: 'yes', args: [], env: { PATH: process.env['PATH'] ?? '' }, redactor: context.redactor };
  // The child’s end of the stream is a socket: it is told by EPIPE or ECONNRESET, and ends with either.
  expect(await runChild({ ...context, host }, options)).toBeGreaterThan(0);
});

test('background processes that hold the output do not hold us', async () => {
  using context = fakeContext();
  const startedMs = Date.now();
  const options = {
    command: 'sh',
    args: ['-c', 'echo first; (sleep 0.3; echo second; exec sleep 30) & exit 5'],
    env: { PATH: process.env['PATH'] ?? '' },
    redactor: context.redactor,
  };
  expect(await runChild(context, options)).toBe(5);
  expect(context.out()).toBe('first\nsecond\n');
  expect(Date.now() - startedMs).toBeLessThan(10_000);
});

test.each(['SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGINT', 'SIGQUIT', 'SIGWINCH'] as const)(
  '%s goes to the child once, and no longer to us afterwards',
  async (signal) => {
    using context = fakeContext();
    const file = join(context.folder, 'signals');
    const script = `
      const fs = require('fs');
      process.on('${signal}', () => { fs.appendFileSync('${file}', 'x'); setTimeout(() => process.exit(9), 100); });
      fs.writeFileSync('${file}', '');
      setTimeout(() => {}, 10000);`;
    const ended = run(context, script, { redact: false });
    while (!existsSync(file)) await sleep(5);
    expect(context.deliver(signal)).toBe(true);
    // The keys of a terminal reach the whole group; under a test runner at a terminal that is us.
    expect(await ended).toBe(9);
    expect(readFileSync(file, 'utf8')).toBe('x');
    expect(context.deliver(signal)).toBe(false);
  },
);

test('the child reads our stdin and gets exactly the environment given', async () => {
  using context = fakeContext();
  const file = join(context.folder, 'env.json');
  writeFileSync(file, '');
  const script = `require('fs').writeFileSync('${file}', JSON.stringify(process.env))`;
  const env = { A: 'a\nb', 'odd.name': '\u{1f600}', __proto__: 'p' } as Record<string, string>;
  expect(await runChild(context, { command: node, args: ['-e', script], env, redactor: undefined })).toBe(0);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toEqual({ A: 'a\nb', 'odd.name': '\u{1f600}' });
});

// The README's first command: an ephemeral vault, a real .env, a real application with its secrets injected. It checks what it
// says, and shows no value. It uses what is built, as a user would.

import { execFile, spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFile, mkdtempDisposable, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { parseDotenv } from '@zvault/core/domain';
import { startVault } from '@zvault/core/testing';
import { getText } from './get-text.ts';

const root = fileURLToPath(new URL('..', import.meta.url));
const zvault = join(root, 'cli/bin/zvault.cjs');
const started = performance.now();
const say = (text: string): void => console.log(`  ${text}`);

interface Answer {
  readonly app: string;
  readonly settings: readonly { name: string; bytes?: number; sha256?: string }[];
  readonly tokenVisible: boolean;
}

async function demo(): Promise<void> {
  await using folder = await mkdtempDisposable(join(tmpdir(), 'zvault-demo-'));
  await using vault = await startVault();
  say(`vault      in memory at ${vault.url}, unsealed, up after ${Math.round(performance.now() - started)} ms`);

  const file = join(folder.path, '.env');
  await copyFile(join(root, 'fixtures/demo/.env'), file);
  const expected = parseDotenv(await readFile(file)).entries;
  const env = { ...process.env, ...vault.env };
  const options = { cwd: folder.path, env };
  await promisify(execFile)(process.execPath, [zvault, 'import', '.env', '--project', 'app'], options);
  await rm(file);
  say(`import     ${expected.length} entries of .env in one request; .env removed, .env.zvault holds references`);

  const child = spawn(process.execPath, [zvault, 'run', '--', process.execPath, join(root, 'fixtures/demo/app.mjs')], {
    ...options,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const log = String((await lines.next()).value);
  const port = /listening on (\d+)/.exec(String((await lines.next()).value))?.[1];
  say(`run        the application listens on port ${port}; its careless log line arrives as: ${log}`);

  const url = `http://127.0.0.1:${port}/settings?${expected.map(({ key }) => `name=${key}`).join('&')}`;
  const answer = JSON.parse(await getText(url)) as Answer;
  const same = expected.filter(({ key, value }) => {
    const digest = createHash('sha256').update(value.expose()).digest('hex');
    return answer.settings.find(({ name }) => name === key)?.sha256 === digest;
  });
  say(
    `call       ${answer.app} has ${same.length} of ${expected.length} values byte for byte, and ${answer.tokenVisible ? 'SEES' : 'does not see'} the vault's token`,
  );

  const ended = new Promise<number | null>((resolve) => {
    child.once('exit', resolve);
  });
  child.kill('SIGTERM');
  say(`stop       SIGTERM passed on, the application ended with exit code ${await ended}`);
  if (same.length !== expected.length || answer.tokenVisible || log.includes('not-a-real')) process.exitCode = 1;
}

await demo();
say(
  `done       ${process.exitCode ? 'something differs, see above' : `in ${((performance.now() - started) / 1000).toFixed(1)} s; nothing is left behind`}`,
);

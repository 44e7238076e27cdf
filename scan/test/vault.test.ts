// With a real vault, the client and the sealed index between.

import { randomBytes } from 'node:crypto';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startVault } from '@zvault/core/testing';
import { expect, test } from 'vitest';
import { Folder, scanIn } from './run.ts';

test('--vault finds the values of the environment and names their references', async () => {
  const secret = randomBytes(18).toString('base64url');
  await using vault = await startVault({ seed: { PAYMENT_KEY: secret, MODE: 'production' } });
  using folder = new Folder();
  folder
    .write('a.txt', `one ${secret}\ntwo ${Buffer.from(`u:${secret}`).toString('base64')}\nproduction\n`)
    .write('.env', `KEY=${secret}\n`);
  const env = { ...vault.env, ZVAULT_TOKEN: vault.serviceToken };
  const { status, out, err } = await scanIn(folder.path, ['a.txt', '--vault', '--json'], env);
  expect(err).not.toContain('error');
  expect(status).toBe(7);
  expect(JSON.parse(out)).toMatchObject({
    findings: [
      { rule: 'vault-value', line: 1, column: 5, reference: `zvault://env/${vault.project}/PAYMENT_KEY` },
      { rule: 'vault-value', line: 2, encoding: 'base64' },
    ],
  });
  expect(out + err).not.toContain(secret);
  expect((await scanIn(folder.path, ['--explain-index'], env)).out).toContain('MODE  left out');
  expect((await scanIn(folder.path, ['.env', '--vault', '--fix'], env)).status).toBe(7);
  expect(folder.read('.env')).toBe(`KEY=zvault://env/${vault.project}/PAYMENT_KEY\n`);
  await vault.stop();
  // Five minutes have not passed: no request.
  expect((await scanIn(folder.path, ['a.txt', '--vault'], env)).status).toBe(7);
  expect(readdirSync(join(folder.path, '.cache', 'zvault'))).toHaveLength(1);
});

test('the vault is away, nothing is known: patterns and a warning, or 6 where it is required; a refused token: 3', async () => {
  using folder = new Folder();
  folder.write('a.txt', 'nothing\n');
  const away = {
    ZVAULT_URL: 'http://127.0.0.1:1',
    ZVAULT_TOKEN: 'zvt_x',
    ZVAULT_PROJECT: 'app',
    ZVAULT_ORG: 'dev',
    ZVAULT_ENV: 'development',
  };
  const optional = await scanIn(folder.path, ['a.txt', '--vault'], away);
  expect(optional).toMatchObject({ status: 0 });
  expect(optional.err).toContain('only patterns');
  expect((await scanIn(folder.path, ['a.txt', '--vault=required'], away)).status).toBe(6);
  expect((await scanIn(folder.path, ['a.txt', '--vault'], {})).status).toBe(3);
  await using vault = await startVault();
  expect((await scanIn(folder.path, ['a.txt', '--vault'], { ...vault.env, ZVAULT_TOKEN: 'wrong' })).status).toBe(3);
});

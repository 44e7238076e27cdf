// kv, mount, lease, transit: what people type, what scripts read, and that no value is in an argument by accident.

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type EphemeralVault, startVault } from '@zvault/core/testing';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Result, temporaryFolder, zvault } from './support.ts';

let vault: EphemeralVault;
let folder: ReturnType<typeof temporaryFolder>;
beforeAll(async () => {
  vault = await startVault();
  folder = temporaryFolder();
});
afterAll(async () => {
  folder[Symbol.dispose]();
  await vault.stop();
});

/** Fails unless it exits with `code`. */
async function run(words: string, input?: string | Uint8Array, code = 0): Promise<Result> {
  const env = { VAULT_ADDR: vault.url, VAULT_TOKEN: vault.rootToken };
  const options = { cwd: folder.path, env, ...(input === undefined ? {} : { input }) };
  const result = await zvault(words.split(' '), options);
  expect([words, result.code, result.code === code ? '' : result.stderr]).toEqual([words, code, '']);
  return result;
}
const json = async (words: string, input?: string): Promise<any> =>
  JSON.parse((await run(`${words} --json`, input)).stdout);

test('kv: put, get, versions, delete, undelete, destroy, list', async () => {
  expect((await run('kv put app/db password=-', 'pass\nword')).stderr).toContain('stored app/db as version 1');
  expect((await run('kv get app/db --field password')).stdout).toBe('pass\nword');
  expect((await run('kv get app/db')).stdout).toBe('password\tpass\\nword\n');
  expect((await run('kv get app/db --json')).stdout).toBe('{"password":"pass\\nword"}\n');
  writeFileSync(join(folder.path, 'pem'), '-----\npem\n');
  writeFileSync(join(folder.path, 'all.json'), '{ "n": 9007199254740993, "f": 1.0, "o": {"a": [1, 2]} }');
  expect((await json('kv put app/db cert=@pem key=@pem --cas 1')).version).toBe(2);
  await run('kv put app/db --file all.json --cas 1', undefined, 5);
  await run('kv put app/db --file all.json');
  expect((await run('kv get app/db --json')).stdout).toBe('{"n":9007199254740993,"f":1.0,"o":{"a":[1,2]}}\n');
  expect((await run('kv get app/db --field n')).stdout).toBe('9007199254740993');
  expect((await run('kv get app/db --version 2 --field cert')).stdout).toBe('-----\npem\n');
  expect((await run('kv get app/db --field none', undefined, 4)).stderr).toContain('its fields are n, f, o');
  await run('kv put app/typed typed', 'from a pipe');
  expect((await run('kv get app/typed --field typed')).stdout).toBe('from a pipe');
  expect((await run('kv list app')).stdout).toBe('db\ntyped\n');
  expect(await json('kv list')).toEqual(['app/db', 'app/typed']);
  await run('kv delete app/db');
  await run('kv get app/db', undefined, 4);
  expect((await run('kv metadata app/db')).stdout).toMatch(/^3\t.*\troot root\tdeleted .*\n2\t.*\t\n1\t/);
  await run('kv undelete app/db --versions 3');
  await run('kv get app/db');
  await run('kv destroy app/db --versions 1,3');
  await run('kv get app/db', undefined, 4);
  expect((await json('kv metadata app/db')).versions[3].destroyed).toBe(true);
  await run('kv destroy app/db', undefined, 2);
  await run('kv destroy app/db --all --versions 1', undefined, 2);
  await run('kv destroy app/db --all');
  expect(await json('kv list')).toEqual(['app/typed']);
});

test('kv put takes no value from the arguments unless it is told to', async () => {
  const canary = 'canary-value-in-argv';
  const refused = await run(`kv put app/x KEY=${canary}`, undefined, 2);
  expect(refused.stderr).toMatch(/a value is not taken from the arguments.*\n.*KEY=-/s);
  expect(refused.stderr + refused.stdout).not.toContain(canary);
  await run(`kv put app/x KEY=${canary} --allow-arguments`);
  expect((await run('kv get app/x --field KEY')).stdout).toBe(canary);
  for (const words of ['kv put app/x', 'kv put app/x =-', 'kv put app/x A=- B=-', 'kv put app/x A=- A=@pem'])
    await run(words, 'v', 2);
  for (const input of ['[1]', '{', '{"a":1,"a":2}', '"text"']) {
    const { stderr } = await run('kv put app/x --file -', input, 2);
    expect(stderr).toMatch(/stdin/);
  }
});

test('mounts', async () => {
  await run('mount create team/ --description ours');
  expect((await run('mount list')).stdout).toContain('team/\tkv\tours\n');
  await run('mount create team', undefined, 5);
  await run('mount create sys', undefined, 2);
  await run('kv put x a=- --mount team', 'there');
  expect((await run('kv get x --mount team --field a')).stdout).toBe('there');
  await run('kv get x', undefined, 4);
  await run('mount delete team');
  await run('kv get x --mount team', undefined, 4);
  await run('mount delete team', undefined, 4);
  expect(await json('mount list')).toHaveLength(2);
});

test('leases', async () => {
  const { lease_id } = await json('lease create secret/data/app --ttl 10m');
  expect((await run(`lease lookup ${lease_id}`)).stdout).toContain('ttl_secs\t600\n');
  expect((await json(`lease renew ${lease_id} --increment 1m`)).ttl_secs).toBe(660);
  expect((await run('lease list')).stdout).toMatch(new RegExp(`^${lease_id}\tsecret/data/app\t.*\t660s\trenewable\n$`));
  const fixed = await json('lease create secret/data/app --no-renewable');
  await run(`lease renew ${fixed.lease_id}`, undefined, 2);
  await run(`lease revoke ${lease_id}`);
  await run(`lease lookup ${lease_id}`, undefined, 4);
  await run('lease create secret/data/app --ttl soon', undefined, 2);
});

test('transit: bytes in, bytes out', async () => {
  const bytes = Buffer.from([0, 255, 10, 13, 128]);
  await run('transit create-key k');
  await run('transit create-key k', undefined, 2);
  const ciphertext = (await run('transit encrypt k', bytes)).stdout;
  expect(ciphertext).toMatch(/^vault:v1:.*\n$/);
  expect((await run('transit decrypt k', ciphertext)).output.equals(bytes)).toBe(true);
  await run('transit rotate-key k');
  const again = (await run(`transit rewrap k ${ciphertext.trim()}`)).stdout;
  expect(again).toMatch(/^vault:v2:/);
  await run('transit min-version k --version 2');
  await run('transit decrypt k', ciphertext, 2);
  expect((await run(`transit decrypt k ${again.trim()}`)).output.equals(bytes)).toBe(true);
  const { plaintext, ciphertext: wrapped } = JSON.parse((await run('transit data-key k')).stdout);
  expect((await run('transit decrypt k', wrapped)).output.toString('base64')).toBe(plaintext);
  const hmac = (await run('transit hmac k', 'message')).stdout.trim();
  await run(`transit verify k --hmac ${hmac}`, 'message');
  await run(`transit verify k --hmac ${hmac}`, 'other', 7);

  await run('transit create-key s --type ed25519');
  writeFileSync(join(folder.path, 'message'), 'signed');
  const signature = (await run('transit sign s --file message')).stdout.trim();
  await run(`transit verify s --signature ${signature}`, 'signed');
  await run(`transit verify s --signature ${signature}`, 'forged', 7);
  expect((await run('transit list-keys')).stdout).toBe('k\ns\n');
  expect((await run('transit key-info s')).stdout).toContain('type\ted25519\n');
  expect((await json('transit key-info s')).keys[1].public_key).toMatch(/=$/);
  const refused = await run('transit encrypt k canary-value-in-argv', undefined, 2);
  expect(refused.stderr).not.toContain('canary');
  await run('transit encrypt none', 'x', 4);
});

test('a service token is not for these', async () => {
  const env = { ZVAULT_URL: vault.url, ZVAULT_TOKEN: vault.serviceToken };
  const { code, stderr } = await zvault(['kv', 'list'], { cwd: folder.path, env });
  expect([code, stderr.includes('FORBIDDEN')]).toEqual([3, true]);
});

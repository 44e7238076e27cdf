// Rekey, key slots and new root tokens over HTTP, on a vault that is initialized with shares.

import { afterAll, beforeAll, expect, test } from 'vitest';
import { processHost } from '../src/domain/host.ts';
import { resolveOptions } from '../src/server/options.ts';
import { type VaultServer, serve } from '../src/server/server.ts';
import { firstRootKeyId } from '../src/server/seal/config.ts';
import { Vault } from '../src/server/vault.ts';
import { checkAnswer } from '../../test/support/contract.ts';
import { type Answer, type Call, send } from '../../test/support/http.ts';

let server: VaultServer;
let vaultToken: string;
let shares: string[];
let keyFile: string;
let recoveryCode: string;

async function call(method: string, path: string, body?: unknown, more: Call = { vaultToken }): Promise<Answer> {
  const answer = await send(server.url, method, `/v1/sys/${path}`, { ...more, body });
  checkAnswer(method, `/v1/sys/${path}`, answer);
  return answer;
}
const rekey = (unseal_shares: readonly string[], count = 3, threshold = 2): Promise<Answer> =>
  call('POST', 'rekey', { shares: count, threshold, unseal_shares });
const reopen = async (body: object): Promise<number> => {
  if (!server.vault.seal.sealed) expect((await call('POST', 'seal')).status).toBe(204);
  return (await call('POST', 'unseal', body, {})).status;
};
const slots = async (): Promise<{ id: string; kind: string; replaced_by: string | null; rotatable: boolean }[]> =>
  (await call('GET', 'key-slots')).json.slots;

beforeAll(async () => {
  const options = { listen: { host: '127.0.0.1', port: 0 }, rateLimit: 0 };
  server = await serve(await Vault.open(resolveOptions(options), processHost()));
  const made = await call(
    'POST',
    'init',
    { shares: 5, threshold: 3, key_file: true, recovery_code: true, passphrase: 'correct horse' },
    {},
  );
  ({ unseal_shares: shares, root_token: vaultToken, key_file: keyFile, recovery_code: recoveryCode } = made.json);
  expect(await reopen({ shares })).toBe(200);
});
afterAll(() => server.close());

test('every way in opens the vault alone, and no other', async () => {
  for (const body of [
    { shares: shares.slice(2) },
    { key: keyFile },
    { passphrase: 'correct horse' },
    { recovery_code: recoveryCode },
    { recovery_code: recoveryCode.toLowerCase().replaceAll('-', ' ') },
  ]) {
    expect(await reopen(body)).toBe(200);
    expect((await call('POST', 'unseal', body, {})).status).toBe(409);
  }
  for (const body of [
    { shares: shares.slice(3) },
    { key: Buffer.alloc(32).toString('base64url') },
    { key: 'short' },
    { passphrase: 'wrong horse' },
    { recovery_code: '00000-00000-00000-00000-00000-00000-00000-70MVM' },
    { recovery_code: `${recoveryCode.slice(0, -1)}${recoveryCode.endsWith('0') ? '1' : '0'}` },
  ]) {
    expect(await reopen(body)).toBe(400);
  }
  expect(await reopen({ shares })).toBe(200);
});

test('passphrases are tried one at a time: nobody can keep the server busy with them', async () => {
  await call('POST', 'seal');
  const tried = await Promise.all(
    Array.from({ length: 6 }, () => call('POST', 'unseal', { passphrase: 'wrong horse' }, {})),
  );
  expect(tried.map(({ status }) => status).toSorted((a, b) => a - b)).toEqual([400, 429, 429, 429, 429, 429]);
  expect(await reopen({ shares })).toBe(200);
});

test('the list says what there is, and no secret', async () => {
  const { json, text } = await call('GET', 'key-slots');
  expect(json.slots.map(({ kind }: { kind: string }) => kind)).toEqual(['shamir', 'key', 'recovery', 'passphrase']);
  expect(json.slots[0]).toMatchObject({ shares: 5, threshold: 3, rotatable: true, replaced_by: null });
  expect(text).not.toMatch(/wrapped|escrow|salt/);
});

test.each([
  ['too few', () => shares.slice(0, 2), 400],
  ['none', () => [], 400],
  ['one of them twice', () => [shares[0], shares[1], shares[1]], 400],
  ['malformed', () => [shares[0], shares[1], 'x'], 400],
  ['wrong', () => [shares[0], shares[1], Buffer.alloc(33, 9).toString('base64')], 400],
  ['not texts', () => [1, 2, 3], 422],
])('rekey with %s changes nothing', async (_name, given, status) => {
  const before = await slots();
  expect((await rekey(given() as string[])).status).toBe(status);
  expect(await slots()).toEqual(before);
  expect(await reopen({ shares })).toBe(200);
});

test.each([
  [0, 0],
  [3, 1],
  [2, 3],
  [11, 2],
])('rekey to %i shares with threshold %i is refused', async (count, threshold) => {
  expect((await rekey(shares, count, threshold)).status).toBe(400);
});

test('rekey: the new shares open the vault, the old ones no more, and nothing else changes', async () => {
  const old = shares;
  const made = await rekey(old.slice(0, 3), 4, 2);
  expect(made.status).toBe(200);
  expect(made.headers['cache-control']).toBe('no-store');
  shares = made.json.unseal_shares;
  expect(shares).toHaveLength(4);
  expect(await reopen({ shares: old })).toBe(400);
  expect((await call('GET', 'seal-status', undefined, {})).json).toMatchObject({ shares: 4, threshold: 2 });
  expect(await reopen({ shares: shares.slice(1, 3) })).toBe(200);
  for (const body of [{ key: keyFile }, { recovery_code: recoveryCode }]) expect(await reopen(body)).toBe(200);
  expect((await rekey(old)).status).toBe(400);
  expect((await slots()).filter(({ kind }) => kind === 'shamir')).toHaveLength(1);
});

test('while nobody has got the new shares, the old ones open it too; using the new ones ends that', async () => {
  const { vault } = server;
  // The answer that leaves is what removes the old slot: here it never does.
  const confirm = vault.confirmSlot.bind(vault);
  vault.confirmSlot = () => undefined;
  const old = shares;
  const made = (await rekey(old, 3, 3)).json.unseal_shares as string[];
  vault.confirmSlot = confirm;
  expect((await slots()).map(({ kind, replaced_by }) => [kind, replaced_by !== null])).toContainEqual(['shamir', true]);
  expect(await reopen({ shares: old.slice(0, 2) })).toBe(200);
  // One by one, too: two of the old are enough, though three of the new would be.
  await call('POST', 'seal');
  for (const share of old.slice(0, 2)) await call('POST', 'unseal', { share }, {});
  expect(server.vault.seal.sealed).toBe(false);
  expect(await reopen({ shares: made })).toBe(200);
  expect(await reopen({ shares: old })).toBe(400);
  expect(await reopen({ shares: made })).toBe(200);
  shares = made;
});

test('two rekeys at once: one is done, and its shares are good', async () => {
  const answers = await Promise.all([rekey(shares, 3, 2), rekey(shares, 4, 2), rekey(shares, 5, 2)]);
  const done = answers.filter(({ status }) => status === 200);
  expect(done.length).toBeGreaterThan(0);
  const opens: boolean[] = [];
  for (const { json } of done) opens.push((await reopen({ shares: json.unseal_shares })) === 200);
  expect(opens.at(-1)).toBe(true);
  shares = done.at(-1)?.json.unseal_shares as string[];
  expect(await reopen({ shares })).toBe(200);
  expect((await slots()).filter(({ kind }) => kind === 'shamir')).toHaveLength(1);
});

test('slots are added, replaced and removed, but never the last', async () => {
  const before = await slots();
  const recovery = await call('POST', 'key-slots', { kind: 'recovery' });
  expect(recovery.json).toMatchObject({ slot: { kind: 'recovery', shares: null }, recovery_code: expect.any(String) });
  const key = await call('POST', 'key-slots', { kind: 'key' });
  const passphrase = await call('POST', 'key-slots', { kind: 'passphrase', passphrase: 'another horse' });
  expect(Object.keys(passphrase.json)).toEqual(['slot']);
  for (const body of [
    { recovery_code: recovery.json.recovery_code },
    { key: key.json.key },
    { passphrase: 'another horse' },
  ]) {
    expect(await reopen(body)).toBe(200);
  }

  const again = await call('POST', 'key-slots', { kind: 'recovery', replaces: recovery.json.slot.id });
  expect(await reopen({ recovery_code: recovery.json.recovery_code })).toBe(400);
  expect(await reopen({ recovery_code: again.json.recovery_code })).toBe(200);

  for (const [body, status] of [
    [{ kind: 'recovery', replaces: firstRootKeyId }, 404],
    [{ kind: 'passphrase', passphrase: 'short' }, 400],
    [{ kind: 'passphrase' }, 422],
    [{ kind: 'shamir' }, 422],
    [{}, 422],
  ] as const) {
    expect([body, (await call('POST', 'key-slots', body)).status]).toEqual([body, status]);
  }
  expect((await call('DELETE', `key-slots/${firstRootKeyId}`)).status).toBe(404);
  expect((await call('DELETE', 'key-slots/x')).status).toBe(404);

  const all = (await slots()).map(({ id }) => id);
  expect(all).toHaveLength(before.length + 3);
  const kept = before.find(({ kind }) => kind === 'shamir')?.id ?? '';
  for (const id of all) if (id !== kept) expect((await call('DELETE', `key-slots/${id}`)).status).toBe(204);
  expect((await call('DELETE', `key-slots/${kept}`)).status).toBe(409);
  expect(await reopen({ recovery_code: again.json.recovery_code })).toBe(400);
  expect(await reopen({ shares })).toBe(200);
});

test('there may be twenty slots', async () => {
  let answer = await call('POST', 'key-slots', { kind: 'key' });
  while (answer.status === 200) answer = await call('POST', 'key-slots', { kind: 'key' });
  expect(answer.status).toBe(409);
  expect(await slots()).toHaveLength(20);
  for (const { id, kind } of await slots()) if (kind === 'key') await call('DELETE', `key-slots/${id}`);
});

test('a new root token takes shares or a recovery code, no token; and can end the others', async () => {
  const { recovery_code: code } = (await call('POST', 'key-slots', { kind: 'recovery' })).json;
  const asked = (body: object): Promise<Answer> => call('POST', 'generate-root', body, {});
  const works = async (token: string): Promise<boolean> =>
    (await call('GET', 'key-slots', undefined, { vaultToken: token })).status === 200;
  for (const body of [
    {},
    { shares: [] },
    { shares: shares.slice(1, 2) },
    { shares: [shares[0], Buffer.alloc(33, 5).toString('base64')] },
    { recovery_code: 'x' },
    { recovery_code: '00000-00000-00000-00000-00000-00000-00000-70MVM' },
  ]) {
    expect([body, (await asked(body)).status]).toEqual([body, 400]);
  }
  const first = (await asked({ shares: shares.slice(0, 2) })).json;
  expect(first).toEqual({ root_token: expect.stringMatching(/^zvr_[0-9a-f]{40}$/), revoked: 0 });
  expect([await works(first.root_token), await works(vaultToken)]).toEqual([true, true]);

  const orphan = async (policy: string): Promise<string> => {
    const body = { policies: [policy], no_parent: true };
    const answer = await send(server.url, 'POST', '/v1/auth/token/create', { vaultToken, body });
    return answer.json.client_token;
  };
  const [mighty, harmless] = [await orphan('root'), await orphan('default')];

  const second = (await asked({ recovery_code: code, revoke_others: true })).json;
  // A token with the policy root is one, too, whoever its parent was or was not.
  expect(second.revoked).toBe(3);
  expect(await works(mighty)).toBe(false);
  const own = await send(server.url, 'POST', '/v1/auth/token/lookup-self', { vaultToken: harmless });
  expect(own.status).toBe(200);
  expect([await works(second.root_token), await works(first.root_token), await works(vaultToken)]).toEqual([
    true,
    false,
    false,
  ]);
  vaultToken = second.root_token;

  await call('POST', 'seal');
  expect((await asked({ shares })).json.error).toBe('sealed');
  expect(await reopen({ shares })).toBe(200);
});

test('the audit tells of all this, and holds no share, code, passphrase or token', async () => {
  const { json, text } = await call('GET', 'audit-log?limit=1000');
  const actions = new Set(json.entries.map(({ action }: { action: string }) => action));
  for (const action of ['sys.rekey', 'sys.generate-root', 'key-slots.add', 'key-slots.remove'])
    expect(actions).toContain(action);
  for (const secret of [...shares, keyFile, recoveryCode, 'horse', vaultToken]) expect(text).not.toContain(secret);
});

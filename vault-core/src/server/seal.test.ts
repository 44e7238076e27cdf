import { expect, test } from 'vitest';
import { Seal } from './seal.ts';
import { openSqliteStore } from './store/sqlite.ts';

const open = async (shares = 5, threshold = 3, more: { keyFile?: boolean; passphrase?: string } = {}) => {
  const store = await openSqliteStore(':memory:');
  const seal = new Seal(store, () => 1);
  const made = await seal.init({ shares, threshold, ...more }, async () => 'prepared');
  return { store, seal, shares: made.unseal_shares, made };
};
const refused = (code = 'BAD_REQUEST'): unknown => expect.objectContaining({ code });
const progress = async (seal: Seal): Promise<number> => (await seal.status()).progress;

test.each([
  [0, 0],
  [1, 1],
  [1, 2],
  [2, 1],
  [3, 4],
  [11, 2],
  [10, 11],
  [-1, 2],
])('%i shares with threshold %i are refused', async (shares, threshold) => {
  await expect(open(shares, threshold)).rejects.toEqual(refused());
});

test.each([
  [2, 2],
  [10, 2],
  [10, 10],
])('%i shares, any %i of them', async (count, threshold) => {
  const { seal, shares } = await open(count, threshold);
  expect(shares).toHaveLength(count);
  for (const share of shares) expect(share).toMatch(/^[A-Za-z0-9+/]{44}$/);
  expect(await seal.status()).toEqual({ initialized: true, sealed: true, threshold, shares: count, progress: 0 });
  for (const [index, share] of shares.toReversed().slice(0, threshold).entries()) {
    expect(await progress(seal)).toBe(index);
    await seal.giveShare(share);
  }
  expect(seal.sealed).toBe(false);
  expect(await progress(seal)).toBe(0);
});

test('nothing is possible before init, and init only once', async () => {
  const store = await openSqliteStore(':memory:');
  const seal = new Seal(store, () => 1);
  expect(await seal.status()).toEqual({ initialized: false, sealed: true, threshold: 0, shares: 0, progress: 0 });
  await expect(seal.giveShare('A'.repeat(44))).rejects.toEqual(refused());
  await expect(seal.unsealAutomatically({ key: 'A'.repeat(43) })).rejects.toEqual(refused('NOT_INITIALIZED'));
  expect(() => seal.keyring).toThrow(refused('SEALED'));
  const both = await Promise.allSettled([1, 2].map(() => seal.init({ shares: 2, threshold: 2 }, async () => 1)));
  expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
  await expect(seal.init({ shares: 2, threshold: 2 }, async () => 1)).rejects.toEqual(refused('CONFLICT'));
  // The configuration is looked at before that.
  await expect(seal.init({ shares: 1, threshold: 2 }, async () => 1)).rejects.toEqual(refused());
});

test('an initialized vault does not stretch the passphrase of whoever asks again', async () => {
  const { seal } = await open(2, 2);
  const started = performance.now();
  const asked = Array.from({ length: 50 }, () =>
    seal.init({ shares: 2, threshold: 2, passphrase: 'long enough' }, async () => 1),
  );
  for (const result of await Promise.allSettled(asked)) expect(result.status).toBe('rejected');
  expect(performance.now() - started).toBeLessThan(100);
});

test('what prepare throws undoes everything', async () => {
  const store = await openSqliteStore(':memory:');
  const seal = new Seal(store, () => 1);
  const failed = seal.init({ shares: 2, threshold: 2 }, async () => {
    throw new Error('no audit');
  });
  await expect(failed).rejects.toThrow('no audit');
  expect((await seal.status()).initialized).toBe(false);
  expect(await store.scan({ prefix: '' })).toEqual([]);
});

test('a repeated share counts once', async () => {
  const { seal, shares } = await open();
  for (let round = 0; round < 5; round += 1) await seal.giveShare(shares[0] ?? '');
  await seal.giveShare(`  ${shares[0]}\n`);
  expect(await progress(seal)).toBe(1);
  await seal.giveShare(shares[1] ?? '');
  await seal.giveShare(shares[4] ?? '');
  expect(seal.sealed).toBe(false);
  await expect(seal.giveShare(shares[2] ?? '')).rejects.toEqual(refused('CONFLICT'));
});

test.each([
  ['empty', ''],
  ['not base64', '!'.repeat(44)],
  ['too short', Buffer.alloc(32, 1).toString('base64')],
  ['one byte', Buffer.alloc(1, 1).toString('base64')],
  ['too long', Buffer.alloc(36, 1).toString('base64')],
  ['x of zero', Buffer.alloc(33, 0).toString('base64')],
  ['base64url', Buffer.alloc(33, 0xff).toString('base64url')],
])('a malformed share changes nothing: %s', async (_name, text) => {
  const { seal, shares } = await open();
  await seal.giveShare(shares[0] ?? '');
  await expect(seal.giveShare(text)).rejects.toEqual(refused());
  expect(await progress(seal)).toBe(1);
  await seal.giveShare(shares[1] ?? '');
  await seal.giveShare(shares[2] ?? '');
  expect(seal.sealed).toBe(false);
});

test('a wrong share makes the attempt fail and clears it; the next is as good as new', async () => {
  const { seal, shares } = await open();
  const wrong = Buffer.from(shares[2] ?? '', 'base64');
  wrong[9] = (wrong[9] ?? 0) ^ 1;
  // The same x as a good one, with other values: found when it is combined.
  for (const third of [
    wrong.toString('base64'),
    Buffer.from(shares[0] ?? '', 'base64')
      .fill(7, 1)
      .toString('base64'),
  ]) {
    await seal.giveShare(shares[0] ?? '');
    await seal.giveShare(shares[1] ?? '');
    await expect(seal.giveShare(third)).rejects.toEqual(refused());
    expect([seal.sealed, await progress(seal)]).toEqual([true, 0]);
  }
  for (const share of shares.slice(0, 3)) await seal.giveShare(share);
  expect(seal.sealed).toBe(false);
});

test('reset forgets what was given', async () => {
  const { seal, shares } = await open();
  await seal.giveShare(shares[0] ?? '');
  await seal.giveShare(shares[1] ?? '');
  await seal.resetShares();
  expect(await progress(seal)).toBe(0);
});

test('all shares at once do not depend on those given one by one', async () => {
  const { seal, shares } = await open();
  await seal.giveShare(Buffer.alloc(33, 9).toString('base64'));
  await expect(seal.giveShares(shares.slice(0, 2))).rejects.toEqual(refused());
  await expect(seal.giveShares([...shares.slice(0, 2), shares[0] ?? ''])).rejects.toEqual(refused());
  await expect(seal.giveShares([...shares.slice(0, 2), 'x'])).rejects.toEqual(refused());
  expect(await progress(seal)).toBe(1);
  await seal.giveShares(shares);
  expect([seal.sealed, await progress(seal)]).toEqual([false, 0]);
});

test('shares that come at the same moment open the vault once', async () => {
  const { seal, shares } = await open();
  await Promise.allSettled(shares.map((share) => seal.giveShare(share)));
  expect([seal.sealed, await progress(seal)]).toEqual([false, 0]);
});

test('key file and passphrase open it too, and others don’t', async () => {
  const { seal, made } = await open(2, 2, { keyFile: true, passphrase: 'correct horse' });
  for (const way of [{ key: made.key_file ?? '' }, { passphrase: 'correct horse' }]) {
    await seal.unsealAutomatically(way);
    expect(seal.sealed).toBe(false);
    seal.seal();
  }
  for (const way of [{ key: Buffer.alloc(32).toString('base64url') }, { passphrase: 'wrong horse' }, {}]) {
    await expect(seal.unsealAutomatically(way)).rejects.toEqual(refused());
  }
  await expect(seal.unsealAutomatically({ key: 'short' })).rejects.toEqual(refused('CONFIG_INVALID'));
  expect(seal.sealed).toBe(true);
  await expect(open(2, 2, { passphrase: 'short' })).rejects.toEqual(refused());
});

test('sealing overwrites the keys', async () => {
  const { seal, shares, store } = await open(2, 2);
  for (const share of shares) await seal.giveShare(share);
  const { bytes } = await seal.keyring.current(store, 'system');
  expect(bytes.equals(Buffer.alloc(32))).toBe(false);
  seal.seal();
  expect(bytes.equals(Buffer.alloc(32))).toBe(true);
  expect(() => seal.keyring).toThrow(refused('SEALED'));
});

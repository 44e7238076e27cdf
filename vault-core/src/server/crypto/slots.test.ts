import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import type { CipherKey } from './cipher.ts';
import {
  type KeySlot,
  createKeySlot,
  createPassphraseSlot,
  createRecoverySlot,
  createShamirSlot,
  openSlot,
  parseUnsealKey,
  rewrapSlot,
  stretchNewPassphrase,
  withEscrow,
} from './slots.ts';

const root: CipherKey = { id: '00000000-0000-4000-8000-000000000001', bytes: randomBytes(32) };
const next: CipherKey = { id: '00000000-0000-4000-8000-000000000002', bytes: randomBytes(32) };
const passphrase = 'correct horse battery';
const stretched = await stretchNewPassphrase(passphrase);

interface Sample {
  readonly slot: KeySlot;
  readonly good: Buffer | string;
  readonly bad: Buffer | string;
}

function samples(): Sample[] {
  const key = randomBytes(32);
  const code = randomBytes(22);
  return [
    { slot: createShamirSlot(root, Buffer.from(key), 5, 3, 1), good: key, bad: randomBytes(32) },
    { slot: createKeySlot(root, key, 1), good: key, bad: randomBytes(32) },
    { slot: createRecoverySlot(root, code, 1), good: code, bad: randomBytes(22) },
    { slot: createPassphraseSlot(root, stretched, 1), good: passphrase, bad: `${passphrase} ` },
  ];
}

const rootOf = async (slot: KeySlot, secret: Buffer | string): Promise<Buffer | undefined> =>
  (await openSlot(slot, secret))?.rootKey;

test('each kind of slot gives the root key to its secret, and to no other', async () => {
  for (const { slot, good, bad } of samples()) {
    expect((await rootOf(slot, good))?.equals(root.bytes)).toBe(true);
    expect(await rootOf(slot, bad)).toBeUndefined();
    expect(JSON.stringify(slot)).not.toContain(root.bytes.toString('base64'));
  }
});

test('a new root key is wrapped for the same ways in, and the old one is not there any more', async () => {
  for (const { slot, good, bad } of samples()) {
    const moved = rewrapSlot(slot, root, next);
    expect((await rootOf(moved, good))?.equals(next.bytes)).toBe(true);
    expect(await rootOf(moved, bad)).toBeUndefined();
    expect((await rootOf(rewrapSlot(moved, next, root), good))?.equals(root.bytes)).toBe(true);
    expect(() => rewrapSlot(moved, root, next)).toThrow(expect.objectContaining({ code: 'INTERNAL' }));
    const { wrapped: _wrapped, escrow: _escrow, ...kept } = slot;
    expect(moved).toMatchObject(kept);
  }
});

test('a slot of the first format is rewrapped once it has been used', async () => {
  for (const { slot, good } of samples()) {
    const { escrow: _escrow, ...old } = slot;
    expect(() => rewrapSlot(old, root, next)).toThrow(expect.objectContaining({ code: 'CONFLICT' }));
    const opened = await openSlot(old, good);
    const used = withEscrow(old, opened?.wrappingKey ?? Buffer.alloc(32), root);
    expect((await rootOf(rewrapSlot(used, root, next), good))?.equals(next.bytes)).toBe(true);
  }
});

test('a passphrase is the same however its accents are composed', async () => {
  const slot = createPassphraseSlot(root, await stretchNewPassphrase('caf\u00e9 12345'), 1);
  expect((await rootOf(slot, 'cafe\u0301 12345'))?.equals(root.bytes)).toBe(true);
  expect([slot.memory_kib, slot.passes, slot.parallelism]).toEqual([65_536, 3, 4]);
});

test('a slot can’t take the wrapped key of another', async () => {
  const key = randomBytes(32);
  const one = createKeySlot(root, key, 1);
  const two = createKeySlot(root, key, 1);
  expect(await openSlot({ ...one, wrapped: two.wrapped }, key)).toBeUndefined();
  expect(await openSlot({ ...one, id: two.id }, key)).toBeUndefined();
  expect(await openSlot({ ...one, wrapped: '' }, key)).toBeUndefined();
  expect(() => rewrapSlot({ ...one, escrow: two.escrow ?? '' }, root, next)).toThrow(/authentication/);
});

const bytes = Buffer.alloc(32, 0xfb);
test.each([
  ['base64url', bytes.toString('base64url')],
  ['base64', bytes.toString('base64')],
  ['with a line end', `${bytes.toString('base64url')}\n`],
  ['with CRLF', `${bytes.toString('base64url')}\r\n`],
])('a key file in %s', (_name, text) => {
  expect(parseUnsealKey(text).equals(bytes)).toBe(true);
});

test.each([
  ['empty', ''],
  ['31 bytes', Buffer.alloc(31).toString('base64url')],
  ['33 bytes', Buffer.alloc(33).toString('base64url')],
  ['hexadecimal', bytes.toString('hex')],
  ['two lines', `${bytes.toString('base64url')}\n${bytes.toString('base64url')}`],
  ['other characters', `${bytes.toString('base64url').slice(0, -1)}!`],
])('no key file: %s', (_name, text) => {
  expect(() => parseUnsealKey(text)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

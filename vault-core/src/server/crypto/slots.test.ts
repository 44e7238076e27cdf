import { randomBytes } from 'node:crypto';
import { expect, test } from 'vitest';
import { createKeySlot, createPassphraseSlot, createShamirSlot, openSlot, parseUnsealKey } from './slots.ts';

const root = randomBytes(32);

test('each kind of slot gives the root key to its secret, and to no other', async () => {
  const key = randomBytes(32);
  const passphrase = 'correct horse battery';
  const slots = [
    { slot: createShamirSlot(root, Buffer.from(key), 5, 3, 1), good: key, bad: randomBytes(32) },
    { slot: createKeySlot(root, key, 1), good: key, bad: randomBytes(32) },
    { slot: await createPassphraseSlot(root, passphrase, 1), good: passphrase, bad: `${passphrase} ` },
  ];
  for (const { slot, good, bad } of slots) {
    expect((await openSlot(slot, good))?.equals(root)).toBe(true);
    expect(await openSlot(slot, bad)).toBeUndefined();
    expect(JSON.stringify(slot)).not.toContain(root.toString('base64'));
  }
});

test('a passphrase is the same however its accents are composed', async () => {
  const slot = await createPassphraseSlot(root, 'caf\u00e9 12345', 1);
  expect((await openSlot(slot, 'cafe\u0301 12345'))?.equals(root)).toBe(true);
  expect([slot.memory_kib, slot.passes, slot.parallelism]).toEqual([65_536, 3, 4]);
});

test('a slot can’t take the wrapped key of another', async () => {
  const key = randomBytes(32);
  const one = createKeySlot(root, key, 1);
  const two = createKeySlot(root, key, 1);
  expect(await openSlot({ ...one, wrapped: two.wrapped }, key)).toBeUndefined();
  expect(await openSlot({ ...one, id: two.id }, key)).toBeUndefined();
  expect(await openSlot({ ...one, wrapped: '' }, key)).toBeUndefined();
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

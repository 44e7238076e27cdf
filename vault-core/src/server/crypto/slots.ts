// Key slots: the root key, wrapped once for each way in. Changing a way in changes one slot; the root key and everything
// under it stay. A slot's wrapping key is
//   shamir      the key that the shares give back
//   key         HKDF of a 32-byte key from a file or the environment
//   passphrase  Argon2id with the parameters in the slot
// Several slots of one kind may stand side by side.

import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { type CipherKey, decrypt, encrypt } from './cipher.ts';

/** Argon2id: 64 MiB, 3 passes, 4 lanes; 0.3 s on a small server. Source: RFC 9106 §4, second recommended option. */
const argon2Parameters = { memoryKib: 65_536, passes: 3, parallelism: 4 } as const;

interface SlotBase {
  readonly id: string;
  /** The wrapped root key, base64. */
  readonly wrapped: string;
  readonly created_at: number;
}
export interface ShamirSlot extends SlotBase {
  readonly kind: 'shamir';
  readonly shares: number;
  readonly threshold: number;
}
export interface KeySlotOfKey extends SlotBase {
  readonly kind: 'key';
}
export interface PassphraseSlot extends SlotBase {
  readonly kind: 'passphrase';
  readonly salt: string;
  readonly memory_kib: number;
  readonly passes: number;
  readonly parallelism: number;
}
export type KeySlot = ShamirSlot | KeySlotOfKey | PassphraseSlot;

const wrap = (rootKey: Buffer, wrappingKey: Buffer, slotId: string): string =>
  encrypt({ id: slotId, bytes: wrappingKey }, `slot/${slotId}`, rootKey).toString('base64');

export function createShamirSlot(
  rootKey: Buffer,
  wrappingKey: Buffer,
  shares: number,
  threshold: number,
  now: number,
): ShamirSlot {
  const id = randomUUID();
  return { id, kind: 'shamir', shares, threshold, wrapped: wrap(rootKey, wrappingKey, id), created_at: now };
}

export function createKeySlot(rootKey: Buffer, key: Buffer, now: number): KeySlotOfKey {
  const id = randomUUID();
  return { id, kind: 'key', wrapped: wrap(rootKey, stretchKey(key, id), id), created_at: now };
}

export async function createPassphraseSlot(rootKey: Buffer, passphrase: string, now: number): Promise<PassphraseSlot> {
  const id = randomUUID();
  const salt = randomBytes(16);
  const { memoryKib, passes, parallelism } = argon2Parameters;
  const parameters = { salt: salt.toString('base64'), memory_kib: memoryKib, passes, parallelism };
  const wrappingKey = await stretchPassphrase(passphrase, parameters);
  return { id, kind: 'passphrase', ...parameters, wrapped: wrap(rootKey, wrappingKey, id), created_at: now };
}

/** The root key, or `undefined` when the wrapping key does not fit. Shamir slots: `secret` is what the shares gave back. */
export async function openSlot(slot: KeySlot, secret: Buffer | string): Promise<Buffer | undefined> {
  let wrappingKey: Buffer;
  if (slot.kind === 'passphrase') wrappingKey = await stretchPassphrase(secret.toString(), slot);
  else if (slot.kind === 'key') wrappingKey = stretchKey(Buffer.from(secret), slot.id);
  else wrappingKey = Buffer.from(secret);
  const key: CipherKey = { id: slot.id, bytes: wrappingKey };
  try {
    return decrypt(key, `slot/${slot.id}`, Buffer.from(slot.wrapped, 'base64'));
  } catch {
    return undefined;
  } finally {
    wrappingKey.fill(0);
  }
}

/**
 * The 32 bytes of a key-file: base64url or base64, one line.
 * @throws CONFIG_INVALID
 */
export function parseUnsealKey(text: string): Buffer {
  const line = text.trim();
  const key = /^[A-Za-z0-9+/_-]{43}=?$/.test(line) ? Buffer.from(line, 'base64url') : Buffer.alloc(0);
  if (key.length !== 32) {
    throw new ZvaultError('CONFIG_INVALID', 'the unseal key is not 32 bytes in base64url on one line', {
      hint: 'use the file that "zvault init --unseal-key-file" wrote',
    });
  }
  return key;
}

function stretchKey(key: Buffer, slotId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `zvault key slot ${slotId}`, 32));
}

type PassphraseParameters = Pick<PassphraseSlot, 'salt' | 'memory_kib' | 'passes' | 'parallelism'>;

async function stretchPassphrase(passphrase: string, parameters: PassphraseParameters): Promise<Buffer> {
  const { argon2 } = await import('node:crypto');
  return new Promise((resolve, reject) => {
    argon2(
      'argon2id',
      {
        message: Buffer.from(passphrase.normalize('NFC')),
        nonce: Buffer.from(parameters.salt, 'base64'),
        memory: parameters.memory_kib,
        passes: parameters.passes,
        parallelism: parameters.parallelism,
        tagLength: 32,
      },
      (error, key) => {
        if (error) reject(error);
        else resolve(Buffer.from(key));
      },
    );
  });
}

// Key slots: the root key, wrapped once for each way in. Changing a way in changes one slot; the root key and everything
// under it stay. A slot's wrapping key is
//   shamir      the key that the shares give back
//   key         HKDF of a 32-byte key from a file or the environment
//   passphrase  Argon2id with the parameters in the slot
//   recovery    HKDF of the 22 bytes of a recovery code
// Several slots of one kind may stand side by side. Each also keeps its wrapping key, encrypted under the root key: so a new
// root key can be wrapped for every way in without asking for its secret.

import { hkdfSync, randomBytes, randomUUID } from 'node:crypto';
import { ZvaultError } from '../../domain/errors.ts';
import { type CipherKey, decrypt, encrypt } from './cipher.ts';

/** Argon2id: 64 MiB, 3 passes, 4 lanes; 0.3 s on a small server. Source: RFC 9106 §4, second recommended option. */
const argon2Parameters = { memory_kib: 65_536, passes: 3, parallelism: 4 } as const;

interface SlotBase {
  readonly id: string;
  /** The wrapped root key, base64. */
  readonly wrapped: string;
  /** The wrapping key under the root key, base64. Absent in slots of the first format until they are used. */
  readonly escrow?: string;
  readonly created_at: number;
  /** The slot that takes this one's place as soon as it is known to have reached whoever asked for it. */
  readonly replaced_by?: string;
}
export interface ShamirSlot extends SlotBase {
  readonly kind: 'shamir';
  readonly shares: number;
  readonly threshold: number;
}
export interface KeySlotOfKey extends SlotBase {
  readonly kind: 'key';
}
export interface RecoverySlot extends SlotBase {
  readonly kind: 'recovery';
}
interface PassphraseParameters {
  readonly salt: string;
  readonly memory_kib: number;
  readonly passes: number;
  readonly parallelism: number;
}
export interface PassphraseSlot extends SlotBase, PassphraseParameters {
  readonly kind: 'passphrase';
}
export type KeySlot = ShamirSlot | KeySlotOfKey | RecoverySlot | PassphraseSlot;

/** What a slot gives to whoever has its secret. */
export interface OpenedSlot {
  readonly rootKey: Buffer;
  readonly wrappingKey: Buffer;
}

const slotAddress = (id: string): string => `slot/${id}`;
const escrowAddress = (id: string): string => `slot/${id}/wrapping key`;

function wrapped(root: CipherKey, wrappingKey: Buffer, id: string): Pick<SlotBase, 'wrapped' | 'escrow'> {
  return {
    wrapped: encrypt({ id, bytes: wrappingKey }, slotAddress(id), root.bytes).toString('base64'),
    escrow: encrypt(root, escrowAddress(id), wrappingKey).toString('base64'),
  };
}

export function createShamirSlot(
  root: CipherKey,
  wrappingKey: Buffer,
  shares: number,
  threshold: number,
  now: number,
): ShamirSlot {
  const id = randomUUID();
  return { id, kind: 'shamir', shares, threshold, ...wrapped(root, wrappingKey, id), created_at: now };
}

export function createKeySlot(root: CipherKey, key: Buffer, now: number): KeySlotOfKey {
  const id = randomUUID();
  return { id, kind: 'key', ...wrapped(root, stretchKey(key, 'key', id), id), created_at: now };
}

export function createRecoverySlot(root: CipherKey, secret: Buffer, now: number): RecoverySlot {
  const id = randomUUID();
  return { id, kind: 'recovery', ...wrapped(root, stretchKey(secret, 'recovery', id), id), created_at: now };
}

/** A passphrase, stretched for a slot that is yet to be made: it takes long, and the root key need not wait. */
export interface StretchedPassphrase {
  readonly parameters: PassphraseParameters;
  readonly wrappingKey: Buffer;
}

export async function stretchNewPassphrase(passphrase: string): Promise<StretchedPassphrase> {
  const parameters = { salt: randomBytes(16).toString('base64'), ...argon2Parameters };
  return { parameters, wrappingKey: await stretchPassphrase(passphrase, parameters) };
}

export function createPassphraseSlot(
  root: CipherKey,
  { parameters, wrappingKey }: StretchedPassphrase,
  now: number,
): PassphraseSlot {
  const id = randomUUID();
  return { id, kind: 'passphrase', ...parameters, ...wrapped(root, wrappingKey, id), created_at: now };
}

/** What the slot holds, or `undefined` when the secret does not fit. Shamir slots: `secret` is what the shares gave back. */
export async function openSlot(slot: KeySlot, secret: Buffer | string): Promise<OpenedSlot | undefined> {
  let wrappingKey: Buffer;
  if (slot.kind === 'passphrase') wrappingKey = await stretchPassphrase(secret.toString(), slot);
  else if (slot.kind === 'shamir') wrappingKey = Buffer.from(secret);
  else wrappingKey = stretchKey(Buffer.from(secret), slot.kind, slot.id);
  return unwrapSlot(slot, wrappingKey);
}

/** Takes the wrapping key over: it is overwritten unless it is part of the answer. */
export function unwrapSlot(slot: KeySlot, wrappingKey: Buffer): OpenedSlot | undefined {
  try {
    const sealed = Buffer.from(slot.wrapped, 'base64');
    return { rootKey: decrypt({ id: slot.id, bytes: wrappingKey }, slotAddress(slot.id), sealed), wrappingKey };
  } catch {
    wrappingKey.fill(0);
    return undefined;
  }
}

/** The slot with its wrapping key in it, for one of the first format that was just opened. */
export function withEscrow(slot: KeySlot, wrappingKey: Buffer, root: CipherKey): KeySlot {
  return { ...slot, escrow: encrypt(root, escrowAddress(slot.id), wrappingKey).toString('base64') };
}

/**
 * The same way in to another root key.
 * @throws CONFLICT for a slot of the first format that has not been used since
 */
export function rewrapSlot(slot: KeySlot, from: CipherKey, to: CipherKey): KeySlot {
  if (slot.escrow === undefined) {
    throw new ZvaultError('CONFLICT', `the ${slot.kind} slot ${slot.id} was made by an older version`, {
      hint: 'unseal once with it, or remove it, and rotate again',
    });
  }
  const wrappingKey = decrypt(from, escrowAddress(slot.id), Buffer.from(slot.escrow, 'base64'));
  const made = { ...slot, ...wrapped(to, wrappingKey, slot.id) };
  wrappingKey.fill(0);
  return made;
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

function stretchKey(key: Buffer, kind: 'key' | 'recovery', slotId: string): Buffer {
  return Buffer.from(hkdfSync('sha256', key, Buffer.alloc(0), `zvault ${kind} slot ${slotId}`, 32));
}

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

// A staged backup takes the vault's place: proven whole first, then in one transaction everything that was there goes and everything of the
// backup comes. A crash leaves one or the other.

import { ZvaultError } from '../../domain/errors.ts';
import { clearKeyIn, isEscrow } from '../audit/escrow.ts';
import { headKey } from '../audit/recovery.ts';
import { chainKeyPrefix } from '../audit/verify.ts';
import { type CipherKey, decrypt, encrypt } from '../crypto/cipher.ts';
import { Keyring } from '../keyring.ts';
import type { Store, Transaction } from '../store/store.ts';
import { changed } from './format.ts';
import { readEntries } from './read.ts';
import { type StagedBackup, restorePrefix, stagedBytes } from './staging.ts';

/** Entries deleted at once: they come with their values, which may have a megabyte each. */
const pageSize = 32;
/** Of writes that a transaction keeps in memory. */
const mostHeldBytes = 4_194_304;

/**
 * Reads the whole backup and proves it.
 * @throws BAD_REQUEST when it was changed, or the root key is not its own
 */
export async function proveStaged(store: Store, staged: StagedBackup, root: CipherKey): Promise<void> {
  let count = 0;
  for await (const { value } of readEntries(stagedBytes(store, staged), root.bytes)) {
    value.fill(0);
    count += 1;
  }
  if (count !== staged.entries) throw changed();
}

/**
 * Puts the backup in the place of everything. `present` is the keyring of the vault that goes, if it is open: the keys of its audit chains
 * come along, so that what the files say of it stays verifiable; so do those that wait in clear for a vault to be made.
 */
export async function replaceVault(
  transaction: Transaction,
  staged: StagedBackup,
  root: CipherKey,
  present: Keyring | undefined,
): Promise<void> {
  const chains = await chainsOf(transaction, present);
  await deleteAll(transaction);
  let held = 0;
  for await (const { key, value } of readEntries(stagedBytes(transaction, staged), root.bytes)) {
    if (key.startsWith(restorePrefix)) throw changed();
    await transaction.put(key, value);
    held += value.length;
    if (held < mostHeldBytes) continue;
    await transaction.flush();
    held = 0;
  }
  const keyring = new Keyring({ ...root, bytes: Buffer.from(root.bytes) });
  try {
    // Whatever else is missing, without this nothing would open.
    await keyring.root(transaction);
    await keepChains(transaction, keyring, chains);
  } finally {
    keyring.zero();
  }
  await deleteAll(transaction, restorePrefix);
}

interface Chain {
  readonly address: string;
  readonly key: Buffer;
  readonly headAddress: string;
  readonly head: Buffer | undefined;
}

async function chainsOf(transaction: Transaction, keyring: Keyring | undefined): Promise<Chain[]> {
  const chains: Chain[] = [];
  for (const { key: address, value } of await transaction.scan({ prefix: chainKeyPrefix })) {
    const headAddress = headKey(address.slice(chainKeyPrefix.length));
    const key = clearKeyIn(value) ?? (await unwrapped(transaction, keyring, address, value));
    if (!key) continue;
    chains.push({ address, key, headAddress, head: (await transaction.get(headAddress))?.value });
  }
  return chains;
}

/** `undefined` when the vault is sealed, or the server that stored it was: that one stores it again when it is opened. */
async function unwrapped(
  transaction: Transaction,
  keyring: Keyring | undefined,
  address: string,
  value: Buffer,
): Promise<Buffer | undefined> {
  if (!keyring || isEscrow(value)) return undefined;
  return decrypt(await keyring.keyOf(transaction, 'system', value), address, value);
}

async function keepChains(transaction: Transaction, keyring: Keyring, chains: readonly Chain[]): Promise<void> {
  const system = await keyring.current(transaction, 'system');
  for (const { address, key, headAddress, head } of chains) {
    await transaction.put(address, encrypt(system, address, key));
    key.fill(0);
    if (head) await transaction.put(headAddress, head);
  }
}

/** Everything below the prefix; without one, everything but what is staged. */
async function deleteAll(transaction: Transaction, prefix = ''): Promise<void> {
  let after: string | undefined;
  for (;;) {
    const page = await transaction.scan({ prefix, limit: pageSize, ...(after === undefined ? {} : { after }) });
    for (const { key } of page) if (prefix !== '' || !key.startsWith(restorePrefix)) await transaction.delete(key);
    await transaction.flush();
    after = page.at(-1)?.key;
    if (page.length < pageSize) return;
  }
}

/** @throws CONFLICT when another one was staged, or it was cancelled, since it was opened */
export function requireSame(staged: StagedBackup, now: StagedBackup | undefined): void {
  if (now?.id !== staged.id) throw new ZvaultError('CONFLICT', 'the staged backup has been replaced or cancelled');
}

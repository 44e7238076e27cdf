// Whether the vault is open. Holds the key slots, takes shares until there are enough, and owns the keyring while unsealed.

import { randomBytes, timingSafeEqual } from 'node:crypto';
import { ZvaultError } from '../domain/errors.ts';
import type { InitReply, SealStatus } from '../wire/shapes.ts';
import { combineShares, splitSecret } from './crypto/shamir.ts';
import {
  type KeySlot,
  type ShamirSlot,
  createKeySlot,
  createPassphraseSlot,
  createShamirSlot,
  openSlot,
  parseUnsealKey,
} from './crypto/slots.ts';
import { Keyring } from './keyring.ts';
import type { Store, Transaction } from './store/store.ts';

/** What rests at `sys/seal`, in clear: the slots say nothing without their secrets. */
interface SealConfig {
  readonly format: 1;
  readonly slots: readonly KeySlot[];
}

export interface InitOptions {
  readonly shares: number;
  readonly threshold: number;
  readonly keyFile?: boolean;
  readonly passphrase?: string;
}

/** A way in that needs no person. */
export interface AutoUnseal {
  /** 32 bytes, base64url (the content of a key file). */
  readonly key?: string;
  readonly passphrase?: string;
}

/** Another process that takes the shares for this one, and hands it the root key. */
export interface SealHolder {
  giveShare(text: string): Promise<void>;
  giveShares(texts: readonly string[]): Promise<void>;
  resetShares(): Promise<void>;
  /** Shares given so far. */
  progress(): Promise<number>;
}

const configKey = 'sys/seal';
const shareBytes = 33;

export class Seal {
  readonly #store: Store;
  readonly #now: () => number;
  readonly #holder: SealHolder | undefined;
  #keyring: Keyring | undefined;
  #pending: Buffer[] = [];

  constructor(store: Store, now: () => number, holder?: SealHolder) {
    this.#store = store;
    this.#now = now;
    this.#holder = holder;
  }

  get sealed(): boolean {
    return this.#keyring === undefined;
  }

  /** @throws SEALED */
  get keyring(): Keyring {
    if (!this.#keyring)
      throw new ZvaultError('SEALED', 'the vault is sealed', { hint: 'unseal it with "zvault unseal"' });
    return this.#keyring;
  }

  async status(): Promise<SealStatus> {
    const config = await this.#config();
    if (!config) return { initialized: false, sealed: true, threshold: 0, shares: 0, progress: 0 };
    const slot = shamirSlot(config);
    return {
      initialized: true,
      sealed: this.sealed,
      threshold: slot?.threshold ?? 0,
      shares: slot?.shares ?? 0,
      progress: this.#holder ? await this.#holder.progress() : this.#pending.length,
    };
  }

  /**
   * Creates the root key and its slots. `prepare` runs in the same transaction with the new keyring, and its result is
   * returned beside the shares. The vault stays sealed.
   * @throws BAD_REQUEST for a bad configuration, CONFLICT when there is a root key already
   */
  async init<T>(
    options: InitOptions,
    prepare: (transaction: Transaction, keyring: Keyring) => Promise<T>,
  ): Promise<Omit<InitReply, 'root_token'> & { prepared: T }> {
    checkShares(options.shares, options.threshold);
    // Before the passphrase is stretched: whoever may ask must not be able to keep the server busy with it.
    if (await this.#config()) throw initializedAlready();
    if (options.passphrase !== undefined && Buffer.byteLength(options.passphrase) < 8) {
      throw new ZvaultError('BAD_REQUEST', 'a passphrase must have at least 8 bytes');
    }
    const rootKey = randomBytes(32);
    const shareKey = randomBytes(32);
    const fileKey = options.keyFile ? randomBytes(32) : undefined;
    const now = this.#now();
    const parts = splitSecret(shareKey, options.shares, options.threshold);
    const slots: KeySlot[] = [createShamirSlot(rootKey, shareKey, options.shares, options.threshold, now)];
    if (fileKey) slots.push(createKeySlot(rootKey, fileKey, now));
    if (options.passphrase !== undefined) slots.push(await createPassphraseSlot(rootKey, options.passphrase, now));
    const prepared = await this.#create(rootKey, slots, prepare);
    rootKey.fill(0);
    shareKey.fill(0);
    return {
      unseal_shares: parts.map((part) => part.toString('base64')),
      ...(fileKey ? { key_file: fileKey.toString('base64url') } : {}),
      prepared,
    };
  }

  /** A root key that is never written: a vault that ends with the process. Leaves it unsealed. */
  async initEphemeral<T>(prepare: (transaction: Transaction, keyring: Keyring) => Promise<T>): Promise<T> {
    const rootKey = randomBytes(32);
    const prepared = await this.#create(rootKey, [], prepare);
    this.#keyring = new Keyring(rootKey);
    return prepared;
  }

  /**
   * Takes one share and unseals when there are enough. A repeated share is ignored, a malformed one changes nothing, and a
   * recovery that fails clears those given.
   */
  async giveShare(text: string): Promise<void> {
    const slot = await this.#shamirSlotToOpen();
    const share = parseShare(text);
    if (this.#holder) return this.#holder.giveShare(text);
    if (this.#pending.some((known) => known.length === share.length && timingSafeEqual(known, share))) return;
    this.#pending.push(share);
    if (this.#pending.length < slot.threshold) return;
    const shares = this.#pending;
    this.#pending = [];
    await this.#openWithShares(slot, shares);
  }

  /** All shares at once; those given one by one are left alone, so that nobody can block an unsealing. */
  async giveShares(texts: readonly string[]): Promise<void> {
    const slot = await this.#shamirSlotToOpen();
    const unique = new Map(texts.map((text) => [text.trim(), parseShare(text)]));
    if (unique.size < slot.threshold)
      throw new ZvaultError('BAD_REQUEST', `${unique.size} shares were given, ${slot.threshold} are needed`);
    if (this.#holder) return this.#holder.giveShares(texts);
    await this.#openWithShares(slot, [...unique.values()]);
  }

  async resetShares(): Promise<void> {
    this.#forgetShares();
    await this.#holder?.resetShares();
  }

  /** Opens with a root key that another process holds. The Buffer becomes the vault's, and is overwritten with it. */
  adopt(rootKey: Buffer): void {
    if (this.sealed) this.#open(rootKey);
    else rootKey.fill(0);
  }

  /** A copy, for the processes that this one opens; `undefined` while sealed. To be overwritten after use. */
  copyRootKey(): Buffer | undefined {
    return this.#keyring?.copyRootKey();
  }

  /** Opens with a key or a passphrase. @throws BAD_REQUEST when no slot fits */
  async unsealAutomatically({ key, passphrase }: AutoUnseal): Promise<void> {
    const config = await this.#config();
    if (!config)
      throw new ZvaultError('NOT_INITIALIZED', 'the vault is not initialized', { hint: 'run "zvault init"' });
    const secret = key === undefined ? passphrase : parseUnsealKey(key);
    const kind = key === undefined ? 'passphrase' : 'key';
    for (const slot of config.slots) {
      if (slot.kind !== kind || secret === undefined) continue;
      const rootKey = await openSlot(slot, secret);
      if (rootKey) return this.#open(rootKey);
    }
    throw new ZvaultError('BAD_REQUEST', `the unseal ${kind} does not open this vault`, {
      hint: 'check that it belongs to this database',
    });
  }

  /** Changes when the key slots do; 0 without any. */
  async revision(): Promise<number> {
    return (await this.#store.revisions([configKey]))[0] ?? 0;
  }

  /** False when another server has replaced the root key: the one in memory opens nothing that is written from then on. */
  async isCurrent(): Promise<boolean> {
    return (await this.#keyring?.opens(this.#store)) ?? true;
  }

  /** Overwrites all keys. */
  seal(): void {
    this.#keyring?.zero();
    this.#keyring = undefined;
    this.#forgetShares();
  }

  async #create<T>(
    rootKey: Buffer,
    slots: KeySlot[],
    prepare: (transaction: Transaction, keyring: Keyring) => Promise<T>,
  ): Promise<T> {
    const keyring = new Keyring(Buffer.from(rootKey));
    try {
      return await this.#store.transaction(async (transaction) => {
        if (await transaction.get(configKey)) throw initializedAlready();
        await transaction.put(configKey, JSON.stringify({ format: 1, slots } satisfies SealConfig));
        await keyring.create(transaction, 'system');
        return prepare(transaction, keyring);
      });
    } finally {
      keyring.zero();
    }
  }

  async #shamirSlotToOpen(): Promise<ShamirSlot> {
    const config = await this.#config();
    if (!config) throw new ZvaultError('BAD_REQUEST', 'the vault is not initialized');
    if (!this.sealed) throw new ZvaultError('CONFLICT', 'the vault is unsealed already');
    const slot = shamirSlot(config);
    if (!slot) throw new ZvaultError('BAD_REQUEST', 'this vault has no key shares');
    return slot;
  }

  async #openWithShares(slot: ShamirSlot, shares: readonly Buffer[]): Promise<void> {
    let shareKey: Buffer;
    try {
      shareKey = combineShares(shares);
    } finally {
      for (const share of shares) share.fill(0);
    }
    const rootKey = await openSlot(slot, shareKey);
    shareKey.fill(0);
    if (!rootKey)
      throw new ZvaultError('BAD_REQUEST', 'the shares do not open the vault; all that were given are forgotten', {
        hint: 'start again with shares of this vault',
      });
    this.#open(rootKey);
  }

  #open(rootKey: Buffer): void {
    if (!this.sealed) throw new ZvaultError('CONFLICT', 'the vault is unsealed already');
    this.#keyring = new Keyring(rootKey);
    this.#forgetShares();
  }

  #forgetShares(): void {
    for (const share of this.#pending) share.fill(0);
    this.#pending = [];
  }

  async #config(): Promise<SealConfig | undefined> {
    const entry = await this.#store.get(configKey);
    return entry && (JSON.parse(entry.value.toString()) as SealConfig);
  }
}

function initializedAlready(): ZvaultError {
  return new ZvaultError('CONFLICT', 'the vault is initialized already');
}

function shamirSlot(config: SealConfig): ShamirSlot | undefined {
  return config.slots.find((slot) => slot.kind === 'shamir');
}

/** Contract 1.2: 1 ≤ shares ≤ 10, 2 ≤ threshold ≤ shares. */
function checkShares(shares: number, threshold: number): void {
  if (shares < 1 || shares > 10 || threshold < 2 || threshold > shares) {
    throw new ZvaultError('BAD_REQUEST', 'shares must be 1 to 10, and threshold 2 to shares');
  }
}

function parseShare(text: string): Buffer {
  const share = /^[A-Za-z0-9+/]{44}$/.test(text.trim()) ? Buffer.from(text.trim(), 'base64') : Buffer.alloc(0);
  if (share.length !== shareBytes || share[0] === 0)
    throw new ZvaultError('BAD_REQUEST', 'a share is 44 characters of base64');
  return share;
}
